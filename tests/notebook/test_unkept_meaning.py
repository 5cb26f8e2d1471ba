"""Arguments of the magics are unambiguous: tuples, pinned versions and units of time."""

from __future__ import annotations

from typing import Any

import pytest

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.policy import seconds_from

ECHO = "%%aero_run --kwarg x={x}\ndef echo(x):\n    return x\n"
PINNED = "%%aero_register --input x=influent@{number} --output {output}\ndef read_pinned(x):\n    return x\n"


@pytest.mark.parametrize("value", [(1, 2), {"a": [("b",)]}, [1, ()]])
def test_a_tuple_is_refused_as_it_would_become_a_list(shell: Any, value: object) -> None:
    shell.user_ns["x"] = value
    with pytest.raises(InvalidArgument, match=r"tuple.* would become a list"):
        shell.run_cell(ECHO).raise_error()


@pytest.mark.parametrize("text", ["1M", "every 3M", " 12 M "])
def test_a_capital_m_is_not_taken_for_minutes(text: str) -> None:
    with pytest.raises(InvalidArgument, match="minutes or months"):
        seconds_from(text)
    assert seconds_from("3m") == 180


def test_an_input_is_not_pinned_to_a_version_that_does_not_exist(shell: Any, influent: Any) -> None:
    with pytest.raises(AeroError, match="influent has versions 1 to 2; there is no version 7"):
        shell.run_cell(PINNED.format(number=7, output="of_seven")).raise_error()
    with pytest.raises(AeroError, match="no data named"):
        shell.run_cell("%aero_versions of_seven").raise_error()


def test_the_card_names_the_version_that_an_input_stays_at(shell: Any, influent: Any) -> None:
    shell.run_cell(PINNED.format(number=1, output="of_one")).raise_error()
    assert "Input: influent (always v1)." in str(shell.user_ns["_aero"])


def test_a_dataset_that_two_inputs_read_is_named_once(shell: Any, influent: Any) -> None:
    cell = "%%aero_register --input x=influent@1 --input y=influent --output of_both\ndef both(x, y):\n    return x\n"
    shell.run_cell(cell).raise_error()
    shown = str(shell.user_ns["_aero"])
    assert shown.count("always v1") == 1
    assert "Input: influent (v2, " in shown


@pytest.mark.parametrize("option", ["shet=1", "engin=c", "usecols=5"])
def test_an_option_that_the_reader_does_not_take_is_named(shell: Any, influent: Any, option: str) -> None:
    with pytest.raises(AeroError, match=f"influent.*{option.partition('=')[0]}"):
        shell.run_cell(f"%aero_get influent --option {option}").raise_error()
