"""The reliability of the local AERO in one table: kills, faults, inputs, memory, throughput and latency."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from support import crash_harness
from support.fuzzing import fuzz_answers, fuzz_cells, fuzz_configurations, fuzz_searches

from aero_jupyter.testing import local_aero
from benchmarks import datapath, flat, others
from benchmarks.figures import Figure

#: How often things are killed, and how many inputs of each kind are tried; AERO_KILLS and AERO_INPUTS choose others.
_KILLS, _INPUTS = 200, 5_000
_FAULTS = (
    "jobs/test_jobs_source.py",
    "jobs/test_jobs_download.py",
    "jobs/test_jobs_inputs.py",
    "service/test_faults.py",
    "service/test_keeping.py",
    "service/test_limits.py",
)


def measure() -> Iterator[Figure]:
    """Measure all of it: some twenty minutes."""
    yield from _kills(int(os.environ.get("AERO_KILLS", _KILLS)))
    yield from _faults()
    yield from _inputs(int(os.environ.get("AERO_INPUTS", _INPUTS)))
    yield from datapath.measure()
    yield from flat.measure()
    yield from others.measure()


def _kills(count: int) -> Iterator[Figure]:
    with TemporaryDirectory(prefix="aero-bench-") as home:
        found = crash_harness.run_crash_test(Path(home), count, random.randrange(10**6))
    message = ", ".join(f"{way} {kills}" for way, kills in found.kills.items())
    yield Figure("kills", sum(found.kills.values()), "", f"{message}; {found.seconds:.0f} s")
    yield Figure("violations after them", len(found.violations), "", f"{found.versions} versions, {found.runs} runs")


def _faults() -> Iterator[Figure]:
    """Try every fault of sources and disks; each is a test of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_FAULTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    passed, failed = (
        int(found[1]) if (found := re.search(rf"(\d+) {word}", done.stdout)) else 0 for word in ("passed", "failed")
    )
    yield Figure("faults tried of sources and disks", passed + failed, "", f"{failed} not as promised")


def _inputs(count: int) -> Iterator[Figure]:
    with TemporaryDirectory(prefix="aero-bench-") as home, local_aero(Path(home)) as state:
        looked = fuzz_searches(state, count) + fuzz_answers(count) + fuzz_configurations(count) + fuzz_cells(count)
    yield Figure("inputs fuzzed without a 5xx, a traceback or a hang", looked, "")
