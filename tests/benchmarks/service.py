"""The local AERO: how long its first use takes, and what it costs while nobody asks it for anything."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from aero_jupyter.service import daemon
from benchmarks.figures import Figure, of_samples
from benchmarks.place import Feeder, cpu, follower, own_session, tree

_FIRST_USE = """
import time
start = time.perf_counter()
import aero_jupyter
aero_jupyter.local()
print(time.perf_counter() - start)
"""
_PANDAS = """
import pandas as pd

def {name}(given):
    return pd.DataFrame({{"length": [len(open(given).read())]}})
"""
_CROWD = ("one", "other", "third")
_MEGABYTE = 1_000_000
_SETTLE = 5.0


def measure(starts: int = 7, quiet: float = 20.0) -> Iterator[Figure]:
    """Measure starts, each in a folder of its own, then one service at rest, fresh and after work with pandas."""
    yield of_samples("first use to ready", [_first_use() for _ in range(starts)], "s", 0.7)
    with own_session() as session:
        feeder = Feeder(session, "given")
        yield from _answers(feeder)
        yield of_samples("aero-jupyter list: first byte", [_first_byte() for _ in range(21)], "ms", 150.0, scale=1e3)
        yield from _at_rest(session.state.pid, quiet, "idle, fresh")
        for name in _CROWD:
            follower(session, name, "given", _PANDAS)
        feeder.feed_and_wait(len(_CROWD))
        yield from _at_rest(session.state.pid, quiet, "idle, pandas was used")
        feeder.close()


def _answers(feeder: Feeder) -> Iterator[Figure]:
    while not feeder.ask("GET", "status")["engine_ready"]:
        time.sleep(0.1)
    samples = []
    for _ in range(100):
        began = time.perf_counter()
        feeder.ask("GET", "data/")
        samples.append(time.perf_counter() - began)
    yield of_samples("one request, kept connection", samples, "ms", scale=1e3)


def _first_byte() -> float:
    command = [Path(sys.executable).with_name("aero-jupyter"), "list"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as listing:
        assert listing.stdout is not None
        if not listing.stdout.read(1):
            raise RuntimeError("aero-jupyter list printed nothing")
        seconds = time.perf_counter() - began
        listing.stdout.read()
    return seconds


def _first_use() -> float:
    with tempfile.TemporaryDirectory(prefix="aero-bench-") as home:
        environ = {**os.environ, "AERO_HOME": home, "AERO_CONFIG_FILE": os.path.join(home, "none.toml")}
        command = [sys.executable, "-c", _FIRST_USE]
        try:
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        finally:
            daemon.stop(Path(home))
        return float(done.stdout)


def _at_rest(pid: int, quiet: float, what: str) -> Iterator[Figure]:
    # What it does once after its start, or after a run, is not idling.
    time.sleep(_SETTLE)
    before, began = cpu(tree(pid)), time.monotonic()
    time.sleep(quiet)
    processes = tree(pid)
    used, passed = cpu(processes) - before, time.monotonic() - began
    yield Figure(f"{what}: of one core", used / passed * 100, "%", f"over {passed:.0f} s", 1.0)
    kind, proper = _memory(processes)
    resident = [process.memory_info().rss for process in processes]
    parts = " + ".join(f"{size / _MEGABYTE:.0f}" for size in proper)
    shown = f"{parts}; RSS {sum(resident) / _MEGABYTE:.0f}"
    yield Figure(f"{what}: memory ({kind})", sum(proper) / _MEGABYTE, "MB", shown, 250.0)


def _memory(tree: list[psutil.Process]) -> tuple[str, list[int]]:
    # PSS counts a page that n processes share as 1/n; only Linux tells it.
    for kind in ("pss", "uss", "rss"):
        try:
            return kind.upper(), [getattr(process.memory_full_info(), kind) for process in tree]
        except (AttributeError, psutil.AccessDenied):
            continue
    return "RSS", [process.memory_info().rss for process in tree]
