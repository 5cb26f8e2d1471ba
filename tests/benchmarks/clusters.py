"""No-op tasks on a cluster of this machine, by Parsl, beside the same tasks on the local endpoint and plain Parsl."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from support.parsl_cluster import CONFIG, add_local_cluster

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.session.flow_request import FlowOptions
from aero_jupyter.session.session import Session
from benchmarks.figures import Figure
from benchmarks.place import cpu, own_session, tree

_NO_OP = "def no_op(n):\n    return None\n"
_PLAIN = """
import time
import parsl
with parsl.load(config):
    app = parsl.python_app(lambda n: None)
    app(0).result()
    began = time.monotonic()
    for each in [app(n) for n in range({tasks})]:
        each.result()
    print(time.monotonic() - began)
"""


def measure(tasks: int = 1000) -> Iterator[Figure]:
    """Measure one run of `tasks` tasks, on each kind of endpoint."""
    plain = tasks / _seconds_of_plain_parsl(tasks)
    with own_session() as session:
        add_local_cluster(Path(os.environ["AERO_HOME"]))
        yield Figure("no-op tasks, plain Parsl", plain, "tasks/s", "no process of their own, no limits")
        rate, used = _rate(session, "cluster", tasks)
        yield Figure("no-op tasks, cluster", rate, "tasks/s", f"{tasks} tasks of one run", 50.0, at_least=True)
        yield Figure("no-op task on a cluster, processor time", used * 1e3, "ms", "service, Parsl and workers")
        rate, _ = _rate(session, "local", tasks)
        yield Figure("no-op tasks, local endpoint", rate, "tasks/s", "one after the other")


def _rate(session: Session, endpoint: str, tasks: int) -> tuple[float, float]:
    """Return the tasks per second and the processor time of each, once the endpoint is warm."""
    function, client = portable(_NO_OP), session.client
    warm = session.register(function, kwargs={"n": -1}, endpoint=endpoint)
    client.wait_for_run(client.run_flow(warm.id).id, 120)
    options = FlowOptions(kwargs_sets=tuple({"n": n} for n in range(tasks)))
    flow = session.register(function, endpoint=endpoint, options=options)
    processes = tree(session.state.pid) + _parsl_processes()
    before, began = cpu(processes), time.monotonic()
    run = client.wait_for_run(client.run_flow(flow.id).id, 600)
    passed = time.monotonic() - began
    if run.state != "done":
        raise RuntimeError(str(run.error))
    return tasks / passed, (cpu(processes) - before) / tasks


def _parsl_processes() -> list[psutil.Process]:
    """Return the processes of Parsl that are no descendants of the service any more."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.ppid() == 1 and process.cwd().startswith(os.environ["AERO_HOME"]):
                found += [process, *process.children(recursive=True)]
    return found


def _seconds_of_plain_parsl(tasks: int) -> float:
    text = CONFIG.format(workers=2, threshold=30)
    text = text.replace('label="node",', 'label="node", address="127.0.0.1",') + _PLAIN.format(tasks=tasks)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=folder, env={**os.environ, "PATH": path}, check=True, capture_output=True
        )
    return float(done.stdout)
