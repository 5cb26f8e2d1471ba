"""The cost of a run compared with Prefect on its own server, and with a bare Python process."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs
import requests

from benchmarks.figures import Figure
from benchmarks.place import Feeder, follower, own_session

_RUNS, _WARM = 20, 3
_PREFECT = "prefect==3.8.8"
_FLOW = """
import json, sys, time
from prefect import flow, task

@task
def pull():
    return "x"

@task
def call(given):
    with open("o.txt", "w") as file:
        file.write(given)
    return "o.txt"

@task
def commit(path):
    return path

@flow
def run():
    return commit(call(pull()))

took = []
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    run()
    took.append(time.perf_counter() - began)
print("TOOK" + json.dumps(took))
"""
_BARE = "open('o.txt', 'w').write('x')\n"


def measure() -> Iterator[Figure]:
    """Run a no-op of three steps on each; its cost is all there is."""
    ours, bare, prefect = _ours(), _bare(), _prefect()
    message = f"ours {ours * 1e3:.0f} ms, Prefect {prefect * 1e3:.0f} ms, bare {bare * 1e3:.0f} ms"
    yield Figure("a run of three steps: Prefect beside ours", prefect / ours, "×", message, 10.0, at_least=True)
    yield Figure("a run of three steps: ours beside `python function.py`", ours / bare, "×", "")


def _ours() -> float:
    with own_session() as session:
        feeder = Feeder(session, "alone")
        flow = follower(session, "follow_alone", "alone")
        for _ in range(_WARM + _RUNS):
            session.client.wait_for_version(flow.outputs[0].id, feeder.feed(), 60)
        feeder.close()
        runs = session.client.list("run", match=flow.id).all()[1 : _RUNS + 1]
        return statistics.median((run.ended_at - run.used[0].created_at).total_seconds() for run in runs)


def _bare() -> float:
    with TemporaryDirectory() as folder:
        (Path(folder) / "function.py").write_text(_BARE)
        took = []
        for _ in range(_RUNS):
            began = time.perf_counter()
            subprocess.run([sys.executable, "function.py"], cwd=folder, check=True)
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def _prefect() -> float:
    python = _environment()
    with TemporaryDirectory(prefix="aero-bench-") as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}/api"
        env = {
            "PATH": os.environ["PATH"], "HOME": folder, "PREFECT_HOME": folder, "PREFECT_API_URL": url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "ERROR", "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_UI_ENABLED": "false",
        }  # fmt: skip
        (Path(folder) / "flow.py").write_text(_FLOW)
        command = [str(python), "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _await(f"{url}/health")
            run = [str(python), "flow.py", str(_WARM + _RUNS)]
            ended = subprocess.run(run, cwd=folder, env=env, check=True, capture_output=True, text=True, timeout=300)
        finally:
            server.terminate()
            server.wait(30)
    took = json.loads(ended.stdout.rpartition("TOOK")[2])
    return statistics.median(took[_WARM:])


def _environment() -> Path:
    """Return the Python of a virtual environment with Prefect; it is created once."""
    place = Path(platformdirs.user_cache_dir("aero-bench")) / "prefect"
    python = place / "bin" / "python"
    if not (place / "bin" / "prefect").exists():
        venv.create(place, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, _PREFECT], check=True)
        # Prefect's server does not start with newer ones, although its metadata allows them.
        subprocess.run([*install, "--no-deps", "fastapi<0.121", "starlette<0.50"], check=True)
    return python


def _await(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError("Prefect's server did not start.")
