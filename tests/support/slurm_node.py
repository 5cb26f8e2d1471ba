"""A real Slurm of one node, started from the installed programs in a folder of its own, on loopback."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
_START_SECONDS = 60
_CONFIG = """ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
{plugins}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SelectType=select/linear
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""

_MUNGE_FILES = {
    "key-file": "munge.key",
    "socket": "munge.sock",
    "pid-file": "munged.pid",
    "log-file": "munged.log",
    "seed-file": "munge.seed",
}


def missing_program() -> str | None:
    """Return the first program of Slurm that is not installed, or None."""
    return next((name for name in PROGRAMS if shutil.which(name) is None), None)


@contextlib.contextmanager
def slurm_node(folder: Path) -> Iterator[dict[str, str]]:
    """Run a Slurm of one node until the block ends; yield the variables with which its commands find it."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    controller = Path(str(shutil.which("slurmctld"))).resolve()
    plugins = next(controller.parents[1].glob("lib/*/slurm-wlm"), None)
    config = folder / "slurm.conf"
    config.write_text(
        _CONFIG.format(
            folder=folder,
            host=socket.gethostname().partition(".")[0],
            user=subprocess.check_output(["id", "-un"], text=True).strip(),
            ports=_free_ports(),
            plugins=f"PluginDir={plugins}" if plugins else "",
            cpus=os.cpu_count(),
        )
    )
    variables = {"SLURM_CONF": str(config)}
    environment = {**os.environ, **variables}
    stepd = controller.with_name(controller.name.replace("slurmctld", "slurmstepd"))
    places = [f"--{name}={folder}/{file}" for name, file in _MUNGE_FILES.items()]
    commands = (
        ["munged", "--foreground", "--force", *places],
        ["slurmctld", "-D", "-f", str(config)],
        ["slurmd", "-D", "-f", str(config), *(["-d", str(stepd)] if stepd.exists() else [])],
    )
    running = []
    try:
        with (folder / "output.log").open("wb") as output:
            for command in commands:
                running.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
                if command[0] == "munged":
                    _wait_until((folder / "munge.sock").exists)
        _wait_until(lambda: "idle" in subprocess.run(["sinfo"], env=environment, capture_output=True, text=True).stdout)
        yield variables
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            process.wait(_START_SECONDS)


def _free_ports() -> list[int]:
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        return [listener.getsockname()[1] for listener in listeners]


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("Slurm did not start.")
        time.sleep(0.1)
