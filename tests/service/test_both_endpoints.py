"""Results, failures, limits and restarts are the same on the local endpoint and on a cluster."""

import os
import platform
import signal
from importlib.metadata import version

import psutil
import pytest
from support.parsl_cluster import add_local_cluster
from support.waiting import LONGEST_WAIT, wait_until

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import daemon
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.session.flow_request import FlowOptions
from aero_jupyter.testing import local_aero


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The folder of a local AERO with a cluster, whose tasks have 6 s and 600 MB."""
    folder = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AERO_HOME", str(folder))
        patch.setenv("AERO_LOCAL_TIMEOUT", "6")
        patch.setenv("AERO_LOCAL_MEMORY", "6e8")
        add_local_cluster(folder)
        with local_aero(folder):
            yield folder


@pytest.fixture(params=["local", pytest.param("cluster", marks=pytest.mark.slow)])
def endpoint(request):
    return request.param


@pytest.fixture
def session(home, monkeypatch):
    monkeypatch.setenv("AERO_HOME", str(home))
    return aero_jupyter.local()


def run_of(session, flow):
    return session.client.wait_for_run(session.client.run_flow(flow.id).id, LONGEST_WAIT)


def test_a_run_records_its_python_and_its_packages_also_if_it_fails(session, endpoint):
    text = "import requests\ndef fails():\n    raise ValueError(requests.__name__)\n"
    flow = session.register(portable(text), outputs=[f"none_{endpoint}"], endpoint=endpoint)
    run = run_of(session, flow)
    assert run.state == "failed"
    assert run.environment.python == platform.python_version()
    assert run.environment.packages["requests"] == version("requests")


def test_a_function_makes_a_version_that_the_next_one_reads(session, endpoint):
    text = "def makes():\n    print('made')\n    open('t.csv', 'w').write('a\\n1\\n2\\n')\n    return 't.csv'\n"
    first = session.register(portable(text), outputs=[f"made_{endpoint}"], endpoint=endpoint)
    run = run_of(session, first)
    assert (run.state, session.client.get_run(run.id).log) == ("done", "made\n")
    text = (
        "def changes(table):\n    open('t.csv', 'w').write(open(table).read().replace('2', '4'))\n    return 't.csv'\n"
    )
    inputs = {"table": f"made_{endpoint}"}
    second = session.register(portable(text), inputs=inputs, outputs=[f"changed_{endpoint}"], endpoint=endpoint)
    assert run_of(session, second).state == "done"
    assert aero_jupyter.read(f"changed_{endpoint}")["a"].tolist() == [1, 4]
    assert run_of(session, second).state == "unchanged"


def test_a_source_is_downloaded_and_handed_to_the_function(session, endpoint, site):
    text = "def reads(raw):\n    open('t.csv', 'w').write(open(raw).read().replace('1', '2'))\n    return 't.csv'\n"
    url = f"{site.url}numbers.csv"
    options = {"policy": PolicyEnum.INGESTION, "timer": 86_400, "source": url}
    flow = session.register(portable(text), **options, outputs=[f"read_{endpoint}"], endpoint=endpoint)
    # The flow has also run by itself, once it was registered.
    assert run_of(session, flow).error is None
    assert aero_jupyter.read(f"read_{endpoint}")["a"].tolist() == [2]


FAILURES = {
    "raises": ("print('before')\n    1 / 0", "ZeroDivisionError: division by zero"),
    "imports": ("import not_here", "imports() needs the module `not_here`, which this endpoint does not have."),
    "allocates": ("kept = []\n    while True: kept.append(bytearray(1 << 24))", "MemoryError"),
    "sleeps": ("import time; time.sleep(60)", "sleeps did not end within 6 s."),
    "killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "was killed, possibly because memory ran out",
    ),
    "exits": ("import os; os._exit(7)", "The worker process ended with exit code 7 while exits ran."),
    "returns": ("return {'x': 1}", "The function returned an int as x; it must be a DataFrame or a path."),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.slow
def test_a_failed_run_states_its_cause(session, endpoint, name):
    body, cause = FAILURES[name]
    flow = session.register(portable(f"def {name}():\n    {body}\n"), endpoint=endpoint)
    run = run_of(session, flow)
    assert run.state == "failed"
    assert cause in run.error
    detail = session.client.get_run(run.id)
    if name == "raises":
        assert detail.log == "before\n"
        assert detail.traceback.splitlines()[-1] == "ZeroDivisionError: division by zero"
        assert 'File "<cell raises>", line 3, in raises' in detail.traceback


def under_way(session, name, endpoint, body, folder, **options):
    """Run a function that writes its process id first; return the run and the id once it runs."""
    file = folder / f"{name}-{endpoint}"
    text = (
        f"def {name}():\n    import os, time\n    open({str(file)!r}, 'w').write(f'{{os.getpid()}}\\n')\n    {body}\n"
    )
    flow = session.register(portable(text), endpoint=endpoint, **options)
    run = session.client.run_flow(flow.id)
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"))
    return run, psutil.Process(int(file.read_text()))


def test_a_log_is_shown_while_the_function_runs_and_a_cancelled_run_ends_its_process(session, endpoint, tmp_path):
    body = "print('working', flush=True)\n    time.sleep(60)"
    run, process = under_way(session, "works", endpoint, body, tmp_path)
    wait_until(lambda: session.client.get_run(run.id).log == "working\n")
    assert session.client.get_run(run.id).state == "running"
    session.client.cancel_run(run.id)
    ended = session.client.wait_for_run(run.id, LONGEST_WAIT)
    assert (ended.state, ended.error) == ("cancelled", "The run was cancelled.")
    wait_until(lambda: not process.is_running())


@pytest.mark.slow
def test_a_run_that_is_cancelled_while_it_waits_never_calls_its_function(session, endpoint, tmp_path):
    first = [under_way(session, f"occupies_{n}", endpoint, "time.sleep(60)", tmp_path)[0] for n in range(2)]
    called = tmp_path / "called"
    flow = session.register(portable(f"def waits():\n    open({str(called)!r}, 'w').close()\n"), endpoint=endpoint)
    waiting = session.client.run_flow(flow.id)
    session.client.cancel_run(waiting.id)
    assert session.client.wait_for_run(waiting.id, LONGEST_WAIT).state == "cancelled"
    for run in first:
        session.client.cancel_run(run.id)
    last = session.register(portable("def last():\n    pass\n"), endpoint=endpoint)
    assert run_of(session, last).state == "done"
    assert not called.exists()


@pytest.mark.slow
def test_each_way_to_return_files_is_stored(session, endpoint, tmp_path):
    (tmp_path / "elsewhere.csv").write_text("a\n1\n")
    text = f"""def files():
    open("beside.csv", "w").write("a\\n2\\n")
    return {{
        "elsewhere_{endpoint}": {str(tmp_path / "elsewhere.csv")!r},
        "beside_{endpoint}": "beside.csv",
        "again_{endpoint}": "beside.csv",
    }}
