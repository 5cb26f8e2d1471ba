"""Kill a busy local AERO repeatedly and check the integrity of its store after each kill.

`python tests/support/crash_harness.py --kills 2000` prints the figures and exits with 1 if the check found violations.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from globus_compute_sdk.serialize import ComputeSerializer
from globus_sdk import AccessTokenAuthorizer

from aero_jupyter.client import AeroClient
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import daemon, local_home
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.session.registration import FlowRegistry

_COPYING_FUNCTION = """
def {name}({parameters}):
    with open("o.csv", "w") as made:
        made.write("\\n".join(open(each).read() for each in ({parameters},)))
    return "o.csv"
"""
_WAITING_FUNCTION = "def rest():\n    import time\n    open('left.bin', 'w').write('x')\n    time.sleep(30)\n"
#: The process to kill at a random moment; or the moment: between bytes and metadata, after a commit, when a timer
#: fires, during a single task.
_KILL_MODES = ("service", "worker", "both", "bytes", "commit", "timer", "task")


#: Seconds without any progress after which runs count as stuck, and seconds they may take altogether.
_STUCK_SECONDS, _IDLE_SECONDS = 120.0, 600.0


@dataclass
class CrashFigures:
    """The counts of a crash test."""

    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_KILL_MODES, 0))
    violations: list[str] = field(default_factory=list)
    versions: int = 0
    runs: int = 0
    seconds: float = 0.0


class _ChangingSource(http.server.ThreadingHTTPServer):
    """A source with new content for each request until `is_constant` is set."""

    daemon_threads = True
    is_constant = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.count = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = self.server
        assert isinstance(site, _ChangingSource)
        site.count += not site.is_constant
        body = f"path,count\n{self.path},{site.count}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Registry(FlowRegistry):
    def __init__(self, state: local_home.State) -> None:
        authorizer = AccessTokenAuthorizer(state.token)
        self.endpoint = state.endpoint
        self.client = AeroClient(state.url, authorizer=authorizer)
        self.compute = Registrar(state.url + "compute", authorizer)


@contextlib.contextmanager
def _serve_changing_source() -> Iterator[_ChangingSource]:
    with _ChangingSource() as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


def _register_flows(state: local_home.State, site: _ChangingSource, sources: int = 3) -> None:
    """Register ingestions that run every second, an analysis of each, and one that merges all analyses."""
    registry, url = _Registry(state), f"http://127.0.0.1:{site.server_port}/"

    def function(name: str, parameters: str) -> object:
        return portable(_COPYING_FUNCTION.format(name=name, parameters=parameters))

    for number in range(sources):
        raw, clean = f"raw{number}", f"clean{number}"
        registry.register(
            function(f"pull{number}", "x"), outputs=[raw], source=f"{url}{number}.csv",
            policy=PolicyEnum.INGESTION, timer=1,
        )  # fmt: skip
        registry.register(function(f"tidy{number}", "x"), inputs={"x": raw}, outputs=[clean], policy=PolicyEnum.ANY)
    inputs = {f"x{number}": f"clean{number}" for number in range(sources)}
    registry.register(function("merge", ", ".join(inputs)), inputs=inputs, outputs=["merged"], policy=PolicyEnum.ANY)


def run_crash_test(home: Path, kills: int, seed: int, spoil: Callable[[Path], object] = lambda _: None) -> CrashFigures:
    """Kill a busy local AERO `kills` times; return the counts and the violations.

    `spoil` damages the store before the last check, to prove that the check finds the damage.
    """
    random_source, figures, begin = random.Random(seed), CrashFigures(), time.monotonic()
    with _serve_changing_source() as site:
        state = daemon.ensure(home)
        try:
            _register_flows(state, site)
            _wait_for_first_merge(home)
            for _ in range(kills):
                mode = random_source.choice(_KILL_MODES)
                _kill(home, state, mode, random_source)
                figures.kills[mode] += 1
                before = set(_task_folders(home)) if mode == "task" else set[Path]()
                state = daemon.ensure(home)
                figures.violations += violations(home)
                figures.violations += [f"{path.name} is left of a task." for path in before & set(_task_folders(home))]
            site.is_constant = True
            _wait_until_idle(home)
            spoil(home)
            figures.violations += violations(home, quiet=True)
        finally:
            daemon.stop(home)
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store:
        figures.versions, figures.runs = (
            store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("version", "run")
        )
    figures.seconds = time.monotonic() - begin
    return figures


def _kill(home: Path, state: local_home.State, mode: str, random_source: random.Random) -> None:
    triggers = {
        "bytes": lambda: len(list((home / "content").glob("*/*"))),
        "commit": lambda: _query_store(home, "SELECT count(*) FROM version"),
        "timer": lambda: _query_store(home, "SELECT group_concat(next_due) FROM flow"),
    }
    if mode == "task":
        _start_task(home, state)
    elif mode in triggers:
        _wait_for_change(triggers[mode])
    else:
        time.sleep(random_source.uniform(0.05, 1.2))
    service = psutil.Process(state.pid)
    workers = service.children(recursive=True)
    targets = {"worker": workers, "both": [service, *workers]}.get(mode, [service])
    for target in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target.pid, signal.SIGKILL)
    if service in targets:
        service.wait(180)


def _start_task(home: Path, state: local_home.State) -> None:
    """Start a task over the Compute API, and wait until it has written a file."""
    serializer, url = ComputeSerializer(), state.url + "compute/v3/"
    body = {"function_name": "rest", "function_code": _WAITING_FUNCTION, "serialized": False}
    headers = {"Authorization": f"Bearer {state.token}"}
    id = requests.post(url + "functions", json=body, headers=headers, timeout=120).json()["function_uuid"]
    arguments = serializer.pack_buffers([serializer.serialize(()), serializer.serialize({})])
    submission = {"tasks": {id: [arguments]}}
    requests.post(
        f"{url}endpoints/{state.endpoint}/submit", json=submission, headers=headers, timeout=120
    ).raise_for_status()
    _wait_for_change(lambda: [path.name for path in _task_folders(home)])


def _task_folders(home: Path) -> list[Path]:
    """Return the folders of tasks that have written their file."""
    return [path.parent for path in (home / "work").glob("*/left.bin")]


def _query_store(home: Path, sql: str) -> object:
    with contextlib.closing(sqlite3.connect(f"file:{home / 'aero.db'}?mode=ro", uri=True, timeout=120)) as store:
        return store.execute(sql).fetchone()[0]


def _wait_for_change(read_state: Callable[[], object]) -> None:
    """Wait until the state changes, at most five seconds."""
    before, deadline = read_state(), time.monotonic() + 5
    while time.monotonic() < deadline and read_state() == before:
        pass


def _wait_for_first_merge(home: Path) -> None:
    """Wait until every flow has run: an empty store cannot violate anything."""
    deadline = time.monotonic() + 300
    while not _query_store(home, "SELECT newest FROM data WHERE name = 'merged'"):
        if time.monotonic() > deadline:
            raise TimeoutError("The flows of the harness made no merged version within 300 s.")
        time.sleep(0.05)


def _wait_until_idle(home: Path) -> None:
    """Stop all timers, and wait for the end of all triggered runs."""
    daemon.stop(home)
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        # A run in progress sets the next time itself, by the interval.
        store.execute("UPDATE flow SET timer = 1000000000 WHERE timer IS NOT NULL")
        store.execute("UPDATE flow SET next_due = '9999-01-01T00:00:00.000000Z' WHERE next_due IS NOT NULL")
    client, begin = _Registry(daemon.ensure(home)).client, time.monotonic()
    progress, progressed_at = "", begin
    # A busy machine is slow, not stuck: wait while runs progress, at most ten minutes.
    while time.monotonic() < min(progressed_at + _STUCK_SECONDS, begin + _IDLE_SECONDS):
        open_runs = [run for run in client.list("run").page(1) if not run.is_final]
        if not open_runs and not violations(home, quiet=True):
            return
        now = " ".join(f"{run.id} {run.state}" for run in open_runs)
        progress, progressed_at = now, progressed_at if now == progress else time.monotonic()
        time.sleep(0.1)


def main() -> int:
    """Print the figures as one JSON object; return 1 if the check found violations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        figures = run_crash_test(Path(home), args.kills, args.seed)
    print(json.dumps({"seed": args.seed, **vars(figures)}))
    return int(bool(figures.violations))


if __name__ == "__main__":
    sys.exit(main())
