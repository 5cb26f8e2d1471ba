"""A service that lives is never forgotten, nothing else is believed or signalled, and every wait has an end."""

from __future__ import annotations

import contextlib
import fcntl
import http.server
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from support.http_serving import serve_in_thread

from aero_jupyter.cli import main
from aero_jupyter.core.errors import InvalidArgument, LocalServiceFailed, Unreachable
from aero_jupyter.service import daemon, home_lock, local_home
from aero_jupyter.service.http import h11_protocol
from aero_jupyter.service.maintenance import backup
from aero_jupyter.session.session import Session


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("AERO_HOME", str(folder))
    yield folder
    with contextlib.suppress(LocalServiceFailed):
        daemon.stop(folder)


@pytest.fixture
def impostor() -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers everything with what pleases, and records what it receives."""
    received: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            received.append(f"{self.path} {self.headers}".encode())
            body = json.dumps({"pid": os.getpid(), "proof": "0" * 64}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serve_in_thread(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/", received


def state_at(home: Path, url: str, pid: int) -> local_home.State:
    state = local_home.State(url, "t0ken-of-the-owner", pid, "0", "e", "c")
    state.write(local_home.state_file(home))
    return state


def test_another_process_on_the_old_port_is_not_believed(home: Path, impostor: tuple[str, list[bytes]]) -> None:
    url, received = impostor
    state_at(home, url, os.getpid())
    assert daemon.find_running(home) is None
    assert received == []
    # Even where something holds the lock, the answer without the right proof is no service, and no token is sent.
    with home_lock.exclusive(home_lock.service_lock(home), home_lock.SERVICE):
        assert daemon.find_running(home) is None
    assert len(received) == 1
    assert b"t0ken-of-the-owner" not in received[0]


def test_an_open_session_sends_nothing_to_the_port_of_a_service_that_was_killed(
    home: Path, impostor: tuple[str, list[bytes]]
) -> None:
    url, received = impostor
    session = Session.__new__(Session)
    session.profile, session.home, session.state = None, home, None
    state_at(home, url, os.getpid())
    with pytest.raises(Unreachable, match="No answer from"):
        session._refresh_connection()
    with pytest.raises(Unreachable):
        session.client.list("data").page(1)
    assert received == []


def test_only_the_service_is_signalled(home: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        state_at(home, "http://127.0.0.1:9/", bystander.pid)
        assert daemon.stop(home) is False
        state_at(home, "http://127.0.0.1:9/", bystander.pid)
        lock = home_lock.service_lock(home)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            held.write(json.dumps({"pid": bystander.pid, "purpose": "service"}))
            held.flush()
            with pytest.raises(LocalServiceFailed, match="is not a local AERO that this command knows"):
                daemon.stop(home)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root makes folders of other users.")
@pytest.mark.parametrize("command", ["start", "stop", "status", "logs", "check", "gc", "rebuild"])
def test_a_folder_of_another_user_is_not_read(home: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    state_at(home, "http://127.0.0.1:9/", os.getpid())
    os.chown(home, 65534, 65534)
    assert main.main(["local", command]) == 1
    assert "belongs to another user" in capsys.readouterr().err
    os.chown(home, 0, 0)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
def test_a_folder_that_others_can_write_is_not_read_and_the_cure_works(home: Path, mode: int) -> None:
    state_at(home, "http://127.0.0.1:9/", os.getpid())
    home.chmod(mode)
    with pytest.raises(LocalServiceFailed) as caught:
        local_home.read_state(home)
    subprocess.run(caught.value.cure.rpartition(": ")[2], shell=True, check=True)
    assert local_home.read_state(home) is not None


@pytest.mark.parametrize("how", ["mode", "link", "owner"])
def test_a_state_file_that_is_not_private_is_not_read(home: Path, how: str) -> None:
    state_at(home, "http://127.0.0.1:9/", os.getpid())
    path = local_home.state_file(home)
    if how == "mode":
        path.chmod(0o644)
    elif how == "link":
        path.rename(home / "elsewhere")
        path.symlink_to(home / "elsewhere")
    elif os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        pytest.skip("Only root makes files of other users.")
    assert local_home.read_state(home) is None


def test_a_service_that_does_not_answer_is_kept_found_and_stopped(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = daemon.ensure(home)
    os.kill(state.pid, signal.SIGSTOP)
    monkeypatch.setattr(daemon, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(daemon, "START_TIMEOUT", 0.5)
    with pytest.raises(LocalServiceFailed, match=rf"process {state.pid}.*does not answer"):
        daemon.ensure(home)
    assert local_home.read_state(home) == state
    assert main.main(["local", "status"]) == 1
    assert f"process {state.pid}" in capsys.readouterr().err
    os.kill(state.pid, signal.SIGCONT)
    monkeypatch.undo()
    monkeypatch.setenv("AERO_HOME", str(home))
    assert daemon.ensure(home) == state
    os.kill(state.pid, signal.SIGSTOP)
    local_home.state_file(home).unlink()
    assert main.main(["local", "stop"]) == 0
    assert not psutil.pid_exists(state.pid) or psutil.Process(state.pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
def test_two_services_never_serve_one_folder_though_the_lock_file_was_deleted(home: Path) -> None:
    state = daemon.ensure(home)
    home_lock.service_lock(home).unlink()
    done = subprocess.run(
        [sys.executable, "-m", "aero_jupyter.service", str(home)], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == daemon.REFUSED
    assert local_home.read_state(home) == state
    os.kill(state.pid, signal.SIGKILL)


def test_a_fork_meanwhile_does_not_hold_up_a_start(home: Path) -> None:
    """An inherited descriptor in a fork holds neither the lock nor the pipe of the start."""
    lock = home / "start.lock"
    reader, writer = os.pipe()
    with home_lock.exclusive(lock, "start"):
        child = os.fork()
        if child == 0:
            os.read(reader, 1)
            os._exit(0)
    try:
        assert home_lock.holder(lock) is None
        process = subprocess.Popen(["sh", "-c", f"printf '1\\0' >&{writer}; sleep 600"], pass_fds=[writer])
        held, other = os.pipe()
        os.write(other, daemon.READY + daemon.END)
        assert daemon._read_start_message(held, process) == daemon.READY
        process.kill()
        process.wait()
        for each in (held, other):
            os.close(each)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)


def test_a_start_that_hangs_ends_with_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "START_TIMEOUT", 0.3)
    message = rf"Another start of the local AERO, process {os.getpid()}"
    with home_lock.exclusive(home / "start.lock", "start"), pytest.raises(LocalServiceFailed, match=message):
        daemon.ensure(home)
    slow = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    reader, writer = os.pipe()
    assert daemon._read_start_message(reader, slow) is None
    slow.kill()
    slow.wait()
    os.close(reader)
    os.close(writer)


_NO_LOCKS = """import errno, fcntl
def flock(*_):
    raise OSError(errno.{name}, "No locks available")
