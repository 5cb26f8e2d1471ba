"""A busy local AERO is killed again and again; what must hold is looked at each time.

`python tests/service/crash.py --kills 2000` prints the figures, and ends with 1 where anything was violated.
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
from aero_jupyter.compute.functions import portable
from aero_jupyter.compute.registrar import Registrar
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.registration import FlowRegistry
from aero_jupyter.service import daemon
from aero_jupyter.service.check import violations

_COPY = """
def {name}({parameters}):
    with open("o.csv", "w") as made:
        made.write("\\n".join(open(each).read() for each in ({parameters},)))
    return "o.csv"
"""
_REST = "def rest():\n    import time\n    open('left.bin', 'w').write('x')\n    time.sleep(30)\n"
#: What is killed, or when: at any moment; or between bytes and metadata, right after a commit, while a timer fires,
#: while a single task runs.
_WAYS = ("service", "worker", "both", "bytes", "commit", "timer", "task")


@dataclass
class Figures:
    """What happened."""

    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_WAYS, 0))
    violations: list[str] = field(default_factory=list)
    versions: int = 0
    runs: int = 0
    seconds: float = 0.0


class _Site(http.server.ThreadingHTTPServer):
    """A source that says something new each time, until it is told to keep still."""

    daemon_threads = True
    still = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.count = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = self.server
        assert isinstance(site, _Site)
        site.count += not site.still
        body = f"path,count\n{self.path},{site.count}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Connected(FlowRegistry):
    def __init__(self, state: daemon.State) -> None:
        authorizer = AccessTokenAuthorizer(state.token)
        self.endpoint = state.endpoint
        self.client = AeroClient(state.url, authorizer=authorizer)
        self.compute = Registrar(state.url + "compute", authorizer)


@contextlib.contextmanager
def _site() -> Iterator[_Site]:
    with _Site() as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


def _schedule(state: daemon.State, site: _Site, sources: int = 3) -> None:
    """Ingestions every second, an analysis after each, and one that follows all of these."""
    here, url = _Connected(state), f"http://127.0.0.1:{site.server_port}/"

    def function(name: str, parameters: str) -> object:
        return portable(_COPY.format(name=name, parameters=parameters))

    for number in range(sources):
        raw, clean = f"raw{number}", f"clean{number}"
        here.register(
            function(f"pull{number}", "x"), outputs=[raw], source=f"{url}{number}.csv",
            policy=PolicyEnum.INGESTION, timer=1,
        )  # fmt: skip
        here.register(function(f"tidy{number}", "x"), inputs={"x": raw}, outputs=[clean], policy=PolicyEnum.ANY)
    inputs = {f"x{number}": f"clean{number}" for number in range(sources)}
    here.register(function("merge", ", ".join(inputs)), inputs=inputs, outputs=["merged"], policy=PolicyEnum.ANY)


def crash(home: Path, kills: int, seed: int, spoil: Callable[[Path], object] = lambda _: None) -> Figures:
    """Kill a busy local AERO so many times; give what was found.

    `spoil` breaks something before the last look, to see that the look finds it.
    """
    chance, figures, begin = random.Random(seed), Figures(), time.monotonic()
    with _site() as site:
        state = daemon.ensure(home)
        try:
            _schedule(state, site)
            for _ in range(kills):
                way = chance.choice(_WAYS)
                _kill(home, state, way, chance)
                figures.kills[way] += 1
                before = set(_of_tasks(home)) if way == "task" else set[Path]()
                state = daemon.ensure(home)
                figures.violations += violations(home)
                figures.violations += [f"{path.name} stays of a task." for path in before & set(_of_tasks(home))]
            site.still = True
            _calm(home)
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


def _kill(home: Path, state: daemon.State, way: str, chance: random.Random) -> None:
    watched = {
        "bytes": lambda: len(list((home / "content").glob("*/*"))),
        "commit": lambda: _asked(home, "SELECT count(*) FROM version"),
        "timer": lambda: _asked(home, "SELECT group_concat(next_due) FROM flow"),
    }
    if way == "task":
        _start_task(home, state)
    elif way in watched:
        _until_changed(watched[way])
    else:
        time.sleep(chance.uniform(0.05, 1.2))
    service = psutil.Process(state.pid)
    workers = service.children(recursive=True)
    targets = {"worker": workers, "both": [service, *workers]}.get(way, [service])
    for target in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target.pid, signal.SIGKILL)
    if service in targets:
        service.wait(10)


def _start_task(home: Path, state: daemon.State) -> None:
    """Start a task over the Compute wire, and wait until it has made a file."""
    serializer, url = ComputeSerializer(), state.url + "compute/v3/"
    body = {"function_name": "rest", "function_code": _REST, "serialized": False}
    headers = {"Authorization": f"Bearer {state.token}"}
    id = requests.post(url + "functions", json=body, headers=headers, timeout=30).json()["function_uuid"]
    arguments = serializer.pack_buffers([serializer.serialize(()), serializer.serialize({})])
    asked = {"tasks": {id: [arguments]}}
    requests.post(f"{url}endpoints/{state.endpoint}/submit", json=asked, headers=headers, timeout=30).raise_for_status()
    _until_changed(lambda: [path.name for path in _of_tasks(home)])


def _of_tasks(home: Path) -> list[Path]:
    """The folders of tasks that have made their file."""
    return [path.parent for path in (home / "work").glob("*/left.bin")]


def _asked(home: Path, sql: str) -> object:
    with contextlib.closing(sqlite3.connect(f"file:{home / 'aero.db'}?mode=ro", uri=True, timeout=5)) as store:
        return store.execute(sql).fetchone()[0]


def _until_changed(look: Callable[[], object]) -> None:
    """Wait for the moment in which something changes."""
    before, deadline = look(), time.monotonic() + 5
    while time.monotonic() < deadline and look() == before:
        pass


def _calm(home: Path) -> None:
    """Let no timer fire any more, and wait until all that was triggered has run."""
    daemon.stop(home)
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("UPDATE flow SET next_due = '9999-01-01T00:00:00.000000Z' WHERE next_due IS NOT NULL")
    client, deadline = _Connected(daemon.ensure(home)).client, time.monotonic() + 60
    while time.monotonic() < deadline:
        if all(run.is_final for run in client.list("run").page(1)) and not violations(home, quiet=True):
            return
        time.sleep(0.1)


def main() -> int:
    """Print the figures as one JSON object; 1 where anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        figures = crash(Path(home), args.kills, args.seed)
    print(json.dumps({"seed": args.seed, **vars(figures)}))
    return int(bool(figures.violations))


if __name__ == "__main__":
    sys.exit(main())
