"""What a function can do to its worker, it cannot do to the service: each ends as a failed run with its cause."""

import os
import time

import psutil
import pytest

import aero_jupyter
from aero_jupyter.compute.functions import portable
from aero_jupyter.testing import local_aero


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A local AERO with narrow limits: 3 s and 600 MB a task."""
    home = tmp_path_factory.mktemp("narrow")
    before = dict(os.environ)
    os.environ |= {"AERO_HOME": str(home), "AERO_LOCAL_TIMEOUT": "3", "AERO_LOCAL_MEMORY": "6e8"}
    with local_aero(home):
        yield aero_jupyter.local()
    os.environ.clear()
    os.environ.update(before)


CAUSES = {
    "loops": ("while True: pass", "loops did not end within 3 s."),
    "sleeps": ("import time; time.sleep(60)", "sleeps did not end within 3 s."),
    "allocates": ("kept = []\n    while True: kept.append(bytearray(1 << 24))", "MemoryError"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was killed"),
    "segfaults": ("import ctypes; ctypes.string_at(0)", "signal 11"),
    "exits": ("import os; os._exit(7)", "exit code 7"),
    "quits": ("raise SystemExit(2)", "exit(2)"),
    "interrupts": ("raise KeyboardInterrupt", "was interrupted"),
    "shuts": ("import os; os.closerange(0, 4096)", "shuts"),
    "floods": ("line = 'x' * (1 << 20)\n    while True: print(line)", "printed more than 64 MB"),
    "returns": ("return {'x': 'y' * (11 << 20)}", "returned x, but this flow declares no output"),
    "recurses": ("return recurses()", "RecursionError"),
    "opens": ("kept = []\n    while True: kept.append(open('/dev/null'))", "Too many open files"),
    "forks": (
        "import os, time\n    for _ in range(200):\n        os.fork() or time.sleep(60)\n    time.sleep(60)",
        "forks did not end within 3 s.",
    ),
    "pickles": ("import pickle\n    return pickle.dumps(pickles.__name__)", "returned"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_run_fails_with_its_cause_and_the_next_one_goes_through(session, name):
    body, cause = CAUSES[name]
    flow = session.register(portable(f"def {name}():\n    {body}\n"))
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 60)
    assert run.state == "failed"
    assert cause in run.error
    assert len(run.error) < 500
    well = session.register(portable("def well():\n    return None\n"))
    assert session.client.wait_for_run(session.client.run_flow(well.id).id, 60).state == "done"


def test_signals_to_its_parent_do_not_reach_the_service(session):
    text = "def signals():\n    import os, signal\n    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):\n"
    text += "        os.kill(os.getppid(), each)\n    return None\n"
    flow = session.register(portable(text))
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 60)
    assert run.is_final
    assert aero_jupyter.local().state == session.state
    well = session.register(portable("def still_well():\n    return None\n"))
    assert session.client.wait_for_run(session.client.run_flow(well.id).id, 60).state == "done"


def test_processes_of_one_task_are_all_ended(session):
    service = psutil.Process(session.state.pid)
    assert len(service.children(recursive=True)) < 20


def test_what_a_function_started_ends_with_it(session, tmp_path):
    mark = tmp_path / "pid"
    flow = session.register(
        portable(
            "def starts():\n    import subprocess, time\n"
            f"    open({str(mark)!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\n    time.sleep(60)\n"
        )
    )
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 60).state == "failed"
    # It may stay a zombie where nobody collects orphans, as in a container.
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid := int(mark.read_text())) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline


def test_a_worker_knows_no_secret_of_the_service(session, tmp_path):
    seen = tmp_path / "environ"
    flow = session.register(
        portable(f"def looks():\n    import os\n    open({str(seen)!r}, 'w').write(repr(os.environ))\n")
    )
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 60).state == "done"
    assert session.state.token not in seen.read_text()
    assert "AERO_" not in seen.read_text()