fcntl.flock = flock
"""


@pytest.mark.parametrize("name", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_without_locks_is_said_with_a_cure(home: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(_NO_LOCKS.format(name=name))
    code = "import sys; from aero_jupyter.cli.main import main; sys.exit(main(['local', sys.argv[1]]))"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "AERO_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, "start"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "has no file locks" in done.stderr
    assert "Set AERO_HOME to a folder on a local disk." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_does_not_start_while_a_restore_is_under_way(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "START_TIMEOUT", 0.3)
    with home_lock.exclusive(home_lock.service_lock(home), "restore"):
        with pytest.raises(LocalServiceFailed, match=rf"A restore .*process {os.getpid()}.* is in progress"):
            daemon.ensure(home)
        with pytest.raises(LocalServiceFailed, match="A restore"):
            daemon.stop(home)
    assert not (home / "aero.db").exists()


@pytest.mark.slow
def test_silent_connections_are_closed_and_do_not_starve_the_owner(home: Path) -> None:
    state = daemon.ensure(home)
    port = int(state.url.rstrip("/").rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(200)]
        silent[-1].sendall(b"GET / HT")
        answer = requests.get(f"{state.url}status", headers={"Authorization": f"Bearer {state.token}"}, timeout=120)
        assert answer.status_code == 200
        begin = time.monotonic()
        for each in (silent[0], silent[-1]):
            each.settimeout(60)
            with contextlib.suppress(ConnectionResetError):
                assert each.recv(1) == b""
        assert time.monotonic() - begin < 2 * h11_protocol.SILENT_SECONDS + 20
        refused = requests.get(f"{state.url}status", timeout=120)
        assert (refused.status_code, refused.headers["Connection"]) == (401, "close")


def test_the_proof_is_the_token_s_and_is_private_to_its_port(home: Path) -> None:
    from aero_jupyter.core.token_proof import proof_of

    assert len({proof_of(*each) for each in (("a", "n", 1), ("a", "n", 2), ("a", "m", 1), ("b", "n", 1))}) == 4
    state = daemon.ensure(home)
    answer = requests.get(f"{state.url}challenge?nonce=abc", timeout=120)
    port = int(state.url.rstrip("/").rpartition(":")[2])
    assert answer.json() == {"proof": proof_of(state.token, "abc", port)}
    assert requests.get(f"{state.url}challenge?nonce={'x' * 65}", timeout=120).status_code == 422
    assert stat.S_IMODE(home_lock.service_lock(home).stat().st_mode) == 0o600
    with pytest.raises(InvalidArgument, match="The local AERO is running"):
        backup.restore(home, home.parent / "none.tar")
