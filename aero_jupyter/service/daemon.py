"""Finding, starting and stopping the user's local AERO; imports nothing of the server, so a kernel can load it fast."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from aero_jupyter.core.errors import LocalServiceFailed, MissingExtra
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.service_settings import require_valid_settings
from aero_jupyter.core.token_proof import CHALLENGE_PATH, proof_of
from aero_jupyter.service import home_lock, process_limits
from aero_jupyter.service.local_home import (
    State,
    _make_private,
    _open_private_file,
    log_file,
    read_state,
    require_own,
    state_file,
)

#: Seconds a start may take before it counts as failed.
START_TIMEOUT = 60.0
#: Seconds within which a service must respond; seconds to wait for a stop before the process is killed.
ANSWER_SECONDS, STOP_SECONDS = 5.0, 20.0
#: The exit code of a service that refuses to start; the message of a started service; the end of either message.
REFUSED, READY, END = 4, b"1", b"\0"
_POLL_SECONDS = 0.05


def find_holder(home: Path) -> home_lock.Holder | None:
    """Return the process that holds the folder, whether it responds or not; None if no service runs.

    The holder of the lock has its port open, so a request to that port reaches no other process.
    """
    require_own(home)
    return home_lock.holder(home_lock.service_lock(home))


def find_running(home: Path) -> State | None:
    """Return the state of the service if it responds and proves that it knows the token; ignore a stale state file."""
    if find_holder(home) is None:
        return None
    state = read_state(home)
    return state if state is not None and _knows_token(state) else None


def _knows_token(state: State) -> bool:
    """Return whether the service at the URL knows the token; the token itself is not sent."""
    nonce = secrets.token_hex(16)
    try:
        address = urlsplit(state.url)
        # Neither a proxy nor credentials from the environment are used.
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", f"/{CHALLENGE_PATH}?nonce={nonce}")
            answer = parse_json(connection.getresponse().read(4096))
        proof = proof_of(state.token, nonce, address.port or 0)
        return secrets.compare_digest(str(answer["proof"]).encode(), proof.encode())
    except (OSError, ValueError, TypeError, KeyError, http.client.HTTPException):
        return False


def ensure(home: Path, while_starting: Callable[[], object] = lambda: None) -> State:
    """Find the service or start it, and call `while_starting` meanwhile; concurrent callers get the same service.

    Raises
    ------
    LocalServiceFailed
        If the service does not start or respond, its folder does not belong to this user, or the limits of this
        session are too low.
    MissingExtra
        If the packages that the service needs are not installed.
    InvalidArgument
        If a variable of the environment that it reads at its start is not valid.
    """
    found = find_running(home)
    if found:
        return found
    if importlib.util.find_spec("fastapi") is None:
        raise MissingExtra("The local AERO needs packages that are missing.", "Run: pip install 'aero-jupyter[local]'")
    require_valid_settings(os.environ)
    process_limits.require_enough()
    _make_private(home)
    try:
        with home_lock.exclusive(home / "start.lock", "start", START_TIMEOUT):
            return find_running(home) or _await_answer(home) or _start(home, while_starting)
    except home_lock.Held as held:
        raise LocalServiceFailed(
            f"Another start of the local AERO, {held}, has not ended within {START_TIMEOUT:.0f} s.",
            f"Read the reason in {log_file(home)}.",
        ) from None


def _await_answer(home: Path) -> State | None:
    """Wait for a live service to respond; return None once no service is alive."""
    deadline = time.monotonic() + START_TIMEOUT
    while (holder := find_holder(home)) is not None:
        if found := find_running(home):
            return found
        if time.monotonic() > deadline:
            raise not_responding_error(holder)
        time.sleep(_POLL_SECONDS)
    return None


def not_responding_error(holder: home_lock.Holder) -> LocalServiceFailed:
    """Return the error for a folder whose holder does not respond."""
    process = f"process {holder.pid}" if holder.pid else "a process"
    if holder.purpose != home_lock.SERVICE:
        return LocalServiceFailed(
            f"A {holder.purpose} of the local AERO ({process}) is in progress.",
            "Wait until it has ended, then try again.",
        )
    return LocalServiceFailed(
        f"The local AERO ({process}) is running but does not answer.", "Wait, or stop it with: aero-jupyter local stop"
    )


def _start(home: Path, while_starting: Callable[[], object]) -> State:
    state_file(home).unlink(missing_ok=True)
    reader, writer = os.pipe()
    try:
        with _open_private_file(log_file(home)) as log:
            command = [sys.executable, "-m", "aero_jupyter.service", str(home.resolve()), str(writer)]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=[writer]
            )
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as ready:
        while_starting()
        message = _read_start_message(ready.fileno(), process)
    if message == READY:
        # The service is detached on purpose: it outlives the Popen object, which must not warn about it.
        process.returncode = 0
        if found := _await_answer(home):
            return found
        raise LocalServiceFailed(
            "The local AERO stopped right after its start.", f"Read the reason in {log_file(home)}."
        )
    if message is None:
        process.kill()
    why = message.decode(errors="replace") if _wait_for_exit(process) == REFUSED and message else ""
    why = f"it was not ready within {START_TIMEOUT:.0f} s." if message is None else why
    raise LocalServiceFailed(
        f"The local AERO did not start{f': {why}' if why else '.'}", f"Read the reason in {log_file(home)}."
    )


def _read_start_message(reader: int, process: subprocess.Popen[bytes]) -> bytes | None:
    """Return what the service reports of its start; None if it reports nothing in time.

    The end of the pipe is not awaited, because a process that this one forks meanwhile also holds the other end.
    """
    received, deadline = b"", time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        # The process is polled before the pipe is read, so that its last message is read after its end.
        ended = process.poll() is not None
        if select.select([reader], [], [], 0 if ended else _POLL_SECONDS)[0]:
            chunk = os.read(reader, 4096)
            received += chunk
            if END in received:
                return received.partition(END)[0]
            ended = ended or not chunk
        if ended:
            return received
    return None


def _wait_for_exit(process: subprocess.Popen[bytes]) -> int:
    """Wait for a service that did not start; kill it if it does not end."""
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(STOP_SECONDS)


def stop(home: Path, timeout: float = STOP_SECONDS) -> bool:
    """Stop the service, even if it does not respond; return False if no service was running.

    Raises
    ------
    LocalServiceFailed
        If the holder of the folder cannot be recognised as a service.
    """
    holder = find_holder(home)
    if holder is None:
        state_file(home).unlink(missing_ok=True)
        return False
    if holder.purpose != home_lock.SERVICE:
        raise not_responding_error(holder)
    pid = _service_process(home, holder)
    # A suspended process receives the signal once it is resumed.
    for sent, patience in ((signal.SIGTERM, timeout), (signal.SIGKILL, STOP_SECONDS)):
        for each in (sent, signal.SIGCONT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, each)
        deadline = time.monotonic() + patience
        while find_holder(home) is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if find_holder(home) is None:
            state_file(home).unlink(missing_ok=True)
            return True
    return False


def _service_process(home: Path, holder: home_lock.Holder) -> int:
    """Return the process id of the service; only a process of this user that serves this folder counts."""
    state = read_state(home)
    pids = [pid for pid in (holder.pid, state.pid if state else None) if pid]
    for pid in pids:
        if _serves_folder(pid, home):
            return pid
    raise LocalServiceFailed(
        f"The process that uses {home} is not a local AERO that this command knows.",
        "Find it with: lsof " + str(home / "service.lock"),
    )


def _serves_folder(pid: int, home: Path) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        command = process.cmdline()
        at = command.index("aero_jupyter.service")
        return process.uids().effective == os.geteuid() and Path(command[at + 1]).resolve() == home.resolve()
    except (psutil.Error, ValueError, IndexError):
        return False


def require_alone(home: Path) -> None:
    """Raise if another service serves the folder although its lock is free, because the lock file was replaced."""
    state = read_state(home)
    if state is not None and state.pid != os.getpid() and _serves_folder(state.pid, home):
        raise home_lock.Held(home_lock.Holder(state.pid))
