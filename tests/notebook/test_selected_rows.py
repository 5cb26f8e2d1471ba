"""The selected rows of a table are loaded, compared, downloaded and copied; a workbook holds no formula of a server."""

from __future__ import annotations

import io
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.tables import downloads
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.session.profiles import descriptions_file_of


@pytest.fixture
def versions(shell: Any, influent: Any) -> Any:
    """A table of the versions of a dataset, all of them selected; its tasks run at once."""
    views: list[dict[str, Any]] = []
    listing = QueryResult(aero_jupyter.current(), ListQuery("version", "influent"))
    pager = Pager(listing, views.append, lambda _: "code", begin=lambda task: task())
    pager.start()
    pager.act({"do": "select", "ids": [row.id for row in views[-1].rows], "on": True})
    return pager


def test_selected_versions_are_loaded_as_variables(versions: Any) -> None:
    versions.act({"do": "load selected"})
    note = versions.view().note
    assert note.count("Loaded as influent") == len(versions.selected) >= 2
    assert "version 1, " in note
    assert "version 2, " in note


def test_two_versions_are_compared_the_older_one_first(versions: Any) -> None:
    versions.act({"do": "clear"})
    versions.act({"do": "select", "ids": [row.id for row in versions.view().rows[:2]], "on": True})
    versions.act({"do": "compare selected"})
    detail = versions.view().detail
    assert detail.heading == "influent@1 → influent@2"
    assert "influent@1 -> influent@2" in detail.pre


def test_the_data_and_the_code_of_selected_versions_are_taken(versions: Any) -> None:
    client = aero_jupyter.current().client
    files = list(downloads.data_files(client, versions.selected))
    assert len(files) == len(versions.selected)
    assert all(file.content.startswith(b"sample_collect_date") for file in files)
    code = next(each["copy"] for each in versions.view().chosen if each["text"] == "Copy code")
    space: dict[str, Any] = {}
    exec(code, space)
    assert "version=2" in code


def test_data_that_the_browser_cannot_take_is_refused(versions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_DATA_BYTES", 10)
    with pytest.raises(InvalidArgument, match="at most 10 B"):
        list(downloads.data_files(aero_jupyter.current().client, versions.selected))


def test_a_workbook_holds_texts_as_they_are_and_no_formula() -> None:
    pytest.importorskip("openpyxl")
    hostile = '=HYPERLINK("http://x")'
    rows = [("data", Data("1", hostile)), ("data", Data("2", "sewage\x07"))]
    file = downloads.table_file("data", "xlsx", "data", rows)
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
    assert (sheet["A2"].value, sheet["A2"].data_type) == (hostile, "s")
    assert "updated (UTC)" in [cell.value for cell in sheet[1]]


def test_selected_versions_are_compared_by_the_described_keys(versions: Any) -> None:
    data_id = aero_jupyter.current().client.resolve_data("influent").id
    aero_jupyter.describe("influent", keys=["sample_collect_date"])
    try:
        versions.act({"do": "clear"})
        versions.act({"do": "select", "ids": [row.id for row in versions.view().rows[:2]], "on": True})
        versions.act({"do": "compare selected"})
        assert "by sample_collect_date:" in versions.view().detail.pre
    finally:
        descriptions_file_of(aero_jupyter.current().profile).set("datasets", data_id, {})
