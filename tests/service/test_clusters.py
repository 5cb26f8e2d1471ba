"""A cluster as an endpoint: what only a cluster has, such as nodes that are lost and a configuration that is wrong."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from support.parsl_cluster import CONFIG, add_local_cluster
from support.waiting import LONGEST_WAIT, wait_until

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.service.clusters.registry import add_cluster, read_clusters, remove_cluster
from aero_jupyter.service.clusters.shared_folder import SharedFolder, node_source, worker_source
from aero_jupyter.service.workers.task_request import Task, TaskLimits
from aero_jupyter.testing import local_aero

PROGRAMS = ("process_worker_pool", "interchange", "parsl_process")


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("AERO_HOME", str(folder))
    return folder


@pytest.fixture(scope="module")
def warm_home(tmp_path_factory):
    """The folder of a local AERO whose cluster runs from one test to the next."""
    folder = tmp_path_factory.mktemp("warm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AERO_HOME", str(folder))
        add_local_cluster(folder, threshold=5)
        with local_aero(folder):
            yield folder
    wait_until(lambda: not programs(folder))


@pytest.fixture
def session(warm_home, monkeypatch):
    monkeypatch.setenv("AERO_HOME", str(warm_home))
    return aero_jupyter.local()


def run_of(session, text, **options):
    flow = session.register(portable(text), endpoint="cluster", **options)
    return flow, session.client.wait_for_run(session.client.run_flow(flow.id).id, LONGEST_WAIT)


def test_a_cluster_is_listed_until_it_is_removed_and_keeps_its_id(home, tmp_path):
    assert read_clusters(home) == []
    first = add_local_cluster(home)
    assert [each.name for each in read_clusters(home)] == ["cluster"]
    changed = add_local_cluster(home, folder=tmp_path / "scratch")
    assert changed.id == first.id
    assert [each.folder for each in read_clusters(home)] == [str(tmp_path / "scratch")]
    remove_cluster(home, "cluster")
    assert read_clusters(home) == []
    with pytest.raises(UnknownName, match="There is no cluster 'cluster'"):
        remove_cluster(home, "cluster")


@pytest.mark.parametrize("name", ["local", "", "a b", "x" * 65, "28f1312a-8516-419f-8ffd-901b13d2a2b5"])
def test_a_name_that_means_something_else_is_refused(home, name):
    with pytest.raises(InvalidArgument, match="An endpoint cannot be called"):
        add_cluster(home, name, home)


def test_a_configuration_that_is_missing_is_refused(home):
    with pytest.raises(InvalidArgument, match="There is no file"):
        add_cluster(home, "cluster", home / "missing.py")


def test_a_list_that_cannot_be_read_is_refused_with_its_cure(home):
    add_local_cluster(home)
    (home / "clusters.json").write_text("[1]")
    with pytest.raises(InvalidArgument, match="The list of clusters cannot be read") as refused:
        read_clusters(home)
    assert f"rm {home}/clusters.json" in refused.value.cure


@pytest.mark.parametrize("source", [node_source, worker_source])
def test_the_code_of_a_node_needs_nothing_of_this_package(source, tmp_path):
    (tmp_path / "sent.py").write_text(source())
    text = "import sys; sys.modules['aero_jupyter'] = None; sys.path.insert(0, sys.argv[1]); import sent"
    subprocess.run([sys.executable, "-c", text, str(tmp_path)], check=True, timeout=LONGEST_WAIT)


def test_a_machine_without_parsl_names_the_extra_to_install(tmp_path):
    (tmp_path / "parsl.py").write_text("raise ModuleNotFoundError('No module named parsl', name='parsl')")
    command = [sys.executable, "-m", "aero_jupyter.service.clusters.parsl_process", "config.py", "node.py"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    answer = subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST_WAIT, input=b"").stdout
    assert json.loads(answer)["refused"].endswith("Run: pip install 'aero-jupyter[cluster]'")


def test_a_shared_folder_that_others_can_write_is_refused(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    with pytest.raises(InvalidArgument, match="Other users can write into the shared folder"):
        SharedFolder(tmp_path / "shared").prepare()
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(InvalidArgument, match="Other users can replace the shared folder"):
        SharedFolder(tmp_path / "open" / "shared").prepare()


def test_outputs_of_another_collection_are_uploaded_from_the_node(tmp_path):
    folder = SharedFolder(tmp_path / "shared")
    folder.prepare()
    for takes_over in (True, False):
        task = Task("key", "name", tmp_path, tmp_path, kwargs={"aero": {"takes_over_files": takes_over}})
        placed = folder.place(task, TaskLimits())
        sent = json.loads((placed.folder / "task.json").read_text())["task"]["kwargs"]["aero"]
        assert (sent["takes_over_files"], sent["shared_folder"]) == (takes_over, takes_over)


def test_an_attempt_takes_the_inputs_of_the_earlier_one(tmp_path):
    folder = SharedFolder(tmp_path / "shared")
    folder.prepare()
    (tmp_path / "stored.csv").write_text("a")
    aero = {"takes_over_files": True, "stored_files": {"x.csv": str(tmp_path / "stored.csv")}}
    task = Task("key", "name", tmp_path, tmp_path, kwargs={"aero": aero})
    first = folder.place(task, TaskLimits())
    (tmp_path / "stored.csv").unlink()
    second = folder.place(task, TaskLimits(), first)
    first.remove()
    assert (second.inputs / "x.csv").read_text() == "a"


CONFIGS = (
    ("x = 1", "it must define one parsl.config.Config, and defines 0."),
    ("x = ", "SyntaxError"),
    (CONFIG.format(workers=1, threshold=30).replace("LocalProvider", "SlurmProvider"), "executor node has no address"),
)


@pytest.mark.slow
def test_a_run_on_a_cluster_whose_configuration_is_wrong_fails_with_the_reason(home):
    cluster = add_local_cluster(home)
    with local_aero(home):
        session = aero_jupyter.local()
        flow = session.register(portable("def fails():\n    pass\n"), endpoint="cluster")
        for text, reason in CONFIGS:
            (home / "parsl_config.py").write_text(text)
            run = session.client.wait_for_run(session.client.run_flow(flow.id).id, LONGEST_WAIT)
            assert run.state == "failed"
            assert run.error.startswith(f"The cluster did not start. {cluster.parsl}: ")
            assert reason in run.error


def test_a_cluster_that_is_removed_fails_its_runs(home):
    add_local_cluster(home)
    with local_aero(home):
        session = aero_jupyter.local()
        flow = session.register(portable("def well():\n    pass\n"), endpoint="cluster")
        remove_cluster(home, "cluster")
        assert [each["name"] for each in session.endpoints()] == ["local"]
        run = session.client.wait_for_run(session.client.run_flow(flow.id).id, LONGEST_WAIT)
        assert (run.state, run.error.partition(".")[0]) == ("failed", "The cluster cannot be used")
        assert "aero-jupyter endpoint add" in run.error


@pytest.mark.slow
def test_a_changed_configuration_holds_for_the_next_task_and_tasks_under_way_end(session, warm_home, tmp_path):
    waiting, release = tmp_path / "waiting", tmp_path / "release"
    text = f"def ends():\n    import os, time\n    open({str(waiting)!r}, 'a').write('x')\n"
    text += f"    while not os.path.exists({str(release)!r}): time.sleep(0.02)\n"
    flow = session.register(portable(text), endpoint="cluster")
    run = session.client.run_flow(flow.id)
    wait_until(waiting.exists)
    with (warm_home / "parsl_config.py").open("a") as file:
        file.write("import os; os.environ['AERO_READ_MARK'] = 'changed'\n")
    text = "def reads():\n    import os; print(os.environ['AERO_READ_MARK'])\n"
    _, next_run = run_of(session, text)
    assert (next_run.error, session.client.get_run(next_run.id).log) == (None, "changed\n")
    release.touch()
    assert session.client.wait_for_run(run.id, LONGEST_WAIT).state == "done"
    assert waiting.read_text() == "x"


@pytest.mark.slow
def test_a_run_whose_node_or_cluster_process_crashes_starts_again_and_ends_once(session, warm_home, tmp_path):
    started = tmp_path / "started"
    text = f"""def survives():
    import os, time
    with open({str(started)!r}, "a") as file:
        file.write(f"{{os.getpid()}}\\n")
    time.sleep(60 if len(open({str(started)!r}).readlines()) < 3 else 0)
    open("t.csv", "w").write("a")
    return "t.csv"
