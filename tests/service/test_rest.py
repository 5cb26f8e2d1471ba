"""The service's economy: long polling, and the end of idle workers."""

import concurrent.futures
import socket
import time

import psutil
import pytest

from aero_jupyter.service.server import listen
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import Task

MEET = """
def meet(mine, other):
    import os, time
    open(mine, "w").close()
    while not os.path.exists(other):
        time.sleep(0.01)
    return os.getppid()
"""


@pytest.fixture
def pool():
    made = Pool(2, patience=0.1)
    yield made
    made.close()


def task(folder, *args):
    return Task(args[0], "meet", folder / "log", folder, MEET, "meet", args)


def meeting(pool, folder, name):
    """Two tasks that end only when both have begun; the processes they ran in."""
    places = [str(folder / f"{name}{number}") for number in range(2)]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        requested = [threads.submit(pool.run, task(folder, *order)) for order in (places, places[::-1])]
        return {future.result() for future in requested}


def test_an_answer_does_not_wait_for_the_acknowledgement_of_the_one_before():
    with listen() as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_workers_to_spare_are_ended_and_the_one_that_stays_is_warm(pool, tmp_path):
    pids = meeting(pool, tmp_path, "a")
    assert len(pids) == 2
    deadline = time.monotonic() + 180
    while len(left := {pid for pid in pids if psutil.pid_exists(pid)}) == 2:
        assert time.monotonic() < deadline
    mine = str(tmp_path / "alone")
    assert {pool.run(task(tmp_path, mine, mine))} == left


def test_after_workers_were_ended_as_many_as_before_work_together(pool, tmp_path):
    pids = meeting(pool, tmp_path, "a")
    deadline = time.monotonic() + 180
    while len({pid for pid in pids if psutil.pid_exists(pid)}) == 2:
        assert time.monotonic() < deadline
    assert len(meeting(pool, tmp_path, "b")) == 2


def test_a_closed_pool_leaves_no_process(tmp_path):
    pool = Pool(2)
    pids = meeting(pool, tmp_path, "a")
    pool.close()
    assert not {pid for pid in pids if psutil.pid_exists(pid)}
