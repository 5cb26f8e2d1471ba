"""A small workbook with very many rows, and reading that takes too long, end in one sentence."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pandas as pd
import pytest

from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader


def packed_workbook(rows: int) -> bytes:
    """Return a workbook whose sheet holds many equal rows, which pack to little."""
    plain, buffer = io.BytesIO(), io.BytesIO()
    pd.DataFrame({"a": [1]}).to_excel(plain, index=False)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                head, _, tail = content.rpartition(b"</sheetData>")
                content = head + b"<row><c><v>1</v></c></row>" * rows + b"</sheetData>" + tail
            new.writestr(entry.filename, content)
    return buffer.getvalue()


def read(content: bytes, name: str, **options: Any) -> Any:
    return TableReader("x", [name], None, None, options).read(io.BytesIO(content))


@pytest.mark.parametrize("rows", [1_000_000, 400_000])
def test_a_small_workbook_with_very_many_rows_is_refused(rows: int) -> None:
    content = packed_workbook(rows)
    assert len(content) < 300_000
    with pytest.raises(TableError, match="unpacks to more than 200 times") as caught:
        read(content, "x.xlsx")
    assert "max_bytes=" in caught.value.cure


def test_max_bytes_lifts_the_limits_of_a_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_READ_RATIO", "0.001")
    monkeypatch.setenv("AERO_READ_SECONDS", "0.000001")
    content = packed_workbook(100)
    assert len(read(content, "x.xlsx", max_bytes=1 << 30)) == 101


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.xlsx"])
def test_reading_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AERO_READ_SECONDS", "0.000001")
    content = {"x.csv": b"a,b\n1,2\n", "x.json": b'[{"a": 1}]', "x.xlsx": packed_workbook(3)}[name]
    with pytest.raises(TableError, match="was not read within") as caught:
        read(content, name)
    assert "max_bytes=" in caught.value.cure
