"""A function can break its worker but not the service: each case ends as a failed run with its cause."""

import json
import os
import time

import psutil
import pytest

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import daemon
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import Task, TaskFailed, TaskLimits, environment
from aero_jupyter.testing import local_aero

pytestmark = pytest.mark.slow


#: The folder of the local AERO of each session.
HOMES = {}


def limited_session(home, seconds):
    """Yield a session of a local AERO whose tasks have so many seconds and 600 MB."""
    before = dict(os.environ)
    limits = {"AERO_LOCAL_TIMEOUT": str(seconds), "AERO_LOCAL_MEMORY": "6e8"}
    os.environ |= {"AERO_HOME": str(home), "MY_TOKEN": "s3cret", **limits}
    try:
        with local_aero(home):
            made = aero_jupyter.local()
            HOMES[made] = home
            yield made
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A local AERO whose tasks have 3 s: for what must end by its time limit."""
    yield from limited_session(tmp_path_factory.mktemp("narrow"), 3)


@pytest.fixture(scope="module")
def session_with_time(tmp_path_factory):
    """A local AERO whose tasks have 120 s: for what must end by another limit, also on a busy machine."""
    yield from limited_session(tmp_path_factory.mktemp("roomy"), 120)


TOO_MANY = ("started more than 512 processes.", "did not end within 3 s.")
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
    "bombs": (
        "import os, time\n    while True: os.fork() or time.sleep(60)",
        ("started more than", "did not end within"),
    ),
    "spawns": ("import os\n    while True: os.fork()", ("started more than", "did not end within")),
    "halts": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "halts did not end within 3 s."),
    "halts_its_parent": (
        "import os, signal\n    os.kill(os.getppid(), signal.SIGSTOP)",
        "halts_its_parent did not end within 3 s.",
    ),
    "speaks_at_length": ("raise ValueError('y' * 3_000_000)", "ValueError: yyy"),
    "speaks_in_halves": ("raise ValueError(chr(0xd800) + ' x')", "ValueError: ? x"),
    "speaks_for_itself": (
        "import os\n    for each in os.listdir('/proc/self/fd'):\n        try: os.write(int(each), b'[]\\n')\n"
        "        except OSError: pass\n    while True: pass",
        "The response of speaks_for_itself cannot be read.",
    ),
    "pickles": ("import pickle\n    return pickle.dumps(pickles.__name__)", "returned"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_run_fails_with_its_cause_and_the_next_one_goes_through(request, name):
    body, cause = CAUSES[name]
    session = request.getfixturevalue("session" if "did not end" in str(cause) else "session_with_time")
    flow = session.register(portable(f"def {name}():\n    {body}\n"))
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    assert run.state == "failed"
    assert any(each in run.error for each in ([cause] if isinstance(cause, str) else cause))
    assert len(run.error) < (500 if name != "speaks_at_length" else 66_000)
    well = session.register(portable("def well():\n    return None\n"))
    assert session.client.wait_for_run(session.client.run_flow(well.id).id, 180).state == "done"


LEAVES = {
    "forks": "import os\n    os.fork()",
    "exits_in_a_copy": "import os\n    if os.fork() == 0: raise SystemExit",
    "replaces_json": "import json\n    json.dumps = lambda *a, **k: '[]'",
    "replaces_much": "import builtins, os, sys\n    sys.stdout = None\n    os.write = os._exit = os.getpid = None",
    "replaces_open": "import atexit, requests\n    requests.request = None\n    atexit.register(lambda: 1 / 0)",
    "closes": "import os\n    os.close(0)\n    os.close(1)\n    os.close(2)",
    "lowers": "import os, resource, signal\n    os.umask(0o777)\n    signal.alarm(1)\n"
    "    resource.setrlimit(resource.RLIMIT_CPU, (2, 2))",
    "removes": "import os, shutil\n    shutil.rmtree(os.getcwd())",
}


@pytest.mark.parametrize("name", LEAVES)
def test_what_a_function_does_to_its_process_ends_with_its_run(session, name):
    flow = session.register(portable(f"def {name}():\n    {LEAVES[name]}\n    return None\n"))
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 180).is_final
    text = "def goes_on():\n    open('f.csv', 'w').write('a\\n1\\n')\n    return 'f.csv'\n"
    well = session.register(portable(text), outputs=[f"after_{name}"])
    # As many as would reach each worker.
    for _ in range(4):
        run = session.client.wait_for_run(session.client.run_flow(well.id).id, 180)
        assert (run.state, run.error) in (("done", None), ("unchanged", None))


def test_what_a_thread_says_after_its_run_is_heard_by_nobody(session):
    text = "def leaves_a_thread():\n    import threading\n    line = 'PATIENT DATA ' * 1000\n    def say():\n"
    text += "        while True: print(line)\n    threading.Thread(target=say, daemon=True).start()\n    return None\n"
    flow = session.register(portable(text))
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    assert run.is_final
    home = HOMES[session]
    assert "PATIENT" not in (home / "service.log").read_text(errors="replace")
    size = (home / "runs" / f"{run.id}.log").stat().st_size
    well = session.register(portable("def after_the_thread():\n    return None\n"))
    session.client.wait_for_run(session.client.run_flow(well.id).id, 180)
    assert (home / "runs" / f"{run.id}.log").stat().st_size == size


def test_a_log_is_no_longer_than_a_task_may_print(session_with_time):
    session = session_with_time
    flow = session.register(portable("def pours():\n    import os\n    while True: os.write(1, b'x' * (1 << 20))\n"))
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    assert "printed more than 64 MB" in run.error
    assert (HOMES[session] / "runs" / f"{run.id}.log").stat().st_size <= TaskLimits.output


def test_signals_to_its_parent_do_not_reach_the_service(session):
    text = "def signals():\n    import os, signal\n    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):\n"
    text += "        os.kill(os.getppid(), each)\n    return None\n"
    flow = session.register(portable(text))
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    assert run.is_final
    assert daemon.find_running(HOMES[session]) == session.state
    well = session.register(portable("def still_well():\n    return None\n"))
    assert session.client.wait_for_run(session.client.run_flow(well.id).id, 180).state == "done"


def test_processes_of_one_task_are_all_ended(session):
    service = psutil.Process(session.state.pid)
    assert len(service.children(recursive=True)) < 20


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("ends", ["return None", "time.sleep(60)", "os.kill(os.getpid(), 9)"])
def test_what_a_function_started_ends_with_it(session, tmp_path, detached, ends):
    mark = tmp_path / "pid"
    name = f"starts_{int(detached)}_{len(ends)}"
    flow = session.register(
        portable(
            f"def {name}():\n    import os, subprocess, time\n"
            f"    started = subprocess.Popen(['sleep', '600'], start_new_session={detached})\n"
            f"    open({str(mark)!r}, 'w').write(str(started.pid))\n    {ends}\n"
        )
    )
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 180).is_final
    # It may stay a zombie where nobody collects orphans, as in a container.
    deadline = time.monotonic() + 180
    while psutil.pid_exists(pid := int(mark.read_text())) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline


def test_a_worker_knows_no_secret_of_the_service(session, tmp_path):
    seen = tmp_path / "environ"
    flow = session.register(
        portable(f"def looks():\n    import os\n    open({str(seen)!r}, 'w').write(repr(os.environ))\n")
    )
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 180).state == "done"
    assert session.state.token not in seen.read_text()
    assert "AERO_" not in seen.read_text()
    assert "s3cret" not in seen.read_text()
    assert "'PATH'" in seen.read_text()


def test_what_a_function_may_know_can_be_widened():
    given = {"PATH": "/bin", "LC_ALL": "C", "AWS_SECRET": "s", "AWS_REGION": "r", "MODEL": "m", "MY_TOKEN": "t"}
    always = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY", "NO_PROXY", "no_proxy"}
    assert environment(given).keys() - always == {"PATH", "LC_ALL"}
    widened = environment({**given, "AERO_WORKER_ENV": "AWS_*, MODEL,"})
    assert widened.keys() - always == {"PATH", "LC_ALL", "AWS_SECRET", "AWS_REGION", "MODEL"}


def test_a_result_over_its_limit_is_refused(tmp_path):
    pool = Pool(1, TaskLimits(result=1 << 20))
    code = "def gives(size):\n    return 'x' * size\n"
    try:
        assert len(pool.run(Task("a", "gives", tmp_path / "log", tmp_path, code, "d", [1 << 19]))) == 1 << 19
        for size in ((1 << 20) + 1, 1 << 24):
            with pytest.raises(TaskFailed, match="The result of gives is larger than 1 MB"):
                pool.run(Task("a", "gives", tmp_path / "log", tmp_path, code, "d", [size]))
        with pytest.raises(TaskFailed, match="cannot be written as JSON"):
            pool.run(Task("a", "nan", tmp_path / "log", tmp_path, "def nan():\n    return float('nan')\n", "e"))
    finally:
        pool.close()


def test_runs_draw_different_numbers_though_numpy_is_imported_once(tmp_path):
    pytest.importorskip("numpy")
    code = "def draws():\n    import random, numpy\n    return [random.random(), numpy.random.rand()]\n"
    pool = Pool(1)
    try:
        drawn = [pool.run(Task(str(n), "draws", tmp_path / "log", tmp_path, code, "d")) for n in range(4)]
    finally:
        pool.close()
    assert len({number for pair in drawn for number in pair}) == 8


REACHES = """
def reaches(x):
    import json, requests, sys
    frame = sys._getframe()
    while "token" not in (aero := frame.f_locals.get("aero") or {{}}):
        frame = frame.f_back
    known = json.loads({known!r})
    said = []
    for method, path in known:
        asked = {{"headers": {{"Authorization": "Bearer " + aero["token"]}}, "timeout": 30}}
        said.append(requests.request(method, aero["server"] + path, json={{}}, **asked).status_code)
    open("said.csv", "w").write("status\\n" + "\\n".join(map(str, said)) + "\\n")
    return "said.csv"
