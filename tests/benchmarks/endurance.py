"""Memory, threads and open files of the service over many real runs."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence

import psutil

from benchmarks.figures import Figure
from benchmarks.place import Feeder, follower, own_session

#: Runs to execute (AERO_RUNS chooses another number), and flows that one new version starts.
_RUNS, _FLOWS = 20_000, 24
#: Shares of all runs: those that fill the caches first, and those over which a median is taken.
_WARM_SHARE, _WINDOW_SHARE = 0.1, 0.05
#: Growth of memory, in megabytes, that counts as flat; the page caches fill up to a limit.
_FLAT_MB = 10.0


def measure() -> Iterator[Figure]:
    """Execute no-op runs; compare the service after a tenth of them with the service after all."""
    rounds = max(20, int(os.environ.get("AERO_RUNS", _RUNS)) // _FLOWS)
    samples, began = [], time.monotonic()
    with own_session() as session:
        feeder = Feeder(session, "endless")
        for number in range(_FLOWS):
            follower(session, f"follow_{number}", "endless")
        service = psutil.Process(session.state.pid)
        for _ in range(rounds):
            feeder.feed_and_wait(_FLOWS)
            samples.append((service.memory_info().rss / 1e6, service.num_threads(), service.num_fds()))
        feeder.close()
    passed, (memory, threads, files) = time.monotonic() - began, zip(*samples, strict=True)
    message = f"{rounds * _FLOWS:,} runs in {passed:.0f} s"
    yield _growth("memory of the service over many runs: growth", memory, "MB", message, _FLAT_MB)
    yield _growth("threads of the service over many runs: growth", threads, "", message, 3)
    yield _growth("open files of the service over many runs: growth", files, "", message, 10)


def _growth(what: str, samples: Sequence[float], unit: str, said: str, target: float) -> Figure:
    warm, window = int(len(samples) * _WARM_SHARE), max(1, int(len(samples) * _WINDOW_SHARE))
    first, last = (statistics.median(part) for part in (samples[warm : warm + window], samples[-window:]))
    return Figure(what, last - first, unit, f"{first:.0f}, {last:.0f}; {said}", target)
