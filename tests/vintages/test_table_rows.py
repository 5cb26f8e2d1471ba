"""Some rows of a table: those asked for, of a Parquet file without the rest of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aero_jupyter.core.errors import ServerFailed
from aero_jupyter.core.table_rows import TableRows, parse_rows
from aero_jupyter.vintages.table_rows import rows_of_file

ROWS, GROUP = 100_000, 7_000
FRAME = pd.DataFrame({"n": np.arange(ROWS), "site": [f"s{each % 7}" if each % 5 else None for each in range(ROWS)]})


def parquet_bytes(frame: pd.DataFrame, group: int) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame), file, row_group_size=group)
    return file.getvalue()


STORED = parquet_bytes(FRAME, GROUP)


def never() -> Any:
    raise AssertionError("The whole file was read.")


@given(st.integers(0, ROWS + 100), st.integers(1, 1_000))
def test_rows_of_parquet_are_those_of_the_whole_table(start: int, count: int) -> None:
    found = rows_of_file(io.BytesIO(STORED), never, start, count)
    whole = FRAME.iloc[start : start + count]
    assert (found.start, found.total) == (start, ROWS)
    assert [row[0] for row in found.rows] == [str(number) for number in whole["n"]]
    assert [row[1] for row in found.rows] == [None if pd.isna(site) else site for site in whole["site"]]


def test_other_row_groups_are_not_read() -> None:
    broken = bytearray(STORED)
    with pq.ParquetFile(io.BytesIO(STORED)) as file:
        for group in range(file.metadata.num_row_groups):
            if group == 5:
                continue
            for at in range(file.metadata.num_columns):
                column = file.metadata.row_group(group).column(at)
                first = column.dictionary_page_offset or column.data_page_offset
                broken[first : first + column.total_compressed_size] = bytes(column.total_compressed_size)
    found = rows_of_file(io.BytesIO(bytes(broken)), never, 5 * GROUP + 100, 20)
    assert [row[0] for row in found.rows] == [str(5 * GROUP + 100 + each) for each in range(20)]


def test_an_index_without_a_name_is_no_column() -> None:
    stored = parquet_bytes(FRAME.head(40).query("n % 2 == 1"), 10)
    assert rows_of_file(io.BytesIO(stored), never, 18, 5).rows == (("37", "s2"), ("39", "s4"))


def test_options_of_the_reader_and_other_formats_read_the_table() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
    assert rows_of_file(io.BytesIO(STORED), lambda: frame, 1, 5, by_columns=False) == TableRows(
        1, 3, (("2", None), ("3", "z"))
    )
    assert rows_of_file(io.BytesIO(b"a,b\n"), lambda: {"sheet": frame, "other": FRAME}, 2, 1).rows == (("3", "z"),)
    assert rows_of_file(io.BytesIO(b"a,b\n"), lambda: frame.head(0), 0, 10) == TableRows(0, 0)


@pytest.mark.parametrize("body", [None, [], {}, {"rows": 3}, {"rows": [3], "start": 0, "total": 1, "reason": ""}])
def test_something_else_is_refused(body: object) -> None:
    with pytest.raises(ServerFailed, match="something else than rows"):
        parse_rows(body)


def test_rows_survive_the_way_as_json() -> None:
    rows = TableRows(4, 9, (("1", None), ("2", "x")))
    assert parse_rows(rows.as_json()) == rows
