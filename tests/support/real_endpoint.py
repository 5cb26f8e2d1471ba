"""The real globus-compute-endpoint, started on loopback as its core endpoint would start it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.compute_service import ComputeService

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

    def kill(self) -> None:
        """Kill the endpoint and its child processes, as a crashed node ends."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def real_endpoint(
    service: ComputeService, folder: Path, name: str, engine: str = THREADS, environ: Mapping[str, str] | None = None
) -> Iterator[RealEndpoint]:
    """Run an endpoint until the block ends."""
    id = service.add_endpoint(name, platform.python_version())
    with _running(service, id, folder, name, f"heartbeat_period: 5\nengine:\n  {engine}", environ) as endpoint:
        yield endpoint


@dataclass
class TemplatedEndpoint:
    """An endpoint whose process starts with the options of the first submission; ``configs`` are its rendered ones."""

    id: str
    name: str
    configs: list[str] = field(default_factory=list)


@contextlib.contextmanager
def templated_endpoint(
    service: ComputeService, folder: Path, name: str, template: str, schema: dict[str, Any] | None
) -> Iterator[TemplatedEndpoint]:
    """Run an endpoint with a configuration template, rendered by the endpoint's own code, until the block ends."""
    endpoint = TemplatedEndpoint(service.add_endpoint(name, platform.python_version(), schema), name)
    with contextlib.ExitStack() as stack:

        def start(options: dict[str, Any]) -> None:
            if not endpoint.configs:
                endpoint.configs.append(rendered(template, schema, options))
                stack.enter_context(_running(service, endpoint.id, folder, name, endpoint.configs[0]))

        service.starters[endpoint.id] = start
        yield endpoint
        del service.starters[endpoint.id]


def rendered(template: str, schema: dict[str, Any] | None, options: dict[str, Any]) -> str:
    """Return a configuration as the endpoint renders it from its template; raise as the endpoint does."""
    from globus_compute_endpoint.endpoint.config import CoreEndpointConfig
    from globus_compute_endpoint.endpoint.config.utils import render_config_user_template
    from globus_compute_endpoint.endpoint.identity_mapper import MappedPosixIdentity

    user = MappedPosixIdentity(pwd.getpwuid(os.getuid()), "0", [])
    path = Path("user_config_template.yaml.j2").absolute()
    return str(render_config_user_template(CoreEndpointConfig(), template, path, user, schema, options))


@contextlib.contextmanager
def _running(
    service: ComputeService,
    id: str,
    folder: Path,
    name: str,
    config: str,
    environ: Mapping[str, str] | None = None,
) -> Iterator[RealEndpoint]:
    (folder / name).mkdir(parents=True)
    startup = {"ep_info": {"posix_ppid": os.getpid()}, "config": config, "amqp_creds": service.credentials(id)}
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
        process.stdin.write(json.dumps(startup).encode())
        process.stdin.close()
        if not service.wait_until(lambda: service.is_online(id) or process.poll() is not None, 60):
            raise AssertionError("the endpoint did not come up: " + output.read_text())
        assert process.poll() is None, output.read_text()
        yield endpoint
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        endpoint.kill()
