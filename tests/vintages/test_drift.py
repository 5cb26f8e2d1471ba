"""Drift notes: what is noted, what is not, and how often an ordinary update is noted."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aero_jupyter.vintages import Archive
from aero_jupyter.vintages.drift import ODD_DEVIATIONS, deviation_of
from aero_jupyter.vintages.table_profile import profile_of
from aero_jupyter.vintages.version_profile import VersionProfile

SEED = 20261128
#: Simulated histories of each kind and length.
DRAWS = 5_000


def tables(count: int, rows: int = 10) -> dict[int, pd.DataFrame]:
    """Weekly tables that grow by the same number of rows."""
    days = pd.date_range("2026-01-01", periods=count * rows)
    return {
        at: pd.DataFrame({"day": days[: at * rows], "cases": range(at * rows)}) for at in range(1, count + 1)
    }  # fmt: skip


def notes(versions: dict[int, pd.DataFrame]) -> list[tuple[int, str, str]]:
    found = Archive.from_snapshots(versions, keys=["day"], time="day").drift()
    return list(found[["number", "kind", "note"]].itertuples(index=False, name=None))


def test_ordinary_growth_has_no_note() -> None:
    assert notes(tables(30)) == []


def test_columns_and_types_that_change_are_noted() -> None:
    versions = tables(11)
    versions[10] = versions[10].rename(columns={"cases": "count"})
    versions[11] = versions[11].assign(count=versions[11]["cases"].astype(str)).drop(columns="cases")
    assert notes(versions) == [
        (10, "columns", "column cases is gone; column count is new"),
        (11, "types", f"count was int64, is {versions[11]['count'].dtype}"),
    ]


def test_rows_of_old_dates_that_are_gone_are_noted() -> None:
    versions = tables(10)
    versions[10] = versions[10].drop(index=[3, 4])
    (note,) = notes(versions)
    assert note[:2] == (10, "rows lost")
    assert note[2].startswith("2 rows of old dates are gone")


def test_a_window_that_moves_on_loses_no_rows() -> None:
    versions = {at: frame.tail(30) for at, frame in tables(20).items()}
    assert [note for note in notes(versions) if note[1] == "rows lost"] == []


def test_odd_growth_is_noted_once_and_again_only_when_it_worsens() -> None:
    days = pd.date_range("2026-01-01", periods=10_000)
    sizes = [10 * at for at in range(1, 11)]
    sizes += [sizes[-1] + 300]
    sizes += [sizes[-1] + 310]
    sizes += [sizes[-1] + 2_000]
    versions = {at: pd.DataFrame({"day": days[:size], "cases": 0}) for at, size in enumerate(sizes, 1)}
    assert [note[:2] for note in notes(versions)] == [(11, "growth"), (13, "growth")]


def test_there_is_no_note_before_eight_versions() -> None:
    versions = tables(8)
    versions[8] = versions[8].drop(columns="cases").head(3)
    assert notes(versions) == []


SHAPES = {
    "normal": lambda random, shape: random.normal(50, 50**0.5, shape),
    "poisson": lambda random, shape: random.poisson(50, shape).astype(float),
    "over-dispersed": lambda random, shape: random.negative_binomial(10, 10 / 60, shape).astype(float),
    "heavy tails": lambda random, shape: 50 + 50**0.5 * random.standard_t(3, shape),
}


def false_alarms(shape: str, history: int) -> float:
    """Return the share of ordinary updates that would be noted."""
    draws = SHAPES[shape](np.random.default_rng([SEED, history]), (DRAWS, history + 1))
    return sum(deviation_of(row[-1], row[:-1]) > ODD_DEVIATIONS for row in draws) / DRAWS


@pytest.mark.parametrize("history", [8, 12, 26, 52])
@pytest.mark.parametrize("shape", SHAPES)
def test_at_most_one_ordinary_update_in_a_hundred_is_noted(shape: str, history: int) -> None:
    assert false_alarms(shape, history) <= 0.01


def test_a_profile_is_stored_as_json() -> None:
    before, after = tables(3)[3], tables(3)[3].drop(index=[4, 7])
    profile = profile_of(after, before)
    assert profile.lost_inside is not None
    assert (profile.lost_inside.count, profile.lost_inside.first) == (2, "2026-01-05")
    assert VersionProfile.from_json(json.loads(json.dumps(profile.as_json()))) == profile
