"""A name that is nearly right is offered, wherever names are typed."""

from __future__ import annotations

from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.suggestions import close_names, suggest

MAKE = """%%aero_register --output heat_deaths
def count_heat():
    return None
"""


@pytest.mark.parametrize(
    ("text", "names", "close"),
    [
        ("INFLUENT", ["influent", "level"], ("influent",)),
        ("sewage", ["raw_sewage_north", "deaths"], ("raw_sewage_north",)),
        ("caes", ["cases", "deaths", ""], ("cases",)),
        ("zzz", ["cases"], ()),
    ],
)
def test_names_alike_in_spelling_case_or_part_are_close(text: str, names: list[str], close: tuple[str, ...]) -> None:
    assert close_names(text, names) == close


def test_a_cure_offers_the_closest_and_lists_all() -> None:
    assert suggest("brwose", ["browse", "runs"]) == "Did you mean browse? Choose one of browse, runs."


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("%aero_get influnt", "Did you mean influent?"),
        ("%aero_get Influent", "Did you mean influent?"),
        ("%aero_versions levl", "Did you mean level?"),
        ("%aero_run take_out", "Did you mean take_in?"),
        ("%aero_lineage influents", "Did you mean influent?"),
        ("%aero_list dta", "Did you mean data?"),
        ("%aero_list data --sotr name", "Did you mean --sort?"),
        ("%aero_list data --sort nmae", "Did you mean name?"),
        ("%aero_list data --where nmae=x", "Did you mean name?"),
        ("%aero_panel brwose", "Did you mean browse?"),
        ("%%aero_run --endpoint lcoal\ndef f(): pass", "Did you mean local?"),
        ("%%aero_run --name smoth\ndef smooth(): pass\ndef fit(): pass", "Did you mean smooth?"),
        ("%%aero_run --kwarg windw=2\ndef smooth(window): pass", "Did you mean window?"),
        ("%%aero_register --input influent=influnt --output x\ndef f(influent): pass", "Did you mean influent?"),
        ("%%aero_register --output x --policy an\ndef f(): pass", "Did you mean any"),
    ],
)
def test_a_magic_offers_the_name_that_was_meant(error_lines: Any, influent: Any, line: str, meant: str) -> None:
    assert meant in error_lines(line)[-1]


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: aero_jupyter.read("influnt"), "Did you mean influent?"),
        (lambda: aero_jupyter.frame("dat"), "Did you mean data?"),
        (lambda: aero_jupyter.panel("linage"), "Did you mean lineage?"),
        (lambda: list(aero_jupyter.list_metadata("fow")), "Did you mean flow?"),
        (lambda: aero_jupyter.monitor("take_inn"), "Did you mean take_in?"),
        (lambda: aero_jupyter.flow("levl"), "Did you mean level?"),
    ],
)
def test_a_function_offers_the_name_that_was_meant(shell: Any, influent: Any, call: Any, meant: str) -> None:
    with pytest.raises(aero_jupyter.AeroError) as caught:
        call()
    assert meant in str(caught.value)


def test_an_old_dataset_is_offered_although_many_are_newer(shell: Any, error_lines: Any, monkeypatch: Any) -> None:
    from aero_jupyter.client.methods import names

    assert shell.run_cell(MAKE).success
    for number in range(3):
        cell = MAKE.replace("heat_deaths", f"newer_{number}").replace("count_heat", f"newer_{number}")
        assert shell.run_cell(cell).success
    monkeypatch.setattr(names, "_MAX_SUGGESTION_RECORDS", 2)
    assert "Did you mean heat_deaths?" in error_lines("%aero_get heat_death")[-1]


def test_an_endpoint_id_that_does_not_exist_points_to_the_list_of_endpoints(error_lines: Any) -> None:
    unknown = "11111111-2222-4333-8444-555555555555"
    for magic, cell in (("%%aero_run", "def f(): pass"), ("%%aero_register --output y", "def f(): pass")):
        lines = error_lines(f"{magic} --endpoint {unknown}\n{cell}")
        assert unknown in lines[0]
        assert "%aero_endpoints" in lines[1]
