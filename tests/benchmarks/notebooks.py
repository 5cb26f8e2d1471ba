"""Ten notebooks on one local AERO while runs come ten times as often as 5,000 an hour."""

from __future__ import annotations

import itertools
import os
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests

from benchmarks.figures import Figure
from benchmarks.place import Feeder, follower, own_session

#: Seconds to measure (AERO_CROWD_SECONDS chooses another number), notebooks, flows that one new version starts.
_SECONDS, _NOTEBOOKS, _FLOWS = 120, 10, 10
#: Runs a second: a day of 5,000 runs an hour passes in 2.4 hours.
_RATE = 10 * 5_000 / 3_600
#: The requests of a notebook with open panels, one after the other, and the pause between two of them.
_REQUESTS = ("status", "runs/?limit=15", "data/?limit=15", "data/search?query=follow", "notices/", "flow/?limit=15")
_PAUSE = 0.35


def measure() -> Iterator[Figure]:
    """Measure the requests of the notebooks, and what the service keeps."""
    seconds = float(os.environ.get("AERO_CROWD_SECONDS", _SECONDS))
    with own_session() as session:
        feeder, ended = Feeder(session, "crowded"), threading.Event()
        for number in range(_FLOWS):
            follower(session, f"follow_{number}", "crowded")
        feeder.feed_and_wait(_FLOWS)
        service, home = psutil.Process(session.state.pid), Path(session.home)
        notebooks = [_Notebook(session.state.url, session.state.token, ended) for _ in range(_NOTEBOOKS)]
        before, memory, log = feeder.records(), [], []
        for notebook in notebooks:
            notebook.start()
        for number in itertools.count(1):
            feeder.feed()
            memory.append(service.memory_info().rss / 1e6)
            log.append((home / "aero.db-wal").stat().st_size / 1e6)
            if number * _FLOWS / _RATE > seconds:
                break
            time.sleep(_FLOWS / _RATE)
        ended.set()
        for notebook in notebooks:
            notebook.join()
        runs = feeder.records() - before
        feeder.close()
    times = [each for notebook in notebooks for each in notebook.times]
    message = f"{len(times):,} requests beside {runs:,} commits"
    p99 = statistics.quantiles(times, n=100)[98] * 1e3
    yield Figure("ten notebooks, 50,000 runs an hour: requests, 99th percentile", p99, "ms", message, 100.0)
    answered = 100 - 100 * sum(notebook.failed for notebook in notebooks) / len(times)
    yield Figure("the same: requests that were answered", answered, "%", message, 100.0, at_least=True)
    half = len(memory) // 2
    growth = statistics.median(memory[half:]) - statistics.median(memory[half // 2 : half])
    yield Figure("the same: memory of the service, second half less first", growth, "MB", f"{memory[-1]:.0f}", 10.0)
    yield Figure("the same: write-ahead log, at most", max(log), "MB", "", 64.0)


class _Notebook(threading.Thread):
    """The requests of one notebook with open panels."""

    def __init__(self, url: str, token: str, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self._url, self._ended = url, ended
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"
        self.times: list[float] = []
        self.failed = 0

    def run(self) -> None:
        """Ask until the measurement has ended."""
        for path in itertools.cycle(_REQUESTS):
            if self._ended.wait(_PAUSE):
                return
            began = time.perf_counter()
            self.failed += not self._http.get(self._url + path, timeout=60).ok
            self.times.append(time.perf_counter() - began)
