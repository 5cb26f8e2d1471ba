"""Nothing is lost and nothing is there twice, whatever is killed when; and the look at it finds what is wrong."""

import contextlib
import functools
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from support import crash_harness

import aero_jupyter
from aero_jupyter.cli import main
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.testing import local_aero


@pytest.mark.long(600)
@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_nothing_is_lost_and_nothing_twice_over_many_kills(tmp_path):
    figures = crash_harness.run_crash_test(tmp_path, kills=200, seed=20261124)
    assert figures.violations == []
    # It was busy: every kill costs the service's and a worker's start, and those of tasks make no version.
    assert figures.versions > 60
    assert all(figures.kills.values())


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The folder of a local AERO that has done a little, stopped."""
    home = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch, local_aero(home):
        patch.setenv("AERO_HOME", str(home))
        session = aero_jupyter.local()
        write = "def {0}({1}):\n    open('f.csv', 'w').write('a\\n1\\n')\n    return 'f.csv'\n"
        first = session.register(portable(write.format("first", "")), outputs=["one"])
        session.client.wait_for_run(session.client.run_flow(first.id).id, 180)
        second = portable(write.format("second", "x"))
        session.register(second, inputs={"x": "one"}, outputs=["two"], policy=PolicyEnum.ANY)
        session.client.wait_for_version(session.client.resolve_data("two").id, 1, 60)
        for run in session.client.list("run"):
            session.client.wait_for_run(run.id, 180)
    return home


def test_a_sound_store_has_no_violations(sound):
    assert violations(sound, quiet=True) == []


BREAKS = {
    "versions, numbered": "UPDATE version SET version = version + 1000000 WHERE version = 1",
    "is recorded as the newest": "UPDATE data SET newest = 2 WHERE name = 'one'",
    "no file with its checksum": "UPDATE version SET checksum = 'other'",
    "is missing": "UPDATE file SET checksum = 'other'",
    "0 provenance records": "DELETE FROM prov",
    "names a version that does not exist": "UPDATE prov_made SET version_id = 'gone'",
    "is still running": "UPDATE run SET state = 'running'",
    "did not run on the newest": "UPDATE flow_input SET used = 0",
    "did not run on the newest version": f"UPDATE flow_input SET used = 0; UPDATE flow SET policy = {PolicyEnum.ALL:d}",
    "2 provenance records": "INSERT INTO prov (id, flow_id, run_id, task, created_at) "
    "SELECT 'twin', flow_id, run_id, task + 1, created_at FROM prov LIMIT 1",
    "was due at 2020": "UPDATE flow SET next_due = '2020-01-01T00:00:00.000000Z'",
}


@pytest.mark.parametrize("sentence", BREAKS)
def test_each_broken_promise_is_found(sound, tmp_path, sentence):
    closing, connect = contextlib.closing, sqlite3.connect
    with closing(connect(sound / "aero.db")) as good, closing(connect(tmp_path / "aero.db")) as copy:
        good.backup(copy)
        copy.execute("PRAGMA foreign_keys = OFF")
        copy.executescript(BREAKS[sentence])
        copy.commit()
    (tmp_path / "content").symlink_to(sound / "content")
    assert sentence in " ".join(violations(tmp_path, quiet=True))


def spoiled(sentence):
    """Run the harness as the command does, with one promise broken; its exit code."""

    def spoil(home):
        with contextlib.closing(sqlite3.connect(home / "aero.db", timeout=120)) as store:
            store.execute("PRAGMA foreign_keys = OFF")
            store.executescript(BREAKS[sentence].replace("'one'", "'raw0'"))
            store.commit()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["crash.py", "--kills", "1", "--seed", "1"])
        patch.setattr(
            crash_harness,
            "run_crash_test",
            functools.partial(crash_harness.run_crash_test, spoil=spoil if sentence else lambda _: None),
        )
        return crash_harness.main()


#: One promise about content, one about runs, one about timers: the others are found by the same look, tested above.
HARNESSED = ("versions, numbered", "is still running", "was due at 2020")


@pytest.mark.slow
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("sentence", [None, *HARNESSED])
def test_the_harness_fails_where_a_promise_is_broken(sentence, capsys):
    assert spoiled(sentence) == int(sentence is not None)
    assert (sentence or '"violations": []') in capsys.readouterr().out


def test_a_temporary_file_that_stays_is_found(sound):
    left = sound / "work" / "left"
    left.mkdir(parents=True)
    assert violations(sound, quiet=True) == []
    os.utime(left, (0, 0))
    try:
        assert "work/left is older than a day" in " ".join(violations(sound))
    finally:
        left.rmdir()


def test_changed_bytes_are_found(sound):
    (path,) = (sound / "content").glob("*/*")
    kept = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"else")
    try:
        assert "does not match its checksum" in " ".join(violations(sound))
    finally:
        path.write_bytes(kept)


@pytest.fixture
def stopped(sound, tmp_path):
    """A copy of it, to be changed."""
    return Path(shutil.copytree(sound, tmp_path / "copy"))


def changed(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        for statement in statements:
            store.execute(statement)


def test_what_a_running_service_should_have_come_to_is_found(stopped):
    long_ago = "'2020-01-01T00:00:00.000000Z'"
    changed(stopped / "aero.db", f"UPDATE run SET state = 'queued', created_at = {long_ago} WHERE seq = 1")
    changed(stopped / "aero.db", f"UPDATE flow SET next_due = {long_ago} WHERE seq = 2")
    assert violations(stopped) == []
    state = stopped / "state.json"
    state.touch()
    assert violations(stopped) == []
    os.utime(state, (0, 0))
    message = " ".join(violations(stopped))
    assert "is still queued, although no run is active" in message
    assert "was due at 2020" in message


def test_a_triggered_run_that_is_missing_is_found_on_demand(stopped):
    changed(stopped / "aero.db", "UPDATE flow_input SET used = 0")
    assert "did not run on the newest" in " ".join(violations(stopped))


def test_the_command_says_what_is_wrong(sound, monkeypatch, capsys):
    monkeypatch.setenv("AERO_HOME", str(sound))
    assert main.main(["local", "check"]) == 0
    assert "No problem found in" in capsys.readouterr().out
    (path,) = (sound / "content").glob("*/*")
    hidden = path.rename(path.with_suffix(".hidden"))
    assert main.main(["local", "check"]) == 1
    assert "is missing" in capsys.readouterr().out
    hidden.rename(path)
