"""Checks of outputs, where the function runs: each rule, its failing rows, and files without pandas."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aero_jupyter.core.check_grammar import parse_check
from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.output_checks import check_outputs
from aero_jupyter.jobs.upload import file_of

TABLE = pd.DataFrame(
    {
        "geo": ["A", "A", "B", None],
        "date": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-01", "2026-01-03"]),
        "cases": [10.0, -1.0, float("nan"), 4.0],
        "deaths": [1, 2, 3, 9],
    }
)


def warned(table: Any, *checks: str, before: list[str] | None = None, folder: Path | None = None) -> Any:
    parsed = [parse_check(text, ["sewage", "level"]) for text in checks]
    paths = {"sewage": str(table)}
    if folder is not None:
        paths = {"sewage": file_of("sewage", table, str(folder))}
    return check_outputs(parsed, {"sewage": table}, paths, lambda _: before)


@pytest.mark.parametrize(
    "text",
    [
        "rows > 0", "rows == 4", "unique geo,date", "not null date,deaths", "cases >= -1", "cases != 5",
        "date >= 2026-01-01", "date < 2026-01-03T00:01", "geo in A,B", "geo != 'C'", "deaths in 1,2,3,9",
        "columns", "columns deaths,cases,date,geo", "level: rows > 100",
    ],
)  # fmt: skip
def test_a_check_that_holds_says_nothing(text: str) -> None:
    assert warned(TABLE, text, before=["geo", "date", "cases", "deaths"]) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rows > 4", "it has 4 rows"),
        ("unique geo", "2 of 4 rows have the key of another row"),
        ("not null geo,cases", "2 of 4 rows lack a value"),
        ("cases >= 0", "1 of 4 rows do not meet it"),
        ("deaths <= cases", "2 of 4 rows do not meet it"),
        ("date <= 2026-01-02", "1 of 4 rows do not meet it"),
        ("geo > 3", "3 of 4 rows do not meet it"),
        ("geo == 'A'", "1 of 4 rows do not meet it"),
        ("geo in A", "1 of 4 rows have another value"),
        ("age >= 0", "there is no column age; there are geo, date, cases, deaths"),
        ("columns", "column gone is missing and column date, deaths is new"),
        ("columns geo,date,cases", "column deaths is new"),
    ],
)
def test_a_failed_error_names_the_output_the_check_and_the_reason(text: str, reason: str) -> None:
    with pytest.raises(AeroJobError) as caught:
        warned(TABLE, text, before=["geo", "cases", "gone"])
    assert str(caught.value).splitlines()[0] == f"Output sewage fails its check {text!r}: {reason}."


def test_the_head_of_the_failing_rows_is_shown_and_is_short() -> None:
    table = pd.DataFrame({"note": ["x" * 99] * 1000, "cases": [-1] * 1000, "id": range(1000)})
    with pytest.raises(AeroJobError) as caught:
        warned(table, "cases >= 0")
    head = str(caught.value).splitlines()[1:]
    assert [line.split() for line in (head[0], head[1], head[-1])] == [
        ["row", "cases", "note", "id"],
        ["1", "-1", "x" * 29 + "…", "0"],
        ["and", "995", "more"],
    ]


def test_a_warning_is_returned_without_rows_and_an_error_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert warned(TABLE, "warning: cases >= 0", "rows > 0") == {
        "sewage": [{"check": "cases >= 0", "reason": "1 of 4 rows do not meet it"}]
    }
    assert "A" in capsys.readouterr().out
    with pytest.raises(AeroJobError, match="rows > 9"):
        warned(TABLE, "warning: cases >= 0", "rows > 9")
    assert capsys.readouterr().out == ""


def test_the_levels_of_an_index_are_columns(tmp_path: Path) -> None:
    indexed = TABLE.set_index(["geo", "date"])
    assert warned(indexed, "unique geo,date", "columns geo,date,cases,deaths") == {}


@pytest.mark.parametrize("has_pandas", [True, False])
def test_a_file_is_checked_with_and_without_pandas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_pandas: bool
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("geo,date,cases\nA,2026-01-01,10\nB,2026-01-02,\n")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: find(name) if has_pandas or name != "pandas" else None
    )
    checks = (
        "rows == 2",
        "unique geo",
        "cases >= 10",
        "date >= 2026-01-01",
        "not null geo,date",
        "columns geo,date,cases",
    )
    assert warned(str(path), *checks) == {}
    with pytest.raises(AeroJobError, match="1 of 2 rows lack a value"):
        warned(str(path), "not null cases")


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><html></html>")
    with pytest.raises(AeroJobError, match="has checks and cannot be read as a table"):
        warned(str(path), "rows > 0")
