"""The picture of revisions: what its charts show of the worked example."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from support.vintage_example import archive

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive

DAY = pd.Timedelta(days=1)


def day(text: str) -> int:
    return (pd.Timestamp(text) - pd.Timestamp(0)) // DAY


@pytest.fixture
def revisions():
    return archive().revisions(min_waiting_period=0)


def test_a_line_for_each_observation_steps_at_its_reports(revisions) -> None:
    by_report = revisions.picture({"geo_value": "A"}).charts[0]
    lines = {line.name: list(line.points) for line in by_report.lines}
    assert list(lines) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    steps = [("2026-01-02", 10), ("2026-01-04", 10), ("2026-01-04", 14), ("2026-01-20", 14)]
    assert lines["2026-01-01"][:-2] == [(day(text), value) for text, value in steps]
    assert lines["2026-01-01"][-1] == (day("2026-01-20"), 15)


def test_a_line_for_each_version_has_the_values_of_that_version(revisions) -> None:
    vintages = revisions.picture({"geo_value": "A"}).charts[1]
    lines = {line.name: list(line.points) for line in vintages.lines}
    first, second, third = (day(f"2026-01-0{number}") for number in (1, 2, 3))
    assert lines["2026-01-03"] == [(first, 10), (second, 20)]
    assert lines["2026-01-20"] == [(first, 15), (second, 29), (third, 0)]
    assert [line.name for line in vintages.lines if line.is_newest] == ["2026-01-20"]


def test_the_share_of_final_values_grows_with_the_delay(revisions) -> None:
    (share,) = revisions.picture({"geo_value": "A"}).charts[2].lines
    lags = revisions.observations.query("geo_value == 'A'")["max_lag"]
    for days, value in share.points:
        assert value == (lags <= days).mean()
    assert share.points[-1] == (lags.max(), 1.0)


def test_the_picture_is_one_drawing_and_foreign_text_is_escaped() -> None:
    rows = pd.DataFrame({"geo": ["<b>&"], "day": ["2026-01-01"], "cases": [3.0]})
    found = Archive.from_snapshots({"2026-01-02": rows}, keys=["geo"], time="day").revisions(min_waiting_period=0)
    drawn = found.picture()
    assert repr(drawn) == "Revisions of cases, geo <b>&: Values by report date, Vintages, Share final after days"
    assert ElementTree.fromstring(drawn.svg).get("aria-label") == "Revisions of cases, geo <b>&"
    assert "<b>" not in drawn.svg
    assert drawn._repr_svg_() == drawn.svg
    assert drawn.svg in found._repr_html_()


def test_missing_values_interrupt_a_line_and_nothing_is_drawn_of_no_values(revisions) -> None:
    lines = revisions.picture({"geo_value": "B"}).charts[0].lines
    assert any(math.isnan(value) for line in lines for _, value in line.points)
    assert "nan" not in revisions.picture({"geo_value": "B"}).svg
    rows = pd.DataFrame({"geo": ["A"], "day": ["2026-01-01"], "cases": [float("nan")]})
    empty = Archive.from_snapshots({"2026-01-02": rows}, keys=["geo"], time="day").revisions()
    assert "Vintages" in empty.picture().svg


def test_a_group_that_is_not_there_is_refused(revisions) -> None:
    with pytest.raises(InvalidArgument, match="There is no group geo_value C"):
        revisions.picture({"geo_value": "C"})
    with pytest.raises(InvalidArgument, match="A group has the keys geo_value"):
        revisions.picture({})


def test_numbered_versions_have_numbers_at_the_axes() -> None:
    tables = {number: pd.DataFrame({"n": [1, 2], "cases": [number, 5.0]}) for number in (1, 2, 3)}
    drawn = Archive.from_snapshots(tables, keys=["n"], time="n").revisions(min_waiting_period=0).picture()
    assert [line.name for line in drawn.charts[1].lines] == ["1", "2", "3"]
