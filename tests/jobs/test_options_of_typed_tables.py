"""Reader options on a table whose types are stored: they keep the types, or the reader says that they replace them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader
from aero_jupyter.jobs.typed_csv import write_typed_csv

FRAME = pd.DataFrame({"code": ["01001", "00501", "3_1"], "day": pd.to_datetime(["2026-01-01"] * 3), "n": [1, 2, 3]})


def read(options: dict[str, Any], folder: Path) -> tuple[Any, list[str]]:
    path = Path(write_typed_csv(FRAME, str(folder / "cases.typed.csv")))
    types = next(folder.glob("*.types.json")).read_bytes()
    reader = TableReader("cases", ["cases.csv"], ".csv", None, options)
    return reader.read(io.BytesIO(path.read_bytes()), types), reader.notes


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"nrows": 2}, FRAME.head(2)),
        ({"usecols": ["day", "code"]}, FRAME[["code", "day"]]),
        ({"usecols": [0, 1]}, FRAME[["code", "day"]]),
        ({"usecols": ["code"], "nrows": 0}, FRAME[["code"]].head(0)),
    ],
)
def test_a_part_of_a_table_has_its_types(options: dict[str, Any], expected: pd.DataFrame, tmp_path: Path) -> None:
    found, notes = read(options, tmp_path)
    pd.testing.assert_frame_equal(found, expected)
    assert notes == []


@pytest.mark.parametrize("options", [{"dtype": {"code": "str"}}, {"header": None}, {"dtype": str, "nrows": 1}])
def test_other_options_replace_the_types_with_a_note(options: dict[str, Any], tmp_path: Path) -> None:
    _, notes = read(options, tmp_path)
    assert any("not with the types it was stored with" in note for note in notes)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="it has no column cases"):
        read({"usecols": ["code", "cases"]}, tmp_path)
