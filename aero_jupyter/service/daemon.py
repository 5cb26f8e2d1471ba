"""One local AERO for this user: found, started, stopped. Light enough for a kernel: it imports nothing of the server."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

import requests

from aero_jupyter.core.errors import LocalServiceFailed, MissingExtra

#: Seconds a start may take before it counts as failed.
START_TIMEOUT = 60.0
#: The exit code of a service that says why it does not start; and what one says that has started.
REFUSED, READY = 4, b"1"


@dataclass(frozen=True)
class State:
    """Where the service is and what opens it.

    Attributes
    ----------
    url : str
        Ends with a slash.
    token : str
        The bearer token; never shown.
    endpoint, collection : str
        Ids of the local endpoint and of the local collection.
    """

    url: str
    token: str = field(repr=False)
    pid: int
    version: str
    endpoint: str
    collection: str

    def write(self, path: Path) -> None:
        """Put it into a file only this user can read, at once or not at all."""
        part = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
        part.replace(path)


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the local AERO: ``AERO_HOME``, else this user's data folder."""
    if environ.get("AERO_HOME"):
        return Path(environ["AERO_HOME"]).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("aero_jupyter"))


def state_file(home: Path) -> Path:
    """Where a running service says where it is."""
    return home / "state.json"


def port_file(home: Path) -> Path:
    """Where the service writes down its port, to ask for the same the next time."""
    return home / "port"


def log_file(home: Path) -> Path:
    """Where the service writes what it has to say."""
    return home / "service.log"


def told(home: Path) -> State | None:
    """The state that the service has written down last, whether it answers or not."""
    try:
        return State(**json.loads(state_file(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def running(home: Path) -> State | None:
    """The state of the service if it answers; a stale state file counts as none."""
    state = told(home)
    if state is None:
        return None
    try:
        os.kill(state.pid, 0)
        with requests.Session() as session:
            # A proxy named in the environment must not see the token.
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {state.token}"
            answer = session.get(state.url + "status", timeout=5)
    except (OSError, ValueError, TypeError, requests.RequestException):
        return None
    return state if answer.ok and answer.json().get("pid") == state.pid else None


def ensure(home: Path) -> State:
    """Find the service or start it; any number of callers at once get the same one.

    Raises
    ------
    LocalServiceFailed
        If it does not start.
    MissingExtra
        If the packages it needs are not installed.
    """
    found = running(home)
    if found:
        return found
    if importlib.util.find_spec("dbos") is None or importlib.util.find_spec("fastapi") is None:
        raise MissingExtra("The local AERO needs packages that are missing.", "Run: pip install 'aero-jupyter[local]'")
    _make_private(home)
    with _lock(home / "start.lock"):
        return running(home) or _start(home)


def _make_private(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.chmod(0o700)
    except OSError as error:
        raise LocalServiceFailed(
            f"The folder of the local AERO cannot be used: {error}.", "Name another one in AERO_HOME."
        ) from error


def _private(path: Path) -> BinaryIO:
    """Open a file to be added to, that only this user can read, whatever the umask."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with _private(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(home: Path) -> State:
    state_file(home).unlink(missing_ok=True)
    reader, writer = os.pipe()
    try:
        with _private(log_file(home)) as log:
            command = [sys.executable, "-m", "aero_jupyter.service", str(home), str(writer)]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=[writer]
            )
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        # The service closes its end when it is ready, and the system does when it dies.
        said = ready.read()
    found = running(home) if said == READY else None
    # The service is detached on purpose: it outlives the Popen object, which must not warn about it.
    process.returncode = 0 if found else process.wait(START_TIMEOUT)
    if found is None:
        why = said.decode() if process.returncode == REFUSED else ""
        message = f"The local AERO did not start{f': {why}' if why else '.'}"
        raise LocalServiceFailed(message, f"Read why in {log_file(home)}.")
    return found


def stop(home: Path, timeout: float = 20.0) -> bool:
    """End the service; False when none was running."""
    state = running(home)
    if state is None:
        state_file(home).unlink(missing_ok=True)
        return False
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while state_file(home).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not state_file(home).exists()