"""
    flow = session.register(portable(text), outputs=["survived"], endpoint="cluster")
    run = session.client.run_flow(flow.id)
    for count, victim in enumerate(("process_worker_pool", "parsl_process"), 1):
        wait_until(lambda count=count: started.exists() and started.read_text().count("\n") == count)
        assert addresses_of_parsl(warm_home) == {"127.0.0.1"}
        function = psutil.Process(int(started.read_text().split()[-1]))
        for process in programs(warm_home, victim):
            os.kill(process.pid, signal.SIGKILL)
    ended = session.client.wait_for_run(run.id, LONGEST_WAIT)
    assert (ended.state, ended.error) == ("done", None)
    assert not function.is_running()
    assert len(session.client.versions(flow.outputs[0].id)) == 1


def addresses_of_parsl(home):
    """The addresses on which the programs of Parsl listen."""
    connections = [each for process in programs(home) for each in process.net_connections("inet")]
    listening = [each for each in connections if each.status == psutil.CONN_LISTEN]
    return {each.laddr.ip.removeprefix("::ffff:") for each in listening}


def programs(home, *names):
    """The running programs of Parsl in a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if process.cwd().startswith(str(home)) and any(each in line for each in names or PROGRAMS):
                found.append(process)
    return found


def test_the_list_is_written_for_this_user_only(home):
    add_local_cluster(home)
    assert (home / "clusters.json").stat().st_mode & 0o077 == 0
    assert json.loads((home / "clusters.json").read_text())[0]["name"] == "cluster"
