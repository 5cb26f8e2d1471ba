"""The real globus-compute-endpoint, started on loopback as its core endpoint would start it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aero_jupyter.testing.compute import ComputeService

COMMAND = Path(sys.executable).with_name("globus-compute-endpoint")
THREADS = "type: ThreadPoolEngine\n  max_workers: 2\n"
PARSL = (
    "type: GlobusComputeEngine\n  address: 127.0.0.1\n  max_workers_per_node: 1\n"
    "  provider:\n    type: LocalProvider\n    init_blocks: 1\n    min_blocks: 0\n    max_blocks: 1\n"
)


@dataclass
class RealEndpoint:
    id: str
    name: str
    process: subprocess.Popen
    output: Path

    def die(self) -> None:
        """End it and all it started without a word, as a crashed node does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def real_endpoint(
    service: ComputeService, folder: Path, name: str, engine: str = THREADS, environ: Mapping[str, str] | None = None
) -> Iterator[RealEndpoint]:
    """Run an endpoint for as long as the block lasts."""
    id = service.add_endpoint(name, platform.python_version())
    (folder / name).mkdir(parents=True)
    config = f"heartbeat_period: 5\nengine:\n  {engine}"
    told = {"ep_info": {"posix_ppid": os.getpid()}, "config": config, "amqp_creds": service.credentials(id)}
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AERO_", "GLOBUS_", "COV_"))}
    environ = {**kept, "HOME": str(folder), "GLOBUS_COMPUTE_USER_DIR": str(folder), "PATH": path, **(environ or {})}
    output = folder / f"{name}.txt"
    with output.open("w") as out:
        process = subprocess.Popen(
            [COMMAND, "_start-user-endpoint", name],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=True,
        )
    endpoint = RealEndpoint(id, name, process, output)
    try:
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        if not service.wait_until(lambda: service.is_online(id) or process.poll() is not None, 60):
            raise AssertionError("the endpoint did not come up: " + output.read_text())
        assert process.poll() is None, output.read_text()
        yield endpoint
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        endpoint.die()
