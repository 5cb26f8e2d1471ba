"""Long integers beside missing values, labels and damaged characters are read as they are, or refused."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pytest

from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader

ID = 12345678901234567


def read(content: bytes, name: str, **options: Any) -> Any:
    return TableReader("x", [name], None, None, options).read(io.BytesIO(content))


@pytest.mark.parametrize(
    "value",
    [
        [{"id": ID}, {"id": None}],
        [{"id": ID}, {"other": 1}],
        {"id": [ID, None]},
        {"id": {"0": ID, "1": None}},
        {"columns": ["id"], "data": [[ID], [None]]},
    ],
)
def test_an_integer_of_a_json_file_keeps_its_digits_beside_a_missing_one(value: Any) -> None:
    column = read(json.dumps(value).encode(), "x.json")["id"]
    assert column[0] == ID
    assert pd.isna(column[1])


@pytest.mark.parametrize("largest", [ID, 2**64 - 1])
def test_an_integer_of_a_parquet_file_keeps_its_digits_beside_a_missing_one(largest: int) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    buffer = io.BytesIO()
    parquet.write_table(
        arrow.table({"id": arrow.array([largest, None], arrow.uint64()), "n": [1, None], "f": [1e300, 0.5]}), buffer
    )
    frame = read(buffer.getvalue(), "x.parquet")
    assert frame["id"][0] == largest
    assert pd.isna(frame["id"][1])
    assert frame["n"].dtype == frame["f"].dtype == "float64"
    assert read(buffer.getvalue(), "x.parquet", columns=["id"])["id"][0] == largest


@pytest.mark.parametrize(("orient", "value"), [("columns", {"v": {"01001": 1}}), ("index", {"01001": {"v": 1}})])
def test_labels_of_a_json_file_stay_text_with_its_options(orient: str, value: Any) -> None:
    assert read(json.dumps(value).encode(), "x.json", orient=orient).index.tolist() == ["01001"]


def test_fields_that_have_an_id_and_no_name_are_columns() -> None:
    value = {"fields": [{"id": "fips", "type": "text"}, {"id": "n"}], "records": [["01001", 1]]}
    assert read(json.dumps(value).encode(), "x.json").to_dict("list") == {"fips": ["01001"], "n": [1]}


@pytest.mark.parametrize("name", ["x.csv", "x.json"])
def test_one_damaged_character_makes_no_other_text_of_all_others(name: str) -> None:
    text = "a\n" + "Málaga\n" * 500 if name == "x.csv" else '[{"a": "' + "Málaga " * 500 + '"}]'
    content = text.encode().replace("á".encode(), b"\xe1", 1)
    with pytest.raises(TableError, match="no characters of utf-8") as caught:
        read(content, name)
    assert "encoding_errors='replace'" in caught.value.cure
    assert "Málaga" in str(read(content, name, encoding_errors="replace")["a"].iloc[-1])


def test_letters_that_begin_late_decide_the_encoding() -> None:
    content = ("a,b\n" + "x,y\n" * 20_000 + "Москва,Санкт-Петербург\n" * 50).encode("cp1251")
    assert read(content, "x.csv")["a"].iloc[-1] == "Москва"
