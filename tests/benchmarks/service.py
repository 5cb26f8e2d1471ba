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
import requests

from aero_jupyter.service import daemon
from aero_jupyter.service.daemon import State
from aero_jupyter.testing import local_aero
from tests.benchmarks.figures import Figure, of_samples

_FIRST_USE = """
import time
start = time.perf_counter()
import aero_jupyter
aero_jupyter.local()
print(time.perf_counter() - start)
"""
_MEGABYTE = 1_000_000


def measure(starts: int = 7, quiet: float = 20.0) -> Iterator[Figure]:
    """Measure starts, each in a folder of its own, then one service at rest."""
    seconds = [_first_use() for _ in range(starts)]
    yield of_samples("first use to ready", seconds, "s", 3.0)
    with local_aero() as state:
        _wait_for_engine(state)
        # The engine's start, and what it does once after it, is not idling.
        time.sleep(5.0)
        yield from _at_rest(state, quiet)


def _first_use() -> float:
    with tempfile.TemporaryDirectory(prefix="aero-bench-") as home:
        environ = {**os.environ, "AERO_HOME": home, "AERO_CONFIG_FILE": os.path.join(home, "none.toml")}
        command = [sys.executable, "-c", _FIRST_USE]
        try:
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        finally:
            daemon.stop(Path(home))
        return float(done.stdout)


def _wait_for_engine(state: State) -> None:
    while not ask(state, "GET", "status").json()["engine_ready"]:
        time.sleep(0.1)


def ask(state: State, method: str, path: str, **options: object) -> requests.Response:
    """Ask the service."""
    headers = {"Authorization": f"Bearer {state.token}"}
    answer = requests.request(method, state.url + path, headers=headers, timeout=60, **options)
    answer.raise_for_status()
    return answer


def _at_rest(state: State, quiet: float) -> Iterator[Figure]:
    before, began = _cpu(state.pid), time.monotonic()
    time.sleep(quiet)
    used, passed = _cpu(state.pid) - before, time.monotonic() - began
    tree = _tree(state.pid)
    yield Figure("idle, of one core", used / passed * 100, "%", f"over {passed:.0f} s, {len(tree)} processes", 1.0)
    kind, bytes_each = _memory(tree)
    parts = " + ".join(f"{size / _MEGABYTE:.0f}" for size in bytes_each)
    yield Figure(f"idle, memory ({kind})", sum(bytes_each) / _MEGABYTE, "MB", parts, 250.0)
    if kind != "RSS":
        resident = [process.memory_info().rss / _MEGABYTE for process in tree]
        yield Figure("idle, memory (RSS)", sum(resident), "MB", " + ".join(f"{size:.0f}" for size in resident), 250.0)


def _tree(pid: int) -> list[psutil.Process]:
    service = psutil.Process(pid)
    return [service, *service.children(recursive=True)]


def _cpu(pid: int) -> float:
    times = [process.cpu_times() for process in _tree(pid)]
    return sum(each.user + each.system for each in times)


def _memory(tree: list[psutil.Process]) -> tuple[str, list[int]]:
    # PSS counts a page that n processes share as 1/n; only Linux tells it.
    for kind in ("pss", "uss", "rss"):
        try:
            return kind.upper(), [getattr(process.memory_full_info(), kind) for process in tree]
        except (AttributeError, psutil.AccessDenied):
            continue
    return "RSS", [process.memory_info().rss for process in tree]
