"""The lock file: what it holds, what reads return with it, what is refused, and what the check lists."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pandas as pd
import pytest
from support.derived_dataset import FIRST, derived_dataset

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import AeroError, InvalidArgument, NotFound, UnknownName
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.panels.dataset import comparison
from aero_jupyter.notebook.panels.dataset.facts import fetch_facts
from aero_jupyter.notebook.tables.selection import compare_rows
from aero_jupyter.session import kernel_use as use
from aero_jupyter.session.flow_request import FlowRequest
from aero_jupyter.session.lock_in_force import LockPath
from aero_jupyter.session.preview import preview

SOURCE, NAME = "locked cases", "locked sums"
SECOND = FIRST + b"2026-01-03,9,north\n"


@pytest.fixture(scope="module")
def flows(aero):
    """Both datasets have two versions."""
    aero_jupyter.local()
    with derived_dataset(SOURCE, NAME) as found:
        found.publish(SECOND)
        yield found


@pytest.fixture
def folder(tmp_path, monkeypatch, flows):
    """Work in an empty folder, as a kernel that has just begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LockPath, "named", None)
    monkeypatch.setattr(LockPath, "shown", set())
    for name in ("reads", "earlier", "functions"):
        monkeypatch.setattr(use.kernel_use, name, {})
    return tmp_path


@pytest.fixture
def locked(folder):
    """A lock file that holds the first version as what a read of the newest returned."""
    aero_jupyter.read(NAME)
    aero_jupyter.lock()
    change_lock(folder, {"1": aero_jupyter.read(f"{NAME}@1").attrs["aero"]["checksum"]})
    use.kernel_use.reads.clear()
    return folder


def change_lock(folder, versions, **fields) -> None:
    path = folder / "aero.lock"
    document = json.loads(path.read_text())
    document["datasets"][0] |= {"versions": versions, **fields}
    path.write_text(json.dumps(document))


