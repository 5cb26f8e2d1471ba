"""A year of daily versions: the space that they take, and how fast each is read."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from support.bare_store import Home

from benchmarks.figures import Figure

ROWS, DAYS, _CHANGED = 11_000, 365, 0.01
_HEAD = "date,fips,state,cases,rate,share,hospitalized\n"


def _row(source: random.Random, number: int) -> list[str]:
    return [
        f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        f"{source.randrange(1_000, 57_000):05d}",
        source.choice(["NY", "CA", "TX", "FL", "WA"]),
        str(source.randrange(100_000)),
        f"{source.random() * 1_000:.3f}",
        f"{source.random():.4f}",
        str(source.randrange(300)),
    ]


def _versions() -> Iterator[bytes]:
    """Yield the table of each day: 1 % of the rows are revised in two columns, and three rows are appended."""
    source = random.Random(20261129)
    rows = [_row(source, number) for number in range(ROWS)]
    for _ in range(DAYS):
        yield (_HEAD + "".join(",".join(row) + "\n" for row in rows)).encode()
        for number in source.sample(range(len(rows)), int(len(rows) * _CHANGED)):
            rows[number][3:5] = [str(source.randrange(100_000)), f"{source.random() * 1_000:.3f}"]
        rows += [_row(source, len(rows) + number) for number in range(3)]


def _speed(home: Home, checksum: str) -> float:
    """Return how fast a version is read, in MB/s: the best of three times, as other processes disturb each one."""
    best, size = float("inf"), 0
    for _ in range(3):
        began = time.perf_counter()
        size = len(home.read(checksum))
        best = min(best, time.perf_counter() - began)
    return size / best / 1e6


def measure() -> Iterator[Figure]:
    """Commit the versions, compact them, and read each one."""
    with TemporaryDirectory(prefix="aero-bench-") as folder:
        home = Home(Path(folder))
        data, newest, plain, sums = home.dataset("cases"), 0, 0, []
        for body in _versions():
            sums.append(home.commit(data, body))
            newest = len(body)
            plain += newest
        began = time.monotonic()
        home.compact()
        took = time.monotonic() - began
        stored = sum(path.stat().st_size for path in (Path(folder) / "content").glob("*/*"))
        speeds = sorted(_speed(home, checksum) for checksum in sums)
        home.store.close()
    about = f"{stored / 1e6:.1f} MB for {plain / 1e6:.0f} MB, compacted in {took:.0f} s"
    yield Figure(
        f"{DAYS} daily versions with 1 % changed rows, in times of the newest", stored / newest, "×", about, 5.0
    )
    spread = f"median {speeds[len(speeds) // 2]:.0f} MB/s"
    yield Figure("the slowest version of these, read whole", speeds[0], "MB/s", spread, 200.0, at_least=True)