"""


def test_a_run_reaches_what_it_reads_and_makes_and_nothing_else(session):
    write = "def {0}():\n    open('f.csv', 'w').write('{0}\\n1\\n')\n    return 'f.csv'\n"
    flows = [session.register(portable(write.format(name)), outputs=[name]) for name in ("mine", "others")]
    for flow in flows:
        session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    mine, others = (flow.outputs[0].id for flow in flows)
    file = next(iter(session.client.versions(others))).file.file_name
    requested = {
        f"data/{mine}/latest": 200, f"data/{mine}/versions": 200, f"data/{others}/latest": 403, "data/": 403,
        f"data/{others}/versions": 403, "flow/": 403, f"flow/{flows[0].id}": 403, "runs/": 403, "prov/": 403,
        f"collections/{session.state.collection}/{file}": 403,
    }  # fmt: skip
    changes = [("POST", "flow/register"), ("DELETE", f"flow/{flows[0].id}"), ("POST", f"flow/{flows[0].id}/pause")]
    known = json.dumps([*(("GET", path) for path in requested), *changes])
    cell = REACHES.format(known=known)
    flow = session.register(portable(cell), inputs={"x": "mine"}, outputs=["said"], policy=PolicyEnum.NONE)
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    assert run.state == "done", run.error
    statuses = session.client.read(flow.outputs[0].id)["status"].tolist()
    assert statuses == [*requested.values(), 403, 403, 403]
