"""Questions across versions: an archive of 85 weekly tables and large differences, in CPU time; a replay."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from support.local_server import LocalAeroServer

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.session import archive_cache
from aero_jupyter.vintages import Archive, diff
from benchmarks.figures import Figure, of_samples
from benchmarks.place import own_session

_VERSIONS, _WEEKS, _PLACES = 85, 220, 50
_DIFF_ROWS, _ROUNDS = 1_000_000, 5
_NO_OP = "def count(given):\n    return 1\n"


def measure() -> Iterator[Figure]:
    """Measure on generated tables, whose last weeks are revised with each version."""
    tables = _tables()
    keys = ["location", "target_end_date"]

    def build() -> Archive:
        return Archive.from_snapshots(tables, keys=keys, time="target_end_date")

    archive = build()
    samples = [_seconds(build) for _ in range(3)]
    yield of_samples(f"archive of {_VERSIONS} versions of {_WEEKS * _PLACES:,} rows", samples, "s", 1.0)
    reads = [_seconds(lambda label=label: archive.as_of(label)) for label in tables]
    yield of_samples("the same: a version as of a date", reads, "ms", 10.0, scale=1e3)
    summaries = [_seconds(lambda: archive.revisions("observation")) for _ in range(_ROUNDS)]
    yield of_samples("the same: summary of revisions", summaries, "s", 0.5)
    (label, newest), before = list(tables.items())[-1], archive.until(list(tables)[-2])
    extensions = [_seconds(lambda: before.extended(label, newest)) for _ in range(_ROUNDS)]
    yield of_samples("the same: one more version", extensions, "s", 0.2)
    with TemporaryDirectory() as folder:
        ids, file = [str(number) for number in before.numbers], Path(folder) / "archive"
        archive_cache.store_archive(file, ids, before)

        def extend_cached() -> None:
            archive_cache._archives.clear()
            archive_cache.cached_archive(file, ids).extended(label, newest)

        extensions = [_seconds(extend_cached) for _ in range(_ROUNDS)]
    yield of_samples("the same: one more version, from the cache on disk", extensions, "s", 0.2)
    left, right = _large_tables()
    samples = [_seconds(lambda: diff(left, right, ["place", "day"])) for _ in range(_ROUNDS)]
    yield Figure(f"differences of {_DIFF_ROWS:,} rows", statistics.median(samples), "s", "", 0.5)
    yield _replay()


def _replay() -> Figure:
    """Measure calls of a no-op function, from the request to the table of all results."""
    with own_session() as session:
        server = LocalAeroServer(session.state)
        data = server.add_data("given")
        for number in range(_VERSIONS):
            server.add_version(data, f"n\n{number}\n".encode())
        function = portable(_NO_OP)
        aero_jupyter.replay(function, "given", [1], fresh=True)
        began = time.monotonic()
        found = aero_jupyter.replay(function, "given", fresh=True)
        passed = time.monotonic() - began
    assert len(found.results) == _VERSIONS
    what = f"replay of {_VERSIONS} versions, no-op"
    return Figure(what, _VERSIONS / passed, "versions/s", f"in {passed:.1f} s", 10.0, at_least=True)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _tables() -> dict[str, pd.DataFrame]:
    """Return the last 220 weeks as they were known in each of 85 weeks."""
    random = np.random.default_rng(1)
    places = np.array([f"{place:02d}" for place in range(_PLACES)])
    weeks = pd.date_range("2020-01-04", periods=_WEEKS + _VERSIONS, freq="7D")
    counts = random.poisson(200, (len(weeks), _PLACES)).astype(float)
    tables = {}
    for version in range(_VERSIONS):
        end = version + _WEEKS
        counts[end - 8 : end] += random.poisson(3, (8, _PLACES)) * (random.random((8, _PLACES)) < 0.3)
        known = counts[version:end].ravel()
        ends = np.repeat(weeks[version:end].strftime("%Y-%m-%d"), _PLACES)
        columns = {"location": np.tile(places, _WEEKS), "target_end_date": ends, "observation": known}
        day = weeks[end - 1] + pd.Timedelta(days=4)
        tables[str(day.date())] = pd.DataFrame({**columns, "weekly_rate": known / 7})
    return tables


def _large_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table, and the same with one value in a hundred changed and a day more."""
    random = np.random.default_rng(2)
    places = [f"{place:05d}" for place in range(4000)]
    days = pd.date_range("2025-01-01", periods=_DIFF_ROWS // len(places))
    left = pd.DataFrame({"place": np.repeat(places, len(days)), "day": np.tile(days, len(places))})
    left["cases"] = random.poisson(20, len(left))
    right = left.copy()
    right.loc[random.random(len(left)) < 0.01, "cases"] += 1
    new = pd.DataFrame({"place": places, "day": days[-1] + pd.Timedelta(days=1), "cases": 3})
    return left, pd.concat([right, new], ignore_index=True)
