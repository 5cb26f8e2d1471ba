"""With few open files or little memory, the start is refused in a sentence, and a run fails with the cause."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from support.waiting import wait_until

from aero_jupyter.service import daemon, process_limits
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import Task, TaskFailed

SAYS_ONE = "def says_one():\n    return 1\n"


def limited(kind: int, soft: int, hard: int) -> Callable[[], None]:
    """Return a function that sets a limit in a child process."""
    return lambda: resource.setrlimit(kind, (soft, hard))


def start(home: Path, limit: Callable[[], None]) -> subprocess.CompletedProcess[str]:
    """Start the local AERO of a folder from a session with a limit."""
    command = [sys.executable, "-m", "aero_jupyter", "local", "start"]
    environ = {**os.environ, "AERO_HOME": str(home)}
    return subprocess.run(
        command, env=environ, preexec_fn=limit, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    daemon.stop(tmp_path / "home")


@pytest.mark.parametrize(
    ("kind", "amount", "message"),
    [
        (resource.RLIMIT_NOFILE, 64, r"needs 256 open files, and this session allows 64.*ulimit -Hn"),
        (resource.RLIMIT_AS, 700 << 20, r"needs 1024 MB of address space, and this session allows 700 MB.*ulimit -v"),
    ],
)
def test_a_start_with_too_little_is_refused_in_a_sentence_with_the_cure(
    home: Path, kind: int, amount: int, message: str
) -> None:
    done = start(home, limited(kind, amount, amount))
    assert done.returncode == 1
    assert re.search(message, done.stderr.replace("\n", " "))
    assert "Traceback" not in done.stderr
    assert not home.exists()


def test_a_low_soft_limit_of_open_files_is_raised_to_the_hard_one(home: Path) -> None:
    done = start(home, limited(resource.RLIMIT_NOFILE, 64, 1024))
    assert done.returncode == 0, done.stderr
    state = daemon.find_running(home)
    assert state is not None
    if sys.platform == "linux":
        assert resource.prlimit(state.pid, resource.RLIMIT_NOFILE) == (1024, 1024)


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(1)
    yield made
    made.close()


def task(folder: Path) -> Task:
    return Task("key", "says_one", folder / "log", folder, SAYS_ONE, "says_one")


def test_a_run_for_which_no_worker_can_be_started_fails_with_the_cause(pool: Pool, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as file:
        lowest_free = file.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        with pytest.raises(TaskFailed, match=r"No worker process could be started\. .*run out of open files"):
            pool.run(task(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert pool.run(task(tmp_path)) == 1


def _is_worker(process: psutil.Process) -> bool:
    return process.status() != psutil.STATUS_ZOMBIE and "workers.main" in " ".join(process.cmdline())


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux limits another process.")
def test_a_run_whose_worker_cannot_open_a_file_fails_with_the_cause(pool: Pool, tmp_path: Path) -> None:
    assert pool.run(task(tmp_path)) == 1
    worker = next(each for each in psutil.Process().children() if _is_worker(each))
    wait_until(worker.children)
    soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (3, hard))
    # The process of this task was forked before.
    assert pool.run(task(tmp_path)) == 1
    with pytest.raises(TaskFailed, match=r"No process could be started for the function: Too many open files"):
        pool.run(task(tmp_path))
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert pool.run(task(tmp_path)) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux lists the children of a process.")
def test_a_task_runs_if_the_process_that_waits_for_it_is_killed(pool: Pool, tmp_path: Path) -> None:
    assert pool.run(task(tmp_path)) == 1
    worker = next(each for each in psutil.Process().children() if _is_worker(each))
    wait_until(worker.children)
    (waiting,) = worker.children()
    waiting.kill()
    wait_until(lambda: waiting.status() == psutil.STATUS_ZOMBIE)
    assert pool.run(task(tmp_path)) == 1
    assert worker.is_running()


def test_a_worker_is_heard_by_a_service_with_many_open_files(pool: Pool, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 1200 + len(os.listdir("/dev/fd"))
    if 0 <= hard < limit:
        pytest.skip("The hard limit of open files is too low here.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(1030)]
    try:
        assert pool.run(task(tmp_path)) == 1
    finally:
        for descriptor in kept:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_shortage_is_named_and_other_errors_are_not() -> None:
    assert process_limits.shortage(OSError(24, "Too many open files")) == (
        "The local AERO has run out of open files (Too many open files)."
    )
    assert process_limits.shortage(OSError(2, "No such file or directory")) is None
