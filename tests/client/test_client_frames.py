from __future__ import annotations

import gzip
import io
import sys
from typing import Any

import pandas as pd
import pytest
from support.server_standins import Local, Reply, Row

from aero_jupyter.client import AeroClient
from aero_jupyter.core import errors

FRAME = pd.DataFrame({"plant": ["north", "south"], "copies": [10, 20]})


def open_bytes_of(data: str) -> str:
    """The line that opens the bytes of the first version, as the message shows it."""
    return f"Open its bytes: import aero_jupyter as aero; aero.current().client.open_version({data!r}, 1)"


def parquet() -> bytes:
    return FRAME.to_parquet(index=False)


def excel() -> bytes:
    buffer = io.BytesIO()
    FRAME.to_excel(buffer, index=False)
    return buffer.getvalue()


CSV = FRAME.to_csv(index=False).encode()
TSV = FRAME.to_csv(index=False, sep="\t").encode()
RECORDS = FRAME.to_json(orient="records").encode()
COLUMNS = FRAME.to_json(orient="columns").encode()
LINES = FRAME.to_json(orient="records", lines=True).encode()


def add(local: Local, content: bytes, file_type: str | None = None, name: str = "sewage", **file: Any) -> Row:
    data = local.add_data(name, url=file.pop("url", None))
    row = local.add_version(data, content, file_type)
    row["data_file"].update(file)
    return data


def read(local: Local, content: bytes, file_type: str | None = None, **more: Any) -> pd.DataFrame:
    options = more.pop("options", {})
    data = add(local, content, file_type, **more)
    with AeroClient(local.url) as client:
        return client.read(data["id"], **options)


CONTENTS = [
    (CSV, ".csv"),
    (CSV, "csv"),
    (CSV, "text/csv"),
    (CSV, "{text/csv,NULL}"),
    (CSV, "text/csv; charset=utf-8"),
    (CSV, "{NULL,NULL}"),
    (CSV, None),
    (CSV.replace(b",", b";"), None),
    (CSV.replace(b",", b";"), ".csv"),
    (CSV.replace(b",", b"|"), "text/plain"),
    (TSV, ".tsv"),
    (TSV, None),
    (RECORDS, ".json"),
    (RECORDS, None),
    (COLUMNS, "application/json"),
    (COLUMNS, None),
    (LINES, None),
    (LINES, ".jsonl"),
    (LINES.splitlines()[0] + b"\n" + LINES.splitlines()[1], "json"),
    (parquet(), ".parquet"),
    (parquet(), None),
    (parquet(), ".csv"),
    (excel(), ".xlsx"),
    (excel(), None),
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("content", "file_type"), CONTENTS)
def test_every_kind_reads_plain_and_packed(local: Local, content: bytes, file_type: str | None, packed: bool) -> None:
    frame = read(local, gzip.compress(content) if packed else content, file_type)
    pd.testing.assert_frame_equal(frame, FRAME, check_dtype=False)


@pytest.mark.parametrize("where", [{"url": "https://h/x.tsv?sig=1.csv"}, {"name": "x.tsv"}, {"name": "x.tsv.gz"}])
def test_names_and_urls_tell_the_kind(local: Local, where: dict[str, str]) -> None:
    frame = read(local, b"a,b\tc\n1,2\t3\n", **where)
    assert list(frame.columns) == ["a,b", "c"]


def test_a_frame_says_where_it_came_from(local: Local) -> None:
    data = add(local, CSV)
    with AeroClient(local.url) as client:
        frame = client.read(data["id"], 1)
        assert frame.attrs["aero"] == {
            "data_id": data["id"],
            "name": "sewage",
            "version": 1,
            "checksum": client.latest(data["id"]).checksum,
            "server": local.url,
        }


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", None),
        ("utf-8-sig", "utf-8"),
        ("latin-1", "utf-8"),
        ("latin-1", None),
        ("utf-8", "ISO-8859-1"),
        ("cp1250", "cp1250"),
        ("utf-16", "utf-8"),
        ("utf-8", "no-such-encoding"),
    ],
)
def test_encodings(local: Local, encoding: str, declared: str | None) -> None:
    frame = read(local, "größe,ort\n1,Köln\n".encode(encoding), ".csv", encoding=declared)
    assert frame.to_dict("records") == [{"größe": 1, "ort": "Köln"}]


