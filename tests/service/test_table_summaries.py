"""Summaries of tables: computed once in a worker, stored beside the content, and refused in a sentence."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from support.rest_caller import RestCaller
from support.waiting import wait_until

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.table_summary import TableSummary
from aero_jupyter.service.maintenance import garbage

TABLE = """
def tabled():
    import pandas as pd
    days = pd.date_range("2026-01-01", periods=4)
    return pd.DataFrame({"day": days, "cases": [1, 2, 3, None], "site": ["a", "b", "b", "<i>"]})
"""
PARQUET = (
    TABLE.replace("tabled", "tabled_parquet").replace("return pd", "table = pd")
    + "    table.to_parquet('t.parquet')\n    return 't.parquet'\n"
)
PICTURE = """
def pictured():
    open("p.png", "wb").write(b"\\x89PNG\\r\\n\\x00\\x00")
    return "p.png"
"""


def made(code: str, name: str) -> Data:
    session = aero_jupyter.local()
    flow = session.register(portable(code), outputs=[name])
    run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 240)
    assert run.state == "done", run.error
    return flow.outputs[0]


def summarize(data: Data) -> TableSummary:
    return aero_jupyter.local().client.summarize(data.id)


@pytest.fixture
def stored(aero_home: Path) -> Any:
    return lambda: sorted((aero_home / "summaries").glob("*.json"))


@pytest.mark.parametrize(("code", "name"), [(TABLE, "summary_csv"), (PARQUET, "summary_parquet")])
def test_a_version_has_a_summary(aero: object, code: str, name: str) -> None:
    found = summarize(made(code, name))
    assert (found.rows, found.column_count, found.reason) == (4, 3, "")
    assert [(each.name, each.kind, each.missing) for each in found.columns] == [
        ("day", "date", 0), ("cases", "number", 1), ("site", "text", 0),
    ]  # fmt: skip
    assert found.head[3] == ("2026-01-04", None, "<i>")
    assert [point.mean for point in found.series[0].points] == [1, 2, 3]


def test_a_summary_is_computed_once_and_removed_with_its_content(aero: object, aero_home: Path, stored: Any) -> None:
    data = made(TABLE.replace("<i>", "once"), "summary_once")
    before = set(stored())
    first = summarize(data)
    (file,) = set(stored()) - before
    written = file.stat().st_mtime_ns
    assert summarize(data) == first
    assert file.stat().st_mtime_ns == written
    # Other datasets of this AERO may be judged just now; their logs go as well.
    wait_until(lambda: not list((aero_home / "summaries").glob("*.log")))
    orphan = file.with_name(f"{'0' * 64}.{'0' * 16}.json")
    orphan.write_text("{}")
    os.utime(orphan, (time.time() - 10 * garbage.FRESH,) * 2)
    garbage.gc(aero_home)
    assert (file.exists(), orphan.exists()) == (True, False)


def test_other_reader_options_make_another_summary(aero: object) -> None:
    data = made(TABLE.replace("<i>", "options"), "summary_options")
    client = aero_jupyter.local().client
    assert summarize(data).rows == 4
    client.store_read_options(data, {"nrows": 2})
    assert summarize(data).rows == 2


def test_a_file_that_is_no_table_has_a_reason(aero: object) -> None:
    found = summarize(made(PICTURE, "summary_picture"))
    assert (found.columns, found.rows) == ((), 0)
    assert found.reason == "summary_picture version 1 is not a table in a format that this package reads."


def test_a_missing_dataset_and_a_missing_version_are_refused(call: RestCaller) -> None:
    data = made(TABLE.replace("<i>", "missing"), "summary_missing")
    assert call("GET", f"data/{'0' * 8}-0000-4000-8000-{'0' * 12}/summary").status_code == 404
    answer = call("GET", f"data/{data.id}/summary", params={"version": 7})
    assert (answer.status_code, answer.json()["detail"]) == (404, "summary_missing has no version 7.")
    assert call("GET", f"data/{data.id}/summary", params={"version": "x"}).status_code == 422


@pytest.mark.parametrize(("code", "name"), [(TABLE, "rows_csv"), (PARQUET, "rows_parquet")])
def test_rows_are_read_from_any_position(aero: object, call: RestCaller, code: str, name: str) -> None:
    data, client = made(code, name), aero_jupyter.local().client
    found = client.rows(data.id, start=1, count=2)
    assert (found.start, found.total, [row[1:] for row in found.rows]) == (1, 4, [("2", "b"), ("3", "b")])
    assert client.rows(data.id, 1, start=3, count=100).rows[0][1:] == (None, "<i>")
    assert client.rows(data.id, start=4).rows == ()
    for params in ({"start": -1}, {"count": 0}, {"count": 1_001}):
        assert call("GET", f"data/{data.id}/rows", params=params).status_code == 422
        with pytest.raises(InvalidArgument, match="start must be 0 or more, count from 1 to 1,000"):
            client.rows(data.id, **params)
    assert call("GET", f"data/{data.id}/rows", params={"version": 7}).status_code == 404


def test_what_is_no_table_has_no_rows_and_a_reason(aero: object) -> None:
    data = made(PICTURE, "rows_picture")
    found = aero_jupyter.local().client.rows(data.id)
    assert found.rows == ()
    assert found.reason
