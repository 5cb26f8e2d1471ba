"""Columns stay in their place and codes stay text, whatever options a text table is read with."""

from __future__ import annotations

import io
from typing import Any

import pytest

from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader

_ROWS = "".join(f"{at},{at + 1},{at + 2}\n" for at in range(40))
_LONGER = "The rows have more cells than the header, so their first cells are the index."


def reader_of(text: str, **options: Any) -> tuple[TableReader, Any]:
    reader = TableReader("x", ["x.csv"], None, None, options)
    return reader, reader.read(io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("from CDC\na,b\n01,2,\n3,4,\n", {"skiprows": 1}),
        ("a,b\nunits,m\n01,2,\n3,4,\n", {"skiprows": [1]}),
        ("from CDC\na,b\n01,2,\n3,4,\n", {"header": 1}),
        ("from CDC\na,b\n01,2\n3,4,\n", {"header": 1}),
        ("x,y\n01,2,\n3,4,\n", {"header": 0, "names": ["a", "b"]}),
        ("a,b,c\n01,2,9,\n3,4,9,\n", {"usecols": ["a", "b"]}),
        ("a,b,c\n01,2,9,\n3,4,9,\n", {"usecols": [0, 1]}),
        ("a,b,c\n01,2,9,\n3,4,9,\n", {"usecols": lambda name: name != "c"}),
        ("a,b\n01,2,,\n3,4,,\n", {}),
        ("\n\na,b\n01,2,\n3,4,\n", {}),
    ],
)
def test_a_trailing_separator_shifts_no_column_whatever_the_options(text: str, options: dict[str, Any]) -> None:
    reader, frame = reader_of(text, **options)
    assert frame.to_dict("list") == {"a": ["01", "3"], "b": [2, 4]}
    assert reader.notes == []


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a,b\n001,1,2\n002,3,4\n", {}),
        ("a,b\n001,1,2\n002,3,4\n", {"usecols": ["a", "b"]}),
        ("001,1,2\n002,3,4\n", {"names": ["a", "b"]}),
    ],
)
def test_names_of_rows_are_the_index_and_a_note_says_so(text: str, options: dict[str, Any]) -> None:
    reader, frame = reader_of(text, **options)
    assert frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert list(frame.index) == ["001", "002"]
    assert reader.notes == [_LONGER]


@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4,5\n", "a,b\n1,2,\n3,4,5\n", "\n\na,b\n1,2\n3,4,\n"])
def test_some_longer_rows_are_refused(text: str) -> None:
    with pytest.raises(TableError, match="does not read as csv"):
        reader_of(text)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("fips,v\n01,1\n02,2\n", {"index_col": 0}),
        ("fips,v\n01,1\n02,2\n", {"index_col": "fips"}),
        ("fips,sub,v\n01,001,1\n02,002,2\n", {"index_col": [0, 1]}),
        ("fips,v\n01,1\n02,2\n", {"index_col": 0, "dtype_backend": "numpy_nullable"}),
    ],
)
def test_codes_in_the_index_stay_text(text: str, options: dict[str, Any]) -> None:
    _, frame = reader_of(text, **options)
    assert frame.index.get_level_values(0).tolist() == ["01", "02"]
    assert frame.index.get_level_values(-1).tolist()[0].startswith("0")


@pytest.mark.parametrize(
    "options",
    [
        {"dtype_backend": "numpy_nullable"},
        {"converters": {"v": str}},
        {"quoting": 3},
        {"engine": "pyarrow"},
        {"engine": "python"},
    ],
)
def test_an_option_of_another_column_makes_no_number_of_a_code(options: dict[str, Any]) -> None:
    if options.get("engine") == "pyarrow":
        pytest.importorskip("pyarrow")
    _, frame = reader_of("fips,v\n01,1\n02,2\n", **options)
    assert frame["fips"].tolist() == ["01", "02"]


def test_a_type_that_is_asked_for_is_the_type() -> None:
    assert reader_of("fips,v\n01,1\n", dtype={"fips": "int64"})[1]["fips"].tolist() == [1]
    assert reader_of("fips,v\n01,1\n", converters={0: int})[1]["fips"].tolist() == [1]
    assert reader_of('"day","v"\n"01",02\n', quoting=2)[1]["v"].tolist() == [2]


@pytest.mark.parametrize(
    ("lead", "count"),
    [
        ("Rivers\n", 1),
        ("Rivers\nof 2026\n", 2),
        ("# rivers\n# of 2026, all\n", 2),
        ("Rivers\n\nof 2026\n", 3),
        ("Rivers,,\n,,\n", 2),
        ("Rivers, all\nof 2026\n", 2),
        ("sep=,\n", 1),
    ],
)
def test_lines_above_a_long_table_are_said_with_their_count(lead: str, count: int) -> None:
    with pytest.raises(TableError, match="not part of the table") as caught:
        reader_of(lead + "a,b,c\n" + _ROWS)
    assert f"skiprows={count}," in caught.value.cure
    assert list(reader_of(lead + "a,b,c\n" + _ROWS, skiprows=count)[1].columns) == ["a", "b", "c"]
    assert len(reader_of("a,b,c\n" + _ROWS)[1]) == 40


def test_a_table_of_two_columns_below_a_line_is_not_one_column() -> None:
    with pytest.raises(TableError, match="begins with a line"):
        reader_of("Source: CDC\na,b\n1,2\n3,4\n")
    for text in ("name\nDoe, John\nRoe, Jane\n", "v\n1,5\n2,5\n"):
        assert reader_of(text)[1].shape == (2, 1)


@pytest.mark.parametrize(
    "text", ["AL,01001\nAK,02001\n", "x,10001\ny,01001\n", "1/2/20,a\n1/3/20,b\n", "2026-W01,a\n2026-W02,b\n"]
)
def test_a_first_row_of_codes_or_dates_is_kept(text: str) -> None:
    reader, frame = reader_of(text)
    assert len(frame) == 2
    assert "header=0" in reader.notes[0]


@pytest.mark.parametrize("text", ["region,001,002\nx,1,2\ny,3,4\n", "region,2026-01,2026-02\nx,1,2\ny,3,4\n"])
def test_codes_and_months_over_numbers_are_names(text: str) -> None:
    reader, frame = reader_of(text)
    assert list(frame.columns) == text.split("\n", 1)[0].split(",")
    assert reader.notes == []


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('day,n\n1,"1,234"\n2,"22,345"\n', {"thousands": ","}),
        ('day,n\n1,"1234,0"\n2,"22345,0"\n', {"decimal": ","}),
    ],
)
def test_quoted_numbers_with_the_separator_as_their_mark(text: str, options: dict[str, Any]) -> None:
    assert reader_of(text, **options)[1]["n"].tolist() == [1234, 22345]
