"""Questions across the versions of a dataset on the local AERO: as of, archive, revisions, differences, description."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from support.vintage_example import table

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.as_of import configured_zone
from aero_jupyter.core.errors import InvalidArgument, NotFound, Unreadable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import archive_cache

NAME = "vintage cases"
#: Each call of the flow makes the next of these versions.
ROWS = [
    [("A", 1, 10), ("B", 1, 5)],
    [("A", 1, 14), ("A", 2, 20)],
    [("A", 1, 15), ("A", 2, 20), ("B", 1, 5)],
]


def tables() -> list[pd.DataFrame]:
    return [table(rows).assign(time_value=lambda t: t["time_value"].dt.strftime("%Y-%m-%d")) for rows in ROWS]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    """Return the cache folder of these tests."""
    before, folder = os.environ.get("XDG_CACHE_HOME"), tmp_path_factory.mktemp("cache")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    yield folder
    del os.environ["XDG_CACHE_HOME"]
    os.environ |= {} if before is None else {"XDG_CACHE_HOME": before}


@pytest.fixture(scope="module")
def session(aero):
    return aero_jupyter.local()


@pytest.fixture(scope="module")
def versions(session, tmp_path_factory):
    """Return the versions of a dataset as the server lists them."""
    path = tmp_path_factory.mktemp("vintages") / "table.csv"
    source = f"import pandas as pd\n\ndef report_cases():\n    return pd.read_csv({str(path)!r})\n"
    function = portable(source, "report_cases")
    for number, frame in enumerate(tables(), 1):
        frame.to_csv(path, index=False)
        if number == 1:
            flow = session.register(function, outputs=[NAME], policy=PolicyEnum.NONE)
        session.client.wait_for_run(session.client.run_flow(flow.id).id, 120)
    found = session.client.versions(flow.outputs[0].id)
    assert len(found) == len(ROWS)
    return found


def test_a_version_is_read_as_of_an_instant(session, versions) -> None:
    second, third = versions[1].created_at, versions[2].created_at
    for time in (second, second.isoformat(), third - dt.timedelta(microseconds=1)):
        frame = aero_jupyter.read(NAME, as_of=time)
        assert frame.attrs["aero"]["version"] == 2
    assert frame.attrs["aero"]["as_of"] == (third - dt.timedelta(microseconds=1)).isoformat()
    assert_frame_equal(frame, tables()[1])


def test_a_date_is_the_end_of_its_day_and_after_the_last_version_it_is_as_of_now(session, versions) -> None:
    today = versions[2].created_at.date()
    for frame in (aero_jupyter.read(NAME, as_of=today), aero_jupyter.read(f"{NAME}@{today}")):
        assert (frame.attrs["aero"]["version"], frame.attrs["aero"]["as_of"]) == (3, "now")


def test_before_the_first_version_the_error_names_its_time(session, versions) -> None:
    with pytest.raises(NotFound, match="had no version as of 2020-01-01; version 1 was made at 2") as error:
        aero_jupyter.read(f"{NAME}@2020-01-01")
    assert error.value.cure == f"Read the first version: {NAME}@1"


def test_two_versions_are_not_named_at_once(session, versions) -> None:
    with pytest.raises(InvalidArgument, match="name two versions"):
        aero_jupyter.read(f"{NAME}@1", as_of="2026-01-05")
    with pytest.raises(InvalidArgument, match="no date and no time"):
        aero_jupyter.read(NAME, as_of="last week")


def test_a_date_begins_in_the_configured_zone(session, versions, monkeypatch) -> None:
    monkeypatch.setattr(configured_zone, "name", "Pacific/Kiritimati")
    # There, 14 hours east of Greenwich, the day of the versions is over at the latest 14 hours from now.
    ahead = versions[0].created_at.astimezone(dt.timezone(dt.timedelta(hours=14))).date()
    with pytest.raises(NotFound):
        aero_jupyter.read(NAME, as_of=ahead - dt.timedelta(days=1))
    assert aero_jupyter.read(NAME, as_of=ahead).attrs["aero"]["version"] == 3


def test_the_archive_has_every_version_as_it_is_read(session, versions) -> None:
    kept = aero_jupyter.archive(NAME, keys=["geo_value"], time="time_value")
    assert kept.numbers == (1, 2, 3)
    for version, frame in zip(versions, tables(), strict=True):
        assert_frame_equal(kept.snapshot(version.version), frame)
        assert_frame_equal(kept.as_of(version.created_at), frame)
    assert kept.times.end > versions[-1].created_at
    assert kept.series(("B", "2026-01-01"))["deleted"].tolist() == [False, True, False]


def test_a_second_archive_reads_new_versions_only(session, versions) -> None:
    aero_jupyter.archive(NAME, keys=["time_value", "geo_value"])
    counted: list[tuple[int, int]] = []
    again = aero_jupyter.archive(NAME, keys=["time_value", "geo_value"], progress=lambda *count: counted.append(count))
    assert counted == []
    assert_frame_equal(again.latest, tables()[2])


def test_an_archive_is_stored_and_another_process_reads_no_version_again(session, versions) -> None:
    keys = ["geo_value", "time_value"]
    first = aero_jupyter.archive(NAME, keys=keys, time="time_value")
    program = (
        "import aero_jupyter\ncounted = []\ndef count(*numbers):\n    counted.append(numbers)\n"
        f"built = aero_jupyter.archive({NAME!r}, keys={keys!r}, time='time_value', progress=count)\n"
        "print(counted, built.snapshot(2).to_dict('list'), built.latest.dtypes.to_dict())\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    expected = f"[] {first.snapshot(2).to_dict('list')} {first.latest.dtypes.to_dict()}"
    assert said.stdout.strip() == expected


def test_an_interrupted_archive_resumes_with_the_missing_versions(session, versions) -> None:
    keys = ["value", "geo_value", "time_value"]

    def interrupt(count: int, total: int) -> None:
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        aero_jupyter.archive(NAME, keys=keys, progress=interrupt)
    counted: list[tuple[int, int]] = []
    kept = aero_jupyter.archive(NAME, keys=keys, progress=lambda *count: counted.append(count))
    assert counted == [(1, 1)]
    for version, frame in zip(versions, tables(), strict=True):
        assert_frame_equal(kept.snapshot(version.version), frame)


def test_a_damaged_cache_is_built_again(session, versions, cache) -> None:
    keys = ["geo_value", "value", "time_value"]
    aero_jupyter.archive(NAME, keys=keys)
    for path in (cache / "aero_jupyter" / "archives").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        path.write_bytes(b"no archive")
    archive_cache._archives.clear()
    assert aero_jupyter.archive(NAME, keys=keys).numbers == (1, 2, 3)


def test_progress_is_reported_by_version(session, versions) -> None:
    counted: list[tuple[int, int]] = []
    aero_jupyter.archive(NAME, keys=["geo_value", "time_value"], progress=lambda *count: counted.append(count))
    assert counted == [(1, 3), (2, 3), (3, 3)]


def test_revisions_of_a_dataset(session, versions) -> None:
    found = aero_jupyter.revisions(NAME, "value", min_waiting_period=0).observations
    keys = list(zip(found["geo_value"], found["time_value"], strict=True))
    assert dict(zip(keys, found["n_revisions"], strict=True)) == {
        ("A", "2026-01-01"): 2, ("A", "2026-01-02"): 0, ("B", "2026-01-01"): 0,
    }  # fmt: skip


def test_differences_of_two_versions(session, versions) -> None:
    found = aero_jupyter.diff(f"{NAME}@1", f"{NAME}@2")
    assert str(found).splitlines() == [
        f"{NAME}@1 -> {NAME}@2, by geo_value, time_value (guessed): 2 -> 2 rows; "
        "1 added, 1 removed, 1 changed, 0 unchanged",
        "changed  A, 2026-01-01  value: 10 -> 14 (+40%)",
        "added    A, 2026-01-02  value: 20",
        "removed  B, 2026-01-01  value: 5",
    ]
    assert_frame_equal(found.apply(aero_jupyter.read(NAME, 1)), aero_jupyter.read(NAME, 2))


def test_files_that_are_no_tables_are_compared_as_files(session) -> None:
    source = (
        "from aero_jupyter import AeroOutput\n\n"
        "def write_page(text):\n"
        '    open("page", "w").write(text)\n'
        '    return AeroOutput("vintage page", "page")\n'
    )
    function = portable(source, "write_page")
    for body in ("old", "new"):
        text = f"<!doctype html><html>\n{body}\n</html>\n"
        flow = session.register(
            function, outputs=["vintage page"], policy=PolicyEnum.NONE, kwargs={"text": text}, replace=True
        )
        session.client.wait_for_run(session.client.run_flow(flow.id).id, 120)
    found = aero_jupyter.diff("vintage page@1", "vintage page@2")
    assert found.lines[-4:] == (" <!doctype html><html>", "-old", "+new", " </html>")
    assert not found.is_empty
    assert str(found).splitlines()[:2] == [
        "vintage page@1 -> vintage page@2: no tables",
        "size      34 bytes -> 34 bytes",
    ]
    assert "&lt;html&gt;" in found._repr_html_()
    assert aero_jupyter.diff("vintage page@1", "vintage page@1").is_empty
    with pytest.raises(Unreadable):
        aero_jupyter.diff("vintage page@1", "vintage page@2", keys=["geo"])


def test_a_table_is_compared_with_a_version(session, versions) -> None:
    assert aero_jupyter.diff(tables()[0], f"{NAME}@1", keys=["geo_value"]).is_empty


def test_keys_are_guessed_and_it_is_said_so_until_they_are_described(session, versions) -> None:
    guessed = aero_jupyter.describe(NAME)
    assert guessed == {"keys": ["geo_value", "time_value"], "time": "time_value", "value": [], "guessed": True}
    with pytest.raises(InvalidArgument, match="has no column day") as error:
        aero_jupyter.describe(NAME, keys=["day"])
    assert error.value.cure == "Choose from: geo_value, time_value, value"
    try:
        aero_jupyter.describe(NAME, keys=["geo_value"], time="time_value", value="value")
        assert aero_jupyter.describe(NAME)["guessed"] is False
        assert "by geo_value, time_value:" in str(aero_jupyter.diff(f"{NAME}@1", f"{NAME}@2"))
        assert aero_jupyter.revisions(NAME, min_waiting_period=0).value == "value"
    finally:
        from aero_jupyter.session.profiles import descriptions_file_of

        descriptions_file_of(None).set("datasets", versions[0].data_id, {})


def test_a_dataset_whose_rows_no_columns_identify_is_refused(session) -> None:
    source = 'import pandas as pd\n\ndef measure():\n    return pd.DataFrame({"rate": [0.5, 0.5]})\n'
    flow = session.register(portable(source, "measure"), outputs=["vintage rates"], policy=PolicyEnum.NONE)
    session.client.wait_for_run(session.client.run_flow(flow.id).id, 120)
    with pytest.raises(InvalidArgument, match="No columns of vintage rates identify its rows") as error:
        aero_jupyter.archive("vintage rates")
    assert error.value.cure == 'Name them: aero.describe("vintage rates", keys=["…"])'


def test_a_dataset_without_versions_is_refused(session) -> None:
    source = "def never():\n    return None\n"
    session.register(portable(source, "never"), outputs=["vintages unborn"], policy=PolicyEnum.NONE)
    with pytest.raises(InvalidArgument, match="vintages unborn has no versions yet"):
        aero_jupyter.archive("vintages unborn", keys=["geo"])
