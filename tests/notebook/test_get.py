"""`%aero_get`: every kind of file as a DataFrame, whatever its data is called."""

from __future__ import annotations

import pandas as pd
import pytest

NAMES = [
    "table.csv", "table.tsv", "table.json", "table.jsonl", "table.parquet", "table.xlsx",
    "table.csv.gz", "table.tsv.gz", "table.json.gz",
]  # fmt: skip
WRITE = """%%aero_register --output {outputs} --output picture.png --output page --output broken.csv.gz
import gzip
import pandas as pd
from aero_jupyter import AeroOutput

def write_all():
    table = pd.DataFrame({{"day": ["2025-01-05", "2025-01-07"], "count": [1, 2]}})
    table.to_csv("table.csv", index=False)
    table.to_csv("table.tsv", index=False, sep="\\t")
    table.to_json("table.json", orient="records")
    table.to_json("table.jsonl", orient="records", lines=True)
    table.to_parquet("table.parquet")
    table.to_excel("table.xlsx", index=False)
    for name in ("table.csv", "table.tsv", "table.json"):
        with open(name, "rb") as plain, gzip.open(name + ".gz", "wb") as packed:
            packed.write(plain.read())
    strange = {{
        "picture.png": b"\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\0",
        "page": b"<!doctype html><html></html>",
        "broken.csv.gz": gzip.compress(b"a,b\\n1,2\\n" * 99)[:30],
    }}
    for name, content in strange.items():
        with open(name, "wb") as file:
            file.write(content)
    return [AeroOutput(name, name) for name in {names}]
"""
#: Names that are allowed; those that are refused stand in test_hard_names.
STRANGE = ["three words", "O'Hara", "Überlauf 水", "<b>bold</b> & co", "50 % -- off"]
KEEP = """%%aero_register --output={{strange}} --kwarg n={n}
import pandas as pd

def keep_{n}(n):
    return pd.DataFrame({{"n": [n]}})
"""


@pytest.fixture(scope="module")
def written(aero, _one_shell):
    from aero_jupyter.notebook import extension

    extension.load(_one_shell)
    names = [*NAMES, "picture.png", "page", "broken.csv.gz"]
    for cell in (WRITE.format(outputs=" --output ".join(NAMES), names=names), "%aero_run write_all"):
        assert _one_shell.run_cell(cell).success
    extension.unload(_one_shell)


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_file_is_the_same_table(shell, written, name):
    frame = shell.run_line_magic("aero_get", name)
    assert frame["count"].tolist() == [1, 2]
    assert pd.to_datetime(frame["day"]).dt.day.tolist() == [5, 7]
    assert frame.attrs["aero"]["name"] == name


@pytest.mark.parametrize(
    ("name", "happened"),
    [
        ("picture.png", "picture.png version 1 is not a table in a format that this package reads."),
        ("page", "page version 1 holds a web page, not a table."),
        ("broken.csv.gz", "broken.csv.gz version 1 is a damaged gzip file."),
    ],
)
def test_what_is_no_table_says_so_and_how_to_get_its_bytes(error_lines, written, name, happened):
    lines = error_lines(f"%aero_get {name}")
    assert lines[0] == happened
    assert "client.open_version(" in lines[1]


def test_a_data_without_versions_says_so(shell, error_lines):
    shell.run_cell("%%aero_register --output unborn\ndef never():\n    return None\n")
    assert error_lines("%aero_get unborn") == ["unborn has no versions yet.", "Wait for the first version."]
    assert error_lines("%aero_get unborn --version 3") == ["unborn has no versions yet.", "Wait for the first version."]
    assert "unborn did not get version 1 within 0 s." in error_lines("%aero_get unborn --wait 0")[0]


@pytest.mark.parametrize("name", STRANGE)
def test_a_data_may_be_called_anything(shell, name):
    n = STRANGE.index(name)
    shell.user_ns["strange"] = name
    for cell in (KEEP.format(n=n), f"%aero_run keep_{n}"):
        assert shell.run_cell(cell).success
    assert shell.run_line_magic("aero_get", "-- {strange}")["n"].tolist() == [n]
    listed = shell.run_line_magic("aero_list", "data --limit 3")
    assert name in set(listed["name"])
    assert "<b>" not in listed._repr_html_()
