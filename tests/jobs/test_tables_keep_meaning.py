"""Returned DataFrames are read back unchanged, and files are read with their meaning."""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import json
import lzma
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.scripted_web import WebServer

from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader
from aero_jupyter.jobs.task import run_user
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX, read_typed_csv, write_frame

_ZONED = pd.to_datetime(["2026-03-29 01:00", "2026-10-25 01:00"]).tz_localize("UTC").tz_convert("Europe/Paris")
_COLUMNS = pd.MultiIndex.from_tuples([("cases", "new"), ("cases", "")], names=["what", None])
FRAMES = {
    "text codes": pd.DataFrame({"fips": ["01001", "00501", "3_1"], "day": ["2026-01-01", "NA", "nan"]}),
    "empty text beside missing": pd.DataFrame({"a": ["", None, "x\r\ny"]}),
    "objects": pd.DataFrame({"o": pd.Series(["1", None], dtype=object), "b": pd.Series([True, None], dtype=object)}),
    "numbers": pd.DataFrame({"i": [1, 2], "f": [0.1, None], "I": pd.array([1, None], "Int64")}),
    "booleans": pd.DataFrame({"b": pd.array([True, None], "boolean"), "c": [True, False]}),
    "times": pd.DataFrame({"d": pd.to_datetime(["2026-01-01", None]), "z": _ZONED}),
    "spans": pd.DataFrame({"t": pd.to_timedelta(["1D", None]), "p": pd.PeriodIndex(["2026-01", "2026-02"], freq="M")}),
    "dates": pd.DataFrame({"d": [datetime.date(2026, 1, 1), None], "m": [Decimal("1.10"), None]}),
    "categories": pd.DataFrame(
        {"c": pd.Categorical(["b", None], ["c", "b"], ordered=True), "n": pd.Categorical([3, 1])}
    ),
    "nested": pd.DataFrame({"l": [[1, 2], []], "m": [1, "a"]}),
    "columns of two levels": pd.DataFrame([[1, "x"]], columns=_COLUMNS),
    "index of two levels": pd.DataFrame({"k": ["01", "02"], "j": [1, 2], "v": [1, 2]}).set_index(["k", "j"]),
    "empty": pd.DataFrame({"a": pd.Series(dtype="int64"), "b": pd.Series(dtype="datetime64[us]")}),
    "twice the same name": pd.DataFrame([[1, "a"]], columns=["x", "x"]),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_returned_table_comes_back_with_its_types(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = write_frame("out", frame, str(tmp_path))
    assert path.endswith(".csv")
    types = json.loads(Path(path + TYPES_SUFFIX).read_text())
    with open(path, "rb") as file:
        pd.testing.assert_frame_equal(read_typed_csv(file, types), frame, check_index_type=False)


@pytest.mark.parametrize("change", ["dropna()", "sort_values('a')", "query('a > 1')"])
def test_columns_do_not_depend_on_rows(change: str, tmp_path: Path) -> None:
    frame = eval(f"frame.{change}", {"frame": pd.DataFrame({"a": [3.0, None, 2.0]})})
    path = write_frame("out", frame, str(tmp_path))
    assert Path(path).read_text().splitlines()[0] == "a"


SOURCE = """
import pandas as pd
def passed(codes: pd.DataFrame):
    assert codes["fips"].tolist() == ["01001", "3_1"], codes
    return codes
"""


@pytest.mark.parametrize("content", [b"fips,n\n01001,1\n3_1,2\n", b"\xef\xbb\xbffips;n\n01001;1\n3_1;2\n"])
def test_a_parameter_annotated_as_a_dataframe_receives_one(
    web_server: WebServer, aero: dict[str, Any], content: bytes
) -> None:
    web_server.files["/coll/in.csv"] = content
    entry = {"id": "d0", "file_bn": "in.csv", "collection_url": f"{web_server.url}/coll", "collection_uuid": "c0"}
    cell = {"source": SOURCE, "name": "passed", "first_line": 1, "filename": "<cell>", "source_parameter": None}
    made = run_user(cell, (), {"aero": {**aero, "input_data": {"codes": entry}}})["aero"]["output_data"]["clean"]
    # The next function reads the same types from the stored version.
    again = {**entry, "file_bn": made["file_bn"]}
    results = run_user(cell, (), {"aero": {**aero, "input_data": {"codes": again}}})
    assert results["aero"]["output_data"]["clean"]["checksum"] == made["checksum"]


def read(content: bytes, name: str = "x.csv", encoding: str | None = None, **options: Any) -> Any:
    return TableReader("x", [name], None, encoding, options).read(io.BytesIO(content))


@pytest.mark.parametrize("value", ["01001", "+1", "3_1", "0.12345678901234567891", "1234567890.1234567890"])
def test_a_column_is_numbers_only_if_every_value_survives(value: str) -> None:
    assert read(f"a,b\n{value},1\n2,2\n".encode())["a"].tolist() == [value, "2"]


@pytest.mark.parametrize("content", [b"a,b\n1,2,\n3,4,\n", b"a,b\n1,2\n3,4,\n", b"a;b\n1;2;\n3;4;\n"])
def test_a_trailing_separator_does_not_shift_the_columns(content: bytes) -> None:
    assert read(content).to_dict("list") == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize("content", [b"north,10\nsouth,20\n", b"1.5,2\n2.5,3\n", b"a;7\nb;8\nc;9\n"])
def test_a_file_without_header_keeps_its_first_row(content: bytes) -> None:
    assert len(read(content)) == content.count(b"\n")


@pytest.mark.parametrize("content", [b"region,2020,2021\nx,1,2\n", b"a,b\n1,2\n", b"0,1\n5,6\n"])
def test_a_header_of_years_or_counts_stays_a_header(content: bytes) -> None:
    assert len(read(content)) == 1


RECORDS = [{"id": "007", "at": "2026-01-01"}, {"id": "01", "at": "x"}]
FEATURES = [{"type": "Feature", "properties": row, "geometry": None} for row in RECORDS]
VIEW = {"view": {"columns": [{"name": "id"}, {"name": "at"}]}}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "value",
    [
        RECORDS,
        {"meta": {"page": 1}, "data": RECORDS},
        {"meta": VIEW, "data": [list(row.values()) for row in RECORDS]},
        {"type": "FeatureCollection", "features": FEATURES},
    ],
)
def test_json_is_the_same_table_indented_or_not(value: Any, indent: int | None) -> None:
    frame = read(json.dumps(value, indent=indent).encode(), "x.json")
    assert frame[["id", "at"]].to_dict("records") == RECORDS


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_recognised_by_their_bytes(pack: Any) -> None:
    assert read(pack(b"a,b\n1,2\n"), "odd.bin").to_dict("list") == {"a": [1], "b": [2]}


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


def test_a_zip_with_one_table_is_read_and_one_with_several_lists_them() -> None:
    assert len(read(zipped(a_csv=b"a\n1\n", readme_md=b"hi"), "x.zip")) == 1
    both = zipped(a_csv=b"a\n1\n", b_csv=b"b\n1\n2\n")
    with pytest.raises(TableError, match=r"holds 2 files: a\.csv, b\.csv"):
        read(both, "x.zip")
    assert len(read(both, "x.zip", member="b.csv")) == 2


def workbook(**sheets: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    return buffer.getvalue()


def test_a_workbook_says_its_sheets_and_any_can_be_read() -> None:
    content = workbook(Cover=pd.DataFrame({"t": ["x"]}), Data=pd.DataFrame({"fips": ["01001"]}))
    reader = TableReader("x", ["x.xlsx"], None, None, {})
    reader.read(io.BytesIO(content))
    assert reader.notes == ["sheet 1 of 2: Cover, Data"]
    assert read(content, "x.xlsx", sheet_name="Data")["fips"].tolist() == ["01001"]
    assert list(read(content, "x.xlsx", sheet_name=None)) == ["Cover", "Data"]
    with pytest.raises(TableError, match="its sheets: Cover, Data"):
        read(content, "x.xlsx", sheet_name="Dat")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_text_that_is_not_utf_8_is_data(encoding: str) -> None:
    assert read("größe,ort\n1,Köln\n2,Málaga\n".encode(encoding))["ort"].tolist() == ["Köln", "Málaga"]


def test_a_declared_encoding_is_used() -> None:
    assert read("miasto\nŁódź\n".encode("cp1250"), encoding="cp1250")["miasto"].tolist() == ["Łódź"]


def test_a_packed_file_that_grows_without_measure_is_refused_unless_asked_for() -> None:
    packed = gzip.compress(b"a\n" + b"1234567\n" * (9 << 20), 9)
    with pytest.raises(TableError, match=r"unpacks to more than 200 times its [\d,]+ bytes") as caught:
        read(packed)
    assert "max_bytes=" in caught.value.cure


def test_a_workbook_with_a_cell_far_out_is_refused() -> None:
    from openpyxl import Workbook

    book, buffer = Workbook(), io.BytesIO()
    book.active["XFD1000000"] = 1
    book.save(buffer)
    with pytest.raises(TableError, match="has a cell in row 1,000,000"):
        read(buffer.getvalue(), "x.xlsx")
