"""Separators, headers and packings of text tables as they are found in the wild."""

from __future__ import annotations

import io
import struct
from typing import Any

import pandas as pd
import pytest

from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader


def reader_of(content: bytes, name: str = "x.csv", **options: Any) -> tuple[TableReader, Any]:
    reader = TableReader("x", [name], None, None, options)
    return reader, reader.read(io.BytesIO(content))


SEPARATED = {
    "semicolons with commas in text": "name;n\nSmith, John;1\nDoe, Jane;2\n",
    "tabs with commas in text": "name\tn\nSmith, John\t1\nDoe, Jane, jr\t2\n",
    "pipes": "name|n\nSmith, John|1\na;b|2\n",
    "commas with semicolons in text": 'name,n\n"a;b;c",1\nx;y,2\n',
    "quoted newlines": 'name;n\n"two\nlines, or three";1\n"a;b";2\n',
    "decimal commas": "name;n\nx;1\ny;2\n",
}


@pytest.mark.parametrize("text", SEPARATED.values(), ids=SEPARATED)
def test_the_separator_is_the_one_of_all_rows(text: str) -> None:
    _, frame = reader_of(text.encode())
    assert list(frame.columns) == ["name", "n"]
    assert frame["n"].tolist() == [1, 2]


@pytest.mark.parametrize("text", ["code\n01\n02\n", "text\nhello world\n'a b'\n", "t\nhello, world\nno comma\n"])
def test_one_column_stays_one_column(text: str) -> None:
    _, frame = reader_of(text.encode())
    assert frame.shape == (2, 1)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Rivers\nday;level\na;1\nb;2\n", 1),
        ("Rivers\nof 2026\nday\tlevel\na\t1\nb\t2\n", 2),
        ("Rivers\na,b,c\n1,2,3\n4,5,6\n", 1),
    ],
)
def test_lines_above_the_table_are_said_with_their_count(text: str, count: int) -> None:
    with pytest.raises(TableError, match="not part of the table") as caught:
        reader_of(text.encode())
    assert f"skiprows={count}," in caught.value.cure
    _, frame = reader_of(text.encode(), skiprows=count)
    assert len(frame) == 2


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01,north\n2026-01-02,south\n",
        "a;2026-01-01 10:00;5\nb;2026-01-01 11:00;6\n",
        "2020,15.3\n2021,16.2\n",
        "x,1,2,3.5\ny,4,5,9\n",
    ],
)
def test_a_first_row_of_data_is_kept(text: str) -> None:
    reader, frame = reader_of(text.encode())
    assert len(frame) == 2
    assert "header=0" in reader.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "region,2019,2020\nx,1,2\ny,3,4\n",
        "year,n\n2020,1\n2021,2\n",
        "dose,0.1,0.5,1\nx,9,4,5\ny,1,7,2\n",
        "region,2026-01-01,2026-01-02\nx,1,2\ny,3,4\n",
        "0,1,2\n5,6,7\n8,9,9\n",
        "id\n1\n2\n",
    ],
)
def test_an_ordinary_header_is_names_without_a_note(text: str) -> None:
    reader, frame = reader_of(text.encode())
    assert len(frame) == 2
    assert list(frame.columns) == text.split("\n", 1)[0].split(",")
    assert reader.notes == []


def test_years_over_years_are_names_and_the_note_says_how_to_read_them_as_data() -> None:
    reader, frame = reader_of(b"north,2020\nsouth,2021\n")
    assert len(frame) == 1
    assert "header=None" in reader.notes[0]
    assert len(reader_of(b"north,2020\nsouth,2021\n", header=None)[1]) == 2


@pytest.mark.parametrize("name", ["x.csv", "x.csv.zst", "x.bin"])
def test_zstandard_is_recognised_by_its_bytes(name: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    packed = pyarrow.compress(b"a,b\n01,2\n", codec="zstd", asbytes=True)
    _, frame = reader_of(packed, name)
    assert frame.to_dict("list") == {"a": ["01"], "b": [2]}


@pytest.mark.parametrize("kind", ["european", "indian", "spaces"])
def test_thousands_are_read_only_where_they_stand_right(kind: str) -> None:
    text, options = {
        "european": ("day;n\n01.02.2026;1.234,5\n02.02.2026;7\n", {"thousands": ".", "decimal": ","}),
        "indian": ("day;n\n01,02,2026;1,234.5\n02,02,2026;7\n", {"thousands": ",", "sep": ";"}),
        "spaces": ("day;n\n01 02 2026;1 234.5\n02 02 2026;7\n", {"thousands": " "}),
    }[kind]
    _, frame = reader_of(text.encode(), **options)
    assert frame["n"].tolist() == [1234.5, 7]
    assert [str(day)[:2] for day in frame["day"]] == ["01", "02"]


def bomb(rows: int, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({f"c{at}": pd.Series([0], dtype="int64").repeat(rows) for at in range(8)}).to_parquet(
        buffer, index=False, **options
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    "options",
    [{}, {"compression": "gzip", "use_dictionary": False}, {"row_group_size": 500_000}],
    ids=["one value", "zeros", "row groups"],
)
def test_a_parquet_file_that_grows_without_measure_is_refused_unless_asked_for(options: dict[str, Any]) -> None:
    content = bomb(2_000_000, **options)
    with pytest.raises(TableError, match=r"unpacks to more than") as caught:
        reader_of(content, "x.parquet")
    assert "max_bytes=" in caught.value.cure
    _, frame = reader_of(content, "x.parquet", max_bytes=1 << 30)
    assert len(frame) == 2_000_000


def test_a_parquet_file_whose_footer_lies_is_said() -> None:
    content = bytearray(bomb(10))
    content[-8:-4] = struct.pack("<I", 1 << 30)
    with pytest.raises(TableError, match="does not read as parquet"):
        reader_of(bytes(content), "x.parquet")
