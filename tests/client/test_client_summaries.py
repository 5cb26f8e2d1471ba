"""The summary of a table on a server that does not compute it: read and summarized in the kernel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from support.server_standins import Newest, serve_standin

from aero_jupyter.client import AeroClient

CSV = b"day,cases\n2026-01-01,3\n2026-01-02,5\n"


def parquet() -> bytes:
    content = io.BytesIO()
    pd.read_csv(io.BytesIO(CSV)).to_parquet(content)
    return content.getvalue()


@pytest.fixture
def newest() -> Iterator[Any]:
    # Without a prefix, the stand-in also serves the bytes.
    with serve_standin(Newest()) as server:
        yield server


@pytest.mark.parametrize(("content", "file_type"), [(CSV, ".csv"), (parquet(), ".parquet")])
def test_the_kernel_summarizes_a_version_of_a_real_server(newest: Any, content: bytes, file_type: str) -> None:
    data = newest.add_data("cases")
    newest.add_version(data, content, file_type)
    with AeroClient(newest.url) as client:
        found = client.summarize(data["id"])
    assert [(each.name, each.kind) for each in found.columns] == [("day", "date"), ("cases", "number")]
    assert [point.mean for point in found.series[0].points] == [3, 5]


def test_what_is_no_table_has_a_reason(newest: Any) -> None:
    data = newest.add_data("page")
    newest.add_version(data, b"<!doctype html><title>x</title>", ".html")
    with AeroClient(newest.url) as client:
        assert client.summarize(data["id"]).reason == "page version 1 holds a web page, not a table."