"""
    names = [f"{name}_{endpoint}" for name in ("elsewhere", "beside", "again")]
    assert run_of(session, session.register(portable(text), outputs=names, endpoint=endpoint)).state == "done"
    assert [aero_jupyter.read(name)["a"].tolist() for name in names] == [[1], [2], [2]]
    assert (tmp_path / "elsewhere.csv").exists()


@pytest.mark.slow
def test_a_run_of_several_tasks_commits_the_result_of_each(session, endpoint):
    text = "def squares(n):\n    open('n.csv', 'w').write(f'a\\n{n * n}\\n')\n    print(n)\n    return 'n.csv'\n"
    options = FlowOptions(kwargs_sets=tuple({"n": n} for n in range(5)))
    name = f"squares_{endpoint}"
    flow = session.register(portable(text), outputs=[name], endpoint=endpoint, options=options)
    run = run_of(session, flow)
    assert (run.state, session.client.get_run(run.id).log) == ("done", "0\n1\n2\n3\n4\n")
    versions = range(1, len(session.client.versions(flow.outputs[0].id)) + 1)
    assert [int(aero_jupyter.read(f"{name}@{version}")["a"][0]) for version in versions] == [0, 1, 4, 9, 16]


@pytest.mark.slow
def test_runs_that_wait_while_the_service_is_killed_end_once_with_one_version(session, endpoint, home):
    flows = []
    for number in range(6):
        text = f"def waits():\n    import time; time.sleep(1)\n    open('f', 'w').write('{number}')\n    return 'f'\n"
        flows.append(session.register(portable(text), outputs=[f"waits_{endpoint}_{number}"], endpoint=endpoint))
    runs = [session.client.run_flow(flow.id) for flow in flows]
    wait_until(lambda: any(session.client.get_run(run.id).state in ("committing", "done") for run in runs))
    os.kill(session.state.pid, signal.SIGKILL)
    daemon.ensure(home)
    client = aero_jupyter.local().client
    ends = [client.wait_for_run(run.id, LONGEST_WAIT) for run in runs]
    assert [(run.state, run.error) for run in ends] == [("done", None)] * 6
    assert [len(client.versions(flow.outputs[0].id)) for flow in flows] == [1] * 6
    assert [len(client.provenance(flow_id=flow.id)) for flow in flows] == [1] * 6
    assert violations(home, quiet=True) == []
