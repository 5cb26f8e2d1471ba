"""The grammar of checks: every form, and a refusal with a cure for everything else."""

from __future__ import annotations

import pytest

from aero_jupyter.core.check_grammar import CHECK_FORMS, parse_check
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.warned_files import is_warned


@pytest.mark.parametrize("text", CHECK_FORMS.split("; "))
def test_each_form_of_the_message_is_understood(text: str) -> None:
    check = parse_check(text, ["sewage"])
    assert (check["text"], check["severity"], check["output"]) == (text, "error", None)


def test_a_check_may_be_a_warning_and_of_one_output() -> None:
    check = parse_check("warning: sewage: unique geo, date", ["sewage", "level"])
    assert (check["severity"], check["output"], check["columns"]) == ("warning", "sewage", ["geo", "date"])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("'daily cases' >= 0", {"column": "daily cases", "number": 0.0}),
        ("'rows' > 2", {"rule": "compare", "column": "rows"}),
        ("date >= 2020-01-01", {"time": "2020-01-01"}),
        ("deaths <= cases", {"other": "cases"}),
        ("status == 'final'", {"value": "final"}),
        ("cases > -1.5e3", {"number": -1500.0}),
        ("columns == 3", {"rule": "compare", "column": "columns"}),
        ("columns", {"rule": "columns", "columns": None}),
        ("columns geo,date", {"columns": ["geo", "date"]}),
    ],
)
def test_the_parts_of_a_check(text: str, part: dict[str, object]) -> None:
    assert part.items() <= parse_check(text).items()


@pytest.mark.parametrize(
    "text",
    [
        "", "warning:", "rows", "rows > many", "rows = 3", "cases", "cases > 1 2", "unique", "unique geo date",
        "unique geo,,date", "unique geo,geo", "not null", "status in", "name > 'a'", "cases => 1", "cases >= 'x",
        "columns geo date", "other: rows > 0", "date >= 2026-13-01", "date >= 2026-1-5", "date < '2026-01-01 25:00'",
    ],
)  # fmt: skip
def test_other_texts_are_refused_by_name_with_the_forms(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_check(text, ["sewage"])
    assert repr(text) in caught.value.message
    assert "rows > 0" in caught.value.cure


def test_only_names_that_an_upload_gives_mark_a_version() -> None:
    assert is_warned("0" * 32 + ".warned.typed.csv")
    assert is_warned("a" * 32 + ".warned")
    assert not is_warned("0" * 32 + ".csv")
    assert not is_warned("my.warned.csv")
    assert not is_warned(None)
