"""`aero.read_options`: how a table is read is stored with its dataset, and holds for every reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import aero_jupyter as aero
from aero_jupyter.client.reader_options import OptionsFile, change_options, merge_options
from aero_jupyter.core.errors import InvalidArgument

pytestmark = pytest.mark.slow

WRITE = """%%aero_register --output {name}
def write_{name}():
    with open("out.csv", "w") as file:
        file.write("Institute of rivers\\nday;level\\n01.02.2026;1.234,5\\n02.02.2026;2,5\\n")
    return "out.csv"
"""
LEVELS = {"day": ["01.02.2026", "02.02.2026"], "level": [1234.5, 2.5]}
OPTIONS = {"skiprows": 1, "sep": ";", "decimal": ",", "thousands": "."}
TYPE = {"dtype": {"day": str}}


@pytest.fixture
def river(shell):
    for cell in (WRITE.format(name="river"), "%aero_run write_river"):
        assert shell.run_cell(cell).success
    yield shell
    aero.read_options("river", None)


def test_stored_options_hold_for_every_reader(river, capsys):
    aero.read_options("river", **OPTIONS, **TYPE)
    assert aero.read_options("river") == {**OPTIONS, "dtype": {"day": "str"}}
    assert aero.read("river").to_dict("list") == LEVELS
    assert river.run_line_magic("aero_get", "river").to_dict("list") == LEVELS
    once = "import pandas as pd\ndef twice(river: pd.DataFrame):\n    return (river['level'] * 2).tolist()\n"
    found = river.run_cell_magic("aero_run", "--input river=river", once)
    assert found == [2469.0, 5.0]
    flow = once.replace("(river['level'] * 2).tolist()", "river")
    tried = river.run_cell_magic("aero_register", "--input river=river --output river_twin --dry-run", flow)
    assert "shape (2, 2)" in tried.output
    river.run_cell_magic("aero_register", "--input river=river --output river_twin", flow)
    river.run_line_magic("aero_run", "twice")
    assert aero.read("river_twin").to_dict("list") == LEVELS


def test_options_of_one_reading_win_over_stored_ones(river):
    aero.read_options("river", **OPTIONS)
    assert river.run_line_magic("aero_get", "river --option decimal=. --option thousands=None")["level"].tolist() == [
        "1.234,5",
        "2,5",
    ]
    assert aero.read("river", delimiter=";", nrows=1)["level"].tolist() == [1234.5]


def test_none_removes_an_option(river):
    aero.read_options("river", **OPTIONS)
    assert aero.read_options("river", decimal=None, skiprows=2) == {"skiprows": 2, "sep": ";", "thousands": "."}
    assert aero.read_options("river", None) == {} == aero.read_options("river")
    assert "read_options" not in aero.current().client.resolve_data("river").raw


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"skiprow": 1}, "No reader has an option skiprow"),
        ({"converters": {"a": len}}, "cannot be stored"),
        ({"dtype": {0: str}}, "not all text"),
    ],
)
def test_an_option_that_cannot_be_stored_is_refused(river, options, words):
    with pytest.raises(InvalidArgument, match=words):
        aero.read_options("river", **options)
    assert aero.read_options("river") == {}


def test_an_option_that_this_kind_of_file_lacks_is_said_with_its_cure(river, error_lines):
    aero.read_options("river", sheet_name="Data", skiprows=1)
    lines = error_lines("%aero_get river")
    assert lines[0] == "river version 1 is csv, whose reader has no option sheet_name."
    assert "aero.read_options(NAME, None)" in " ".join(lines)


@pytest.mark.parametrize("option", ["skiprows=1", "'skiprows=[0]'", "skiprows=range(1)"])
def test_an_option_of_the_magic_reaches_the_reader(river, option):
    if "range" in option:
        river.user_ns["first"] = [0]
        option = "skiprows={first}"
    frame = river.run_line_magic("aero_get", f"river --option {option} --option decimal=,  --option thousands=.")
    assert frame.to_dict("list") == LEVELS


@pytest.mark.parametrize("option", ["skiprows", "=3", "two words=3"])
def test_an_option_without_a_name_or_value_is_refused(river, error_lines, option):
    assert "is not NAME=VALUE" in error_lines(f'%aero_get river --option "{option}"')[0]


def test_options_for_a_server_that_stores_none_are_in_a_file(tmp_path: Path):
    file = OptionsFile(tmp_path / "profiles" / "p.json")
    assert file.get("https://a/", "d1") == {}
    file.set("https://a/", "d1", {"decimal": ","})
    file.set("https://b/", "d1", {"decimal": "."})
    assert OptionsFile(tmp_path / "profiles" / "p.json").get("https://a/", "d1") == {"decimal": ","}
    file.set("https://a/", "d1", {})
    assert json.loads((tmp_path / "profiles" / "p.json").read_text()) == {
        "https://a/": {},
        "https://b/": {"d1": {"decimal": "."}},
    }


def test_no_header_and_all_sheets_are_values():
    kept = change_options({}, {"header": None, "sheet_name": None, "decimal": None})
    assert kept == {"header": None, "sheet_name": None}
    assert merge_options({"sep": ";"}, {"delimiter": ","}) == {"delimiter": ","}
