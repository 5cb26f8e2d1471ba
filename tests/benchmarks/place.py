"""The local AERO of the benchmarks, with a dataset to publish and flows that follow it."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import requests

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session.session import Session
from aero_jupyter.testing import local_aero

#: Copies its input; what it costs is what a run costs.
NO_OP = """
def {name}(given):
    with open("{name}.txt", "w") as file, open(given) as read:
        file.write(read.read())
    return "{name}.txt"
"""
_MAKER = "def {name}():\n    return None\n"


@contextmanager
def own_session() -> Iterator[Session]:
    """Work with a local AERO in a folder of its own, whatever the environment says."""
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


def follower(session: Session, name: str, data: str, cell: str = NO_OP) -> Flow:
    """Register a flow that runs on every new version of a Data."""
    function = portable(cell.format(name=name))
    return session.register(function, inputs={"given": data}, outputs=[name], policy=PolicyEnum.ANY)


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

    def feed_and_wait(self, flows: int) -> None:
        """Commit a new version, and wait until `flows` runs have committed theirs."""
        wanted, deadline = self.records() + 1 + flows, time.monotonic() + 120
        self.feed()
        while self.records() < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError("The runs did not end within 120 s.")
            time.sleep(0.05)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def _record(flow_id: str, outputs: dict[str, object]) -> dict[str, object]:
    return {"flow_id": flow_id, "input_data": {}, "output_data": outputs}


def tree(pid: int) -> list[psutil.Process]:
    """Return the service's process and all its descendants."""
    service = psutil.Process(pid)
    return [service, *service.children(recursive=True)]


def cpu(processes: list[psutil.Process]) -> float:
    """Return the CPU seconds of the processes, including ended children."""
    seconds = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])
    return seconds