def test_options_go_to_pandas(local: Local) -> None:
    assert list(read(local, CSV, options={"usecols": ["copies"]}).columns) == ["copies"]
    assert list(read(local, CSV, options={"sep": ";"}).columns) == ["plant,copies"]
    assert len(read(local, LINES, options={"lines": True})) == 2
    assert list(read(local, "ö\n1\n".encode("cp1252"), options={"encoding": "cp1252"}).columns) == ["ö"]
    assert list(read(local, parquet(), options={"columns": ["copies"]}).columns) == ["copies"]


def test_one_column_is_a_table(local: Local) -> None:
    assert read(local, b"copies\n1\n2\n")["copies"].tolist() == [1, 2]


def test_text_with_marks_of_two_kinds_is_told_by_its_lines(local: Local) -> None:
    frame = read(local, b"a;b, really;c\n1;2;3\n4;5;6\n7;8;9\n", ".csv")
    assert list(frame.columns) == ["a", "b, really", "c"]


@pytest.mark.parametrize(
    ("content", "file_type", "words"),
    [
        (b"", ".csv", "sewage version 1 is empty"),
        (b"  \n", None, "is empty"),
        (b"<!DOCTYPE html><p>Log in", ".csv", "holds a web page"),
        (b"\n<html>", None, "holds a web page"),
        (b"\x89PNG\r\n\0\0\0", None, "is not a table"),
        (b"PAR1 and then nothing", ".csv", "does not read as parquet"),
        (b"PK\x03\x04 and then nothing", None, "does not read as excel"),
        (b'{"a": [1, 2', ".json", "does not read as json"),
        (gzip.compress(CSV, mtime=0)[:-9], ".csv", "is a damaged gzip file"),
        (b"\x1f\x8bnothing", ".csv", "is a damaged gzip file"),
        (b'a,b\n1,2\n1,2,3,4\n"', ".csv", "does not read as csv"),
    ],
)
def test_what_is_no_table_is_said_with_a_cure(local: Local, content: bytes, file_type: str | None, words: str) -> None:
    data = add(local, content, file_type)
    with AeroClient(local.url) as client, pytest.raises(errors.Unreadable, match=words) as caught:
        client.read(data["id"])
    assert caught.value.cure == open_bytes_of(data["id"])


def test_a_mistyped_limit_is_named_with_its_cure(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    data = add(local, CSV)
    monkeypatch.setenv("AERO_READ_BYTES", "many")
    with AeroClient(local.url) as client, pytest.raises(errors.Unreadable, match="'many', which is not") as caught:
        client.read(data["id"])
    assert caught.value.cure.startswith("Type %env AERO_READ_BYTES=")


def test_broken_bytes_never_become_a_frame(local: Local) -> None:
    data = add(local, CSV, ".csv")
    path = next(iter(local.files))
    local.files[path] = Reply(200, CSV.replace(b"10", b"99"))
    with AeroClient(local.url) as client, pytest.raises(errors.ServerFailed, match="checksum"):
        client.read(data["id"])


def test_reading_in_parts_leads_to_the_stream(local: Local) -> None:
    data = add(local, CSV)
    with AeroClient(local.url) as client, pytest.raises(errors.InvalidArgument, match="whole table"):
        client.read(data["id"], chunksize=5)


@pytest.mark.parametrize(
    ("content", "missing", "cure"),
    [
        (parquet(), "pyarrow", "pip install 'aero-jupyter[lab]'"),
        (excel(), "openpyxl", "pip install 'aero-jupyter[lab]'"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "xlrd", "pip install xlrd"),
    ],
)
def test_a_package_that_is_missing_is_named(
    local: Local, monkeypatch: pytest.MonkeyPatch, content: bytes, missing: str, cure: str
) -> None:
    data = add(local, content)
    monkeypatch.setitem(sys.modules, missing, None)
    with AeroClient(local.url) as client, pytest.raises(errors.MissingExtra) as caught:
        client.read(data["id"])
    assert cure in caught.value.cure
