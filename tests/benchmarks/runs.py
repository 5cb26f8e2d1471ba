"""No-op analysis runs on a warm local AERO: one after the other, and as many as it can do."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

import aero_jupyter
from aero_jupyter.compute.functions import portable
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import Session
from aero_jupyter.testing import local_aero
from tests.benchmarks.figures import Figure, of_samples

_ANALYSIS = """
def {name}(given):
    with open("{name}.txt", "w") as file, open(given) as read:
        file.write(read.read())
    return "{name}.txt"
"""
_MAKER = "def {name}():\n    return None\n"
_WARM = 5


class Feeder:
    """A Data that gets a new version whenever it is told to."""

    def __init__(self, session: Session, name: str) -> None:
        self._state, self._numbers = session.state, itertools.count(1)
        flow = session.register(portable(_MAKER.format(name=f"make_{name}")), outputs=[name])
        self._flow_id, self._data_id, self._name = flow.id, flow.outputs[0].id, name
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {self._state.token}"

    def feed(self) -> int:
        """Commit a new version; give its number."""
        number, file = next(self._numbers), f"{uuid.uuid4().hex}.txt"
        kept = self.ask("PUT", f"collections/{self._state.collection}/{file}", data=f"{self._name} {number}".encode())
        entry = {"id": self._data_id, "file_bn": file, "file_format": ".txt", **kept}
        self.ask("POST", "prov/new", json=_record(self._flow_id, {self._name: entry}))
        return number

    def records(self) -> int:
        """How many commits there have been, by anybody."""
        return self.ask("GET", "status")["counts"]["provenance"]

    def ask(self, method: str, path: str, **options: object) -> dict[str, object]:
        """Ask the service."""
        answer = self._http.request(method, self._state.url + path, timeout=60, **options)
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def _record(flow_id: str, outputs: dict[str, object]) -> dict[str, object]:
    return {"flow_id": flow_id, "input_data": {}, "output_data": outputs}


def measure(single: int = 50, flows: int = 24, rounds: int = 6) -> Iterator[Figure]:
    """Measure `single` runs one after the other, then `rounds` times `flows` runs that one version sets off."""
    with _own_session() as session:
        yield _one_by_one(session, single)
        yield _together(session, flows, rounds)


@contextmanager
def _own_session() -> Iterator[Session]:
    kept = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("AERO_")}
    with TemporaryDirectory(prefix="aero-bench-") as home, local_aero(Path(home)):
        own = {"AERO_HOME": home, "AERO_CONFIG_FILE": os.path.join(home, "none.toml")}
        os.environ |= own
        try:
            yield aero_jupyter.local()
        finally:
            for key in own:
                del os.environ[key]
            os.environ |= kept


def _follower(session: Session, name: str, data: str) -> Flow:
    function = portable(_ANALYSIS.format(name=name))
    return session.register(function, inputs={"given": data}, outputs=[name], policy=PolicyEnum.ANY)


def _one_by_one(session: Session, count: int) -> Figure:
    feeder = Feeder(session, "alone")
    flow = _follower(session, "follow_alone", "alone")
    for _ in range(_WARM + count):
        session.client.wait_for_version(flow.outputs[0].id, feeder.feed(), 60)
    feeder.close()
    # Newest first; the very newest may have committed and not yet ended.
    runs = session.client.list("run", match=flow.id).all()[1 : count + 1]
    return of_samples("no-op run, trigger to committed", [_seconds(run) for run in runs], "ms", 150, scale=1e3)


def _seconds(run: Run) -> float:
    """From the moment the input's version was made to the moment the run had ended, by the service's clock."""
    return (run.ended_at - run.used[0].created_at).total_seconds()


def _together(session: Session, flows: int, rounds: int) -> Figure:
    feeder = Feeder(session, "crowd")
    for number in range(flows):
        _follower(session, f"follow_{number}", "crowd")
    _round(feeder, flows)
    began = time.monotonic()
    for _ in range(rounds):
        _round(feeder, flows)
    passed, done = time.monotonic() - began, flows * rounds
    feeder.close()
    what = f"{done} runs in {passed:.1f} s, {flows} at once"
    return Figure("no-op runs, sustained", done / passed, "runs/s", what, 10.0, at_least=True)


def _round(feeder: Feeder, flows: int) -> None:
    wanted, deadline = feeder.records() + 1 + flows, time.monotonic() + 120
    feeder.feed()
    while feeder.records() < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError("The runs did not end within 120 s.")
        time.sleep(0.05)
