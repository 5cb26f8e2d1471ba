"""A value of the notebook reaches the function with its type, and what is typed by hand as JSON or text."""

from __future__ import annotations

from typing import Any

import pytest

ECHO = """%%aero_run --kwarg x={x} {more}
def echo(x):
    return [type(x).__name__, x]
"""


@pytest.mark.parametrize(
    "value",
    [
        False,
        True,
        None,
        [],
        [1, "a", None],
        {"a": {"b": 1.5}},
        "1.10",
        "",
        "None",
        "true",
        'say "hi"',
        "a b",
        3,
        2.5,
        "ü",
    ],
)
@pytest.mark.parametrize("form", ["--kwarg x={x}", "--kwarg=x={x}"])
def test_a_variable_arrives_as_it_is(shell: Any, value: object, form: str) -> None:
    shell.user_ns["x"] = value
    cell = f"%%aero_run {form}\ndef echo(x):\n    return [type(x).__name__, x]\n"
    assert shell.run_cell(cell).result == [type(value).__name__, value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", 1.1),
        ("01001", "01001"),
        ("yes", "yes"),
        ("[1,2]", [1, 2]),
        ("NaN", "NaN"),
        ("null", None),
        ("a={n}", "a=5"),
    ],
)
def test_what_is_typed_is_json_or_text(shell: Any, text: str, value: object) -> None:
    shell.user_ns["n"] = 5
    cell = f"%%aero_run --kwarg x={text}\ndef echo(x):\n    return x\n"
    assert shell.run_cell(cell).result == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "{x} cannot be an argument: it is of type float, and NaN."),
        ({1, 2}, "{x} cannot be an argument: it is of type set"),
        ({2026: 1}, "the key 2026 would become a text"),
        (object(), "{x} cannot be an argument: it is of type object"),
    ],
)
def test_a_variable_that_cannot_travel_is_named_with_its_type(
    shell: Any, error_lines: Any, value: object, words: str
) -> None:
    shell.user_ns["x"] = value
    lines = error_lines("%%aero_run --kwarg x={x}\ndef echo(x):\n    return x\n")
    assert words in lines[0]


def test_the_card_of_a_flow_shows_text_with_quotes(shell: Any) -> None:
    shell.user_ns["name"] = "1.10"
    line = "--kwarg name={name} --kwarg window=1.10 --kwarg smooth=false"
    card = shell.run_cell_magic("aero_register", line, "def typed(name, window, smooth):\n    pass\n")
    assert "With name='1.10', window=1.1, smooth=False." in repr(card)


def test_a_version_is_named_the_same_way_everywhere(shell: Any, influent: Any, error_lines: Any) -> None:
    import aero_jupyter

    rows = len(aero_jupyter.read("influent", version=1))
    assert len(aero_jupyter.read("influent")) > rows
    assert len(shell.run_cell("%aero_get influent@1").result) == rows
    assert len(aero_jupyter.read("influent@1")) == rows
    assert error_lines("%aero_get influent@1 --version 2")[0] == "influent@1 and version 2 name two versions."
    cell = "%%aero_register --input influent=influent@1 --output pinned_level\n"
    cell += "def pin(influent):\n    return influent\n"
    assert shell.run_cell(cell).success
    assert len(shell.run_cell("%aero_get pinned_level --wait 180").result) == rows
    for line in ("%aero_get influent@", "%%aero_register --input influent=influent@ --output y\ndef f(influent): pass"):
        assert "names no version of a dataset" in error_lines(line)[0]


@pytest.mark.parametrize(
    "line", ["--scan influent", "--limit 5 influent", "--limit=5 --scan influent", "influent --scan --limit 5"]
)
def test_options_of_a_search_stand_before_or_after_the_query(shell: Any, influent: Any, line: str) -> None:
    found = shell.run_line_magic("aero_search", line)
    assert "influent" in list(found["name"])


@pytest.mark.parametrize(
    ("text", "words"), [("24", "24 what? The time has no unit."), ("soon", "'soon' is not a time.")]
)
def test_a_schedule_without_a_unit_is_refused(error_lines: Any, text: str, words: str) -> None:
    lines = error_lines(f"%%aero_register --output x --every {text}\ndef f():\n    return None\n")
    assert lines[0] == words


@pytest.mark.parametrize(
    ("text", "words"),
    [("'1 day'", "day"), ("daily", "day"), ("weekly", "week"), ("'2 hours'", "2 hours"), ("90min", "90 minutes")],
)
def test_a_schedule_is_understood_in_words(shell: Any, text: str, words: str) -> None:
    name = "".join(letter for letter in text if letter.isalnum())
    line = f"--output every_{name} --every {text}"
    card = shell.run_cell_magic("aero_register", line, f"def f_{name}():\n    return open('x.csv', 'w').name\n")
    assert f"Every {words}." in repr(card)