def read_quietly(name: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return aero_jupyter.read(name)


def test_the_lock_holds_datasets_versions_checksums_functions_and_the_environment(folder, flows):
    table = aero_jupyter.read(NAME)
    written = aero_jupyter.lock()
    document = json.loads((folder / "aero.lock").read_text())
    assert document["datasets"] == [
        {
            "name": NAME, "read": "newest", "versions": {"2": table.attrs["aero"]["checksum"]},
            "data_id": flows.derive.outputs[0].id, "server": "local AERO",
        }
    ]  # fmt: skip
    functions = {each["name"]: each["id"] for each in document["functions"]}
    assert functions == {"pick_columns": flows.download.function_id, "sum_cases": flows.derive.function_id}
    assert all(len(each["sha256"]) == 64 for each in document["functions"])
    assert document["environment"]["packages"]["pandas"] == pd.__version__
    assert document["environment"]["python"] == sys.version.split()[0]
    assert repr(written).startswith(f"Wrote {folder / 'aero.lock'}: {NAME}@2; 2 functions, ")


def test_every_read_of_the_kernel_counts(folder, flows):
    for name in (NAME, f"{NAME}@1", f"{NAME}@2100-01-01"):
        aero_jupyter.read(name)
    aero_jupyter.archive(SOURCE, keys=["day", "cases"])
    written = aero_jupyter.lock()
    found = {(read.name, read.asked): sorted(read.versions) for read in written.lock.reads}
    assert found == {
        (NAME, "newest"): [2], (NAME, "1"): [1], (NAME, "2100-01-01 UTC"): [2], (SOURCE, "all"): [1, 2],
    }  # fmt: skip


def test_with_it_reads_return_the_locked_version_and_name_the_newer_one(locked):
    with pytest.warns(UserWarning, match=f"{NAME}: version 1 is locked, version 2 is newer"):
        table = aero_jupyter.read(NAME)
    assert (table.attrs["aero"]["version"], table.attrs["aero"]["newest"]) == (1, 2)
    assert aero_jupyter.read(NAME).equals(aero_jupyter.read(f"{NAME}@1"))
    assert aero_jupyter.cite(NAME).ancestry.version.version == 1


def test_a_new_process_in_the_folder_reads_the_locked_version(locked):
    code = f"import aero_jupyter as aero; print(aero.read({NAME!r}).attrs['aero']['version'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "1\n"
    assert "version 2 is newer" in done.stderr


def test_a_version_that_is_named_is_read_although_another_is_locked(locked):
    assert aero_jupyter.read(f"{NAME}@2").attrs["aero"]["version"] == 2


def test_without_the_file_the_newest_version_is_read(locked):
    (locked / "aero.lock").unlink()
    assert aero_jupyter.read(NAME).attrs["aero"]["version"] == 2


def test_an_archive_has_the_locked_versions_until_the_next_one(folder):
    aero_jupyter.archive(NAME)
    aero_jupyter.lock()
    first = aero_jupyter.read(f"{NAME}@1").attrs["aero"]["checksum"]
    change_lock(folder, {"1": first})
    with pytest.warns(UserWarning, match="version 2 is newer"):
        built = aero_jupyter.archive(NAME)
    assert list(built.numbers) == [1]
    with pytest.raises(InvalidArgument):
        built.as_of("2100-01-01")


def test_a_replay_counts_its_versions_and_follows_the_lock(folder):
    assert aero_jupyter.replay(count_bytes, NAME).results["version"].tolist() == [1, 2]
    written = aero_jupyter.lock()
    assert [(read.name, read.asked, sorted(read.versions)) for read in written.lock.reads] == [(NAME, "all", [1, 2])]
    change_lock(folder, {"1": aero_jupyter.read(f"{NAME}@1").attrs["aero"]["checksum"]})
    with pytest.warns(UserWarning, match="version 2 is newer"):
        assert aero_jupyter.replay(count_bytes, NAME).results["version"].tolist() == [1]


def test_the_comparisons_of_panels_and_previews_count(folder, flows):
    session = aero_jupyter.current()
    made = flows.derive.outputs[0]
    comparison.compare_versions(session, fetch_facts(session, made.id), 1, 2)
    first, second = session.client.versions(flows.download.outputs[0].id)
    compare_rows(session, [("version", first), ("version", second)])
    request = FlowRequest(sum_again(), {"table": SOURCE}, {}, PolicyEnum.ANY, None, outputs=[NAME])
    assert len(preview(session, request, "local", 1).diffs) == 1
    found = {(read.name, read.asked) for read in aero_jupyter.lock().lock.reads}
    assert found == {(name, asked) for name in (SOURCE, NAME) for asked in ("1", "2", "all")}


def count_bytes(table):
    """Return the size of a version."""
    return len(open(table, "rb").read())


def sum_again():
    """Return a function that could replace the one that sums up."""
    text = (
        "import pandas as pd\n\ndef sum_cases(table):\n"
        '    return pd.read_csv(table).groupby("day", as_index=False)["cases"].max()\n'
    )
    return portable(text, "sum_cases")


def test_a_dataset_that_is_not_locked_is_read_with_a_note(locked):
    with pytest.warns(UserWarning, match=rf"{SOURCE} is not in .*aero\.lock. Add it: aero\.lock\(\)"):
        assert aero_jupyter.read(SOURCE).attrs["aero"]["version"] == 2
    written = aero_jupyter.lock()
    assert {(read.name, read.version) for read in written.lock.reads} == {(NAME, 1), (SOURCE, 2)}


def test_a_locked_version_that_is_gone_is_refused(locked):
    change_lock(locked, {"7": "0" * 64})
    with pytest.raises(NotFound, match=f"holds {NAME}@7 .0+., which the server no longer has"):
        aero_jupyter.read(NAME)


def test_a_locked_version_with_another_checksum_is_refused(locked):
    change_lock(locked, {"1": "0" * 64})
    with pytest.raises(AeroError, match=f"holds {NAME}@1 with checksum 0+, the server one with ") as refused:
        aero_jupyter.read(NAME)
    assert refused.value.cure == f'Accept what the server has now: aero.lock(update="{NAME}")'
    aero_jupyter.lock(update=NAME)
    assert aero_jupyter.read(NAME).attrs["aero"]["version"] == 2


def test_another_dataset_of_the_name_is_refused(locked):
    change_lock(
        locked, {"1": "0" * 64}, data_id="00000000-0000-0000-0000-000000000001", server="https://a.example.org/"
    )
    with pytest.raises(AeroError, match=f"holds another dataset {NAME}: 00000000-.* of https://a.example.org/, not "):
        aero_jupyter.read(NAME)


@pytest.mark.parametrize("update", [True, NAME, [NAME]])
def test_update_locks_the_newest_version(locked, update):
    assert "locked sums@2" in repr(aero_jupyter.lock(update=update))
    assert aero_jupyter.read(NAME).attrs["aero"]["version"] == 2


def test_writing_again_keeps_the_locked_versions_and_the_bytes_of_the_file(locked):
    aero_jupyter.lock()
    before = (locked / "aero.lock").read_bytes()
    assert read_quietly(NAME).attrs["aero"]["version"] == 1
    aero_jupyter.lock()
    assert (locked / "aero.lock").read_bytes() == before


def test_a_lock_that_holds_another_version_than_was_read_is_not_overwritten(locked):
    content = (locked / "aero.lock").read_bytes()
    (locked / "aero.lock").rename(locked / "kept.lock")
    aero_jupyter.read(NAME)
    with pytest.raises(InvalidArgument, match=f"kept.lock holds {NAME}@1, and version 2 was read"):
        aero_jupyter.lock("kept.lock")
    assert (locked / "kept.lock").read_bytes() == content


def test_reads_that_returned_different_versions_are_named(folder, flows):
    record = use.kernel_use.record_read
    aero_jupyter.read(NAME)
    (read,) = use.kernel_use.reads.values()
    use.kernel_use.reads.clear()
    record(use.LockedRead(read.server, read.data_id, read.name, read.asked, {1: "a"}))
    record(read)
    assert f"{NAME} was also read as version 1; version 2 is locked." in repr(aero_jupyter.lock())


def test_the_lock_is_written_to_the_path_that_is_named_and_followed_there(folder):
    (folder / "study").mkdir()
    aero_jupyter.read(NAME)
    assert aero_jupyter.lock("study").path == folder / "study" / "aero.lock"
    change_lock(folder / "study", {"1": aero_jupyter.read(f"{NAME}@1").attrs["aero"]["checksum"]})
    assert read_quietly(NAME).attrs["aero"]["version"] == 1


def test_what_cannot_be_locked_is_refused(folder):
    with pytest.raises(InvalidArgument, match="No dataset was read in this kernel"):
        aero_jupyter.lock()
    aero_jupyter.read(NAME)
    with pytest.raises(UnknownName, match=r"other is not in .*, and was not read"):
        aero_jupyter.lock(update="other")
    with pytest.raises(InvalidArgument, match=r"none/aero\.lock cannot be written: No such file"):
        aero_jupyter.lock("none/aero.lock")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "datasets": [1], "functions": []}'])
