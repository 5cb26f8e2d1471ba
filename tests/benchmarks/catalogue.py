"""Lists: all of a capped server beside a loop, and a local catalogue of 100,000 data and 1,000,000 versions."""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

import aero_jupyter
from aero_jupyter.client import AeroClient
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.search_fts5 import EVERYTHING_TOKEN
from aero_jupyter.core.wire import PAGE_SIZE
from aero_jupyter.session.session import Session
from benchmarks.capped import ROWS
from benchmarks.figures import Figure
from benchmarks.place import own_session

_DATA, _VERSIONS_EACH, _FLOWS, _FEW = 100_000, 10, 10_000, 100
_WORDS = ("sewage", "influent", "rainfall", "hospital", "mobility", "river", "clinic", "school")
_NOW = "2026-11-24T00:00:00.000000Z"


def measure() -> Iterator[Figure]:
    """Measure both."""
    yield from _all_of_a_capped_server()
    with own_session() as session:
        assert session.state is not None
        database, collection = Path(os.environ["AERO_HOME"]) / "aero.db", session.state.collection
        _fill(database, collection, range(_FEW), _FEW)
        few = _opened()
        _fill(database, collection, range(_FEW, _DATA), _FLOWS - _FEW)
        yield from _large_catalogue(session)
        for name, seconds in _opened().items():
            parts = f"{few[name] * 1e3:.0f} ms, {seconds * 1e3:.0f} ms"
            yield Figure(f"the tab {name} opened, with 10,000 flows beside 100", seconds / few[name], "×", parts, 1.5)


@contextmanager
def _capped() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.capped"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/"
        finally:
            server.terminate()


def _all_of_a_capped_server(rounds: int = 3) -> Iterator[Figure]:
    with _capped() as url:
        loop = [_took(lambda: _loop(url)) for _ in range(rounds)]
        ours = [_took(lambda: _all(url)) for _ in range(rounds)]
        busy = _took(lambda: _all(f"{url}busy/"))
        response = requests.get(f"{url}told", timeout=10).json()
    ratio = statistics.median(loop) / statistics.median(ours)
    parts = f"loop {statistics.median(loop):.2f} s, all() {statistics.median(ours):.2f} s"
    yield Figure(f"{ROWS:,} records of a capped server", ratio, "×", parts, 6.0, at_least=True)
    yield Figure("requests at once", response["at once"], "", "", 8)
    message = "1 + requests in pauses that 429 and 503 asked for"
    yield Figure(message, 1 + response["in pauses"], "", f"all() {busy:.2f} s", 1)


def _loop(url: str) -> None:
    pages = AeroClient(url).list("data")
    number = 1
    while pages.page(number):
        number += 1


def _all(url: str) -> None:
    assert len(AeroClient(url).list("data").all()) == ROWS


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _opened() -> dict[str, float]:
    """Return the seconds that the tabs of the workbench take to show the catalogue."""
    opened = {}
    for tab in ("browse", "register", "runs"):
        opened[tab] = statistics.median(_took(lambda tab=tab: _show(tab)) for _ in range(9))
    return opened


def _show(tab: str) -> None:
    panel = aero_jupyter.panel(tab)
    assert "<" in panel._repr_html_()
    panel.close()


def _fill(database: Path, collection: str, numbers: range, flows: int) -> None:
    """Write datasets and flows where the service keeps them, as registering would, only quicker."""
    connection = sqlite3.connect(database, timeout=60)
    data = []
    for number in numbers:
        about = f"{_WORDS[number % 8]} {_WORDS[number // 8 % 8]} station {number}"
        row = (number + 1, str(uuid.uuid4()), f"d{number}", f"https://example.org/{number}.csv", about, collection)
        data.append((*row, _VERSIONS_EACH, _NOW))
    with connection:
        connection.executemany(
            "INSERT INTO data (seq, id, name, url, description, collection_uuid, newest, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            data,
        )
        connection.executemany(
            "INSERT INTO data_fts (rowid, name, description, url, tags, everything) VALUES (?, ?, ?, ?, '', ?)",
            ((row[0], row[2], row[4], row[3], EVERYTHING_TOKEN) for row in data),
        )
        connection.executemany(
            "INSERT INTO version (id, data_id, version, checksum, created_at, file_name, file_type, size, encoding)"
            " VALUES (?, ?, ?, ?, ?, ?, '.csv', 1000, 'utf-8')",
            (
                (f"{row[1][:-2]}{version:02d}", row[1], version, "c" * 64, _NOW, f"{row[1]}-{version}.csv")
                for row in data
                for version in range(1, _VERSIONS_EACH + 1)
            ),
        )
        made = [(str(uuid.uuid4()), *row[1:3]) for row in data[:flows]]
        connection.executemany(
            "INSERT INTO flow (id, function_id, endpoint, policy, timer, next_due, flow_kwargs, arg_hash, created_at)"
            f" VALUES (?, 'f', 'e', {int(PolicyEnum.TIMER)}, 86400, '2099-01-01T00:00:00.000000Z', '{{}}', ?, ?)",
            ((id, id, _NOW) for id, _, _ in made),
        )
        connection.executemany(
            "INSERT INTO flow_output (flow_id, name, data_id) VALUES (?, ?, ?)",
            ((id, name, data_id) for id, data_id, name in made),
        )
    connection.close()


def _large_catalogue(session: Session) -> Iterator[Figure]:
    client = session.client
    last = _DATA // PAGE_SIZE - 600
    first = _samples(lambda: client.list("data").page(1))
    deep = _samples(lambda: client.list("data").page(last))
    yield _at_95("first page of 100,000 data", first, 50.0)
    yield _at_95(f"page {last:,} of it", deep, 50.0)
    yield Figure(f"page {last:,} beside page 1", statistics.median(deep) / statistics.median(first), "×", "", 1.5)
    for query in ("station 4711", "name:d4711", "rainfall AND clinic", "sewage"):
        yield _at_95(f"search {query!r}", _samples(lambda query=query: client.search(query).page(1)), 50.0)


def _samples(work: Callable[[], object], count: int = 60) -> list[float]:
    work()
    return [_took(work) * 1e3 for _ in range(count)]


def _at_95(what: str, samples: list[float], target: float) -> Figure:
    parts = f"median {statistics.median(samples):.1f} ms"
    return Figure(f"{what}, 95th percentile", statistics.quantiles(samples, n=20)[-1], "ms", parts, target)