def test_a_file_that_is_no_lock_is_refused(folder, text):
    (folder / "aero.lock").write_text(text)
    with pytest.raises(InvalidArgument, match=r"aero\.lock is not a lock file: "):
        aero_jupyter.read(NAME)


def test_the_check_lists_what_changed_and_reads_the_bytes(locked):
    found = aero_jupyter.check_lock()
    datasets = found[found["kind"] == "dataset"]
    assert datasets[["name", "locked", "now", "state"]].values.tolist() == [
        [NAME, "1", "2", "as locked, version 2 is newer"]
    ]
    functions = found[found["kind"] == "function"]
    assert set(functions["state"]) == {"as locked"}
    assert (functions["locked"] == functions["now"]).all()
    assert "package" not in set(found["kind"])


def test_the_check_names_versions_that_are_gone_or_differ_and_other_packages(locked):
    document = json.loads((locked / "aero.lock").read_text())
    document["environment"]["packages"] |= {"pandas": "0.1", "unheard-of": "3"}
    document["functions"][0]["id"] = "00000000-0000-0000-0000-000000000001"
    (locked / "aero.lock").write_text(json.dumps(document))
    change_lock(locked, {"1": "0" * 64, "7": None})
    found = aero_jupyter.check_lock()
    states = dict(zip(found["name"] + "@" + found["locked"], found["state"], strict=True))
    assert states[f"{NAME}@1"].startswith("another checksum: ")
    assert states[f"{NAME}@7"] == "gone"
    assert (states["pandas@0.1"], states["unheard-of@3"]) == ("changed", "not installed")
    assert "not available" in set(found["state"])


def test_the_check_reports_bytes_that_are_gone(locked, flows, aero_home):
    version = flows.session.client.version(flows.derive.outputs[0].id, 1)
    (content,) = aero_home.rglob(version.checksum)
    content.rename(content.with_suffix(".away"))
    try:
        state = aero_jupyter.check_lock()["state"][0]
    finally:
        content.with_suffix(".away").rename(content)
    assert state.startswith("bytes not readable: ")


def test_a_check_without_a_lock_is_refused(folder):
    with pytest.raises(InvalidArgument, match=r"There is no lock file .*aero\.lock"):
        aero_jupyter.check_lock()
