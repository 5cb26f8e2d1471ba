"""Differences between two versions: the worked example, what counts as equal, and changes that can be applied."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from support.vintage_example import KEYS, snapshots

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Diff, DuplicateKeys, diff

NA = float("nan")
#: change, geo, day, column, from, to, difference, relative difference.
EXPECTED = {
    ("2026-01-03", "2026-01-04"): [
        ("changed", "A", 1, "value", 10, 14, 4, 0.4),
        ("added", "A", 3, None, NA, 0, NA, NA),
        ("removed", "B", 1, None, 5, NA, NA, NA),
        ("changed", "B", 2, "value", NA, 8, NA, NA),
    ],
    ("2026-01-04", "2026-01-20"): [
        ("changed", "A", 1, "value", 14, 15, 1, 1 / 14),
        ("changed", "A", 2, "value", 20, 29, 9, 0.45),
        ("added", "B", 1, None, NA, 5, NA, NA),
        ("added", "B", 3, None, NA, 7, NA, NA),
    ],
}


def between(start: str, end: str, keys: list[str] | None = KEYS) -> Diff:
    tables = snapshots()
    return diff(tables[start], tables[end], keys, from_version=start, to_version=end)


@pytest.mark.parametrize(("start", "end"), EXPECTED)
def test_the_cells_in_canonical_form(start: str, end: str) -> None:
    cells = between(start, end).cells
    change, geo, day, column, before, after, absolute, relative = zip(*EXPECTED[start, end], strict=True)
    expected = {
        "from_version": start, "to_version": end, "change": change, "geo_value": geo,
        "time_value": pd.to_datetime([f"2026-01-{number:02d}" for number in day]), "column": column,
        "from_value": np.array(before, float), "to_value": np.array(after, float), "abs_diff": absolute,
        "rel_diff": relative,
    }  # fmt: skip
    assert_frame_equal(cells.drop(columns="column"), pd.DataFrame(expected).drop(columns="column"), check_dtype=False)
    assert [None if pd.isna(name) else name for name in cells["column"]] == list(column)


def test_the_counts() -> None:
    assert between("2026-01-03", "2026-01-04").counts == {
        "rows_from": 4, "rows_to": 4, "added": 1, "removed": 1, "changed": 2, "unchanged": 1, "cells_changed": 2,
    }  # fmt: skip


def test_the_text_shows_the_largest_change_first() -> None:
    assert str(between("2026-01-04", "2026-01-20")).splitlines() == [
        "2026-01-04 -> 2026-01-20, by geo_value, time_value: 4 -> 6 rows; 2 added, 0 removed, 2 changed, 2 unchanged",
        "changed  A, 2026-01-02  value: 20 -> 29 (+45%)",
        "changed  A, 2026-01-01  value: 14 -> 15 (+7%)",
        "added    B, 2026-01-01  value: 5",
        "added    B, 2026-01-03  value: 7",
    ]


def test_json_has_dates_as_text_and_null_for_missing_values() -> None:
    found = json.loads(between("2026-01-03", "2026-01-04").to_json())
    assert (found["from"], found["to"], found["keys"]) == ("2026-01-03", "2026-01-04", KEYS)
    assert found["schema"] == {"added": [], "removed": [], "types": {}}
    assert found["counts"]["unchanged"] == 1
    assert found["cells"][3] == {
        "change": "changed", "geo_value": "B", "time_value": "2026-01-02", "column": "value", "from_value": None,
        "to_value": 8.0, "abs_diff": None, "rel_diff": None,
    }  # fmt: skip
    assert found["removed"] == [{"geo_value": "B", "time_value": "2026-01-01", "value": 5.0}]


def test_html_and_text_escape_what_the_data_hold() -> None:
    left = pd.DataFrame({"geo": ["<b>\x1b[31m"], "note": ["a"]})
    found = diff(left, left.assign(note="<script>"), ["geo"])
    assert "<b>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    assert "\x1b" not in str(found) + found._repr_html_()


def test_duplicate_keys_are_listed_and_never_paired() -> None:
    left = pd.DataFrame({"geo": ["A", "A", "B"], "n": [1, 2, 3]})
    with pytest.raises(DuplicateKeys) as error:
        diff(left.drop_duplicates("geo"), left, ["geo"], from_version="x@3", to_version="x@4")
    assert error.value.message == "geo do not identify a row in version x@4: A (2 rows)."
    assert error.value.duplicates.to_dict("list") == {"geo": ["A"], "rows": [2]}


def test_without_keys_whole_rows_are_compared_and_the_result_says_so() -> None:
    left = pd.DataFrame({"n": [1.5, 1.5, 2.5]})
    found = diff(left, pd.DataFrame({"n": [1.5, 3.5]}))
    assert found.note == "no columns identify a row: whole rows are compared"
    assert found.counts == {
        "rows_from": 3, "rows_to": 2, "added": 1, "removed": 2, "changed": 0, "unchanged": 1, "cells_changed": 0,
    }  # fmt: skip
    assert found.removed["n"].tolist() == [1.5, 2.5]
    assert str(found).splitlines()[0].startswith("from -> to, no columns identify a row")


def test_keys_are_the_fewest_columns_that_identify_a_row_in_both_versions_and_no_measurement() -> None:
    left = pd.DataFrame({"cases": [1, 2], "geo": ["A", "B"], "week": ["2026-01-03"] * 2, "rate": [0.5, 0.7]})
    assert diff(left, left).keys == ("geo",)
    right = pd.concat([left, left.assign(week="2026-01-10", cases=[3, 4])])
    found = diff(left, right)
    assert found.keys == ("geo", "week")
    assert "geo, week (guessed)" in str(found)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, 2], [1.0, 2.0]),
        ([1, None], [1.0, NA]),
        (pd.Series(["a", None], dtype=object), pd.Series(["a", None], dtype="str")),
        (pd.Categorical(["a", "b"]), pd.Categorical(["a", "b"], categories=["b", "a"])),
        (pd.to_datetime(["2026-01-01", None]).as_unit("s"), pd.to_datetime(["2026-01-01", None]).as_unit("ns")),
        (pd.to_datetime(["2026-01-01T12:00Z"] * 2), pd.to_datetime(["2026-01-01T12:00Z"] * 2).tz_convert("Asia/Tokyo")),
        ([NA, 0.0], [NA, -0.0]),
        (pd.Series([1, None], dtype="Int64"), [1, NA]),
    ],
)
def test_a_changed_dtype_changes_no_cell(left, right) -> None:
    found = diff(pd.DataFrame({"k": ["x", "y"], "v": left}), pd.DataFrame({"k": ["x", "y"], "v": right}), ["k"])
    assert found.counts["cells_changed"] == 0


def test_a_changed_dtype_is_a_note_but_texts_of_pandas_2_and_3_are_one() -> None:
    left = pd.DataFrame({"k": ["x"], "n": [1], "t": pd.Series(["a"], dtype=object)})
    found = diff(left, left.astype({"n": float, "t": "str"}), ["k"])
    assert dict(found.columns.types) == {"n": ("int64", "float64")}
    assert "type of n: int64 -> float64" in str(found)


@pytest.mark.parametrize(
    ("left", "right"), [([1], ["1"]), ([2**53 + 1], [float(2**53)]), (["a"], [None]), ([1.0], [1.0 + 2**-52])]
)
def test_values_that_are_not_the_same_differ(left, right) -> None:
    assert (
        diff(pd.DataFrame({"k": ["x"], "v": left}), pd.DataFrame({"k": ["x"], "v": right}), ["k"]).counts["changed"]
        == 1
    )


def test_tolerances() -> None:
    left, right = pd.DataFrame({"k": ["x", "y"], "v": [100.0, 0.0]}), pd.DataFrame({"k": ["x", "y"], "v": [101.0, 0.1]})
    assert diff(left, right, ["k"], rel_tol=0.01).counts["changed"] == 1
    assert diff(left, right, ["k"], abs_tol=1.0).counts["changed"] == 0


def test_columns_that_are_new_or_gone_are_named() -> None:
    left = pd.DataFrame({"k": ["x", "y"], "old": [1, 2]})
    right = pd.DataFrame({"k": ["y", "z"], "new": [3, 4]})
    found = diff(left, right, ["k"])
    assert (found.columns.added, found.columns.removed) == (("new",), ("old",))
    assert_frame_equal(found.apply(left), right)


def test_equal_versions_have_no_differences() -> None:
    left = snapshots()["2026-01-20"]
    assert diff(left, left.iloc[::-1], KEYS).is_empty


def test_the_tables_that_are_compared_are_not_changed() -> None:
    left, right = snapshots()["2026-01-03"], snapshots()["2026-01-04"]
    diff(left, right, KEYS).apply(left)
    assert_frame_equal(left, snapshots()["2026-01-03"])
    assert_frame_equal(right, snapshots()["2026-01-04"])


def test_differences_are_applied_to_the_version_from_which_they_start_only() -> None:
    found = between("2026-01-03", "2026-01-04")
    for other in ("2026-01-02", "2026-01-06"):
        with pytest.raises(InvalidArgument, match="The table is not 2026-01-03"):
            found.apply(snapshots()[other])


def test_a_key_that_a_version_lacks_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="Version to has no column geo"):
        diff(pd.DataFrame({"geo": ["A"]}), pd.DataFrame({"state": ["A"]}), ["geo"])


MAKERS = {
    "int": lambda rng, n: rng.integers(0, 3, n) + 2**53,
    "float": lambda rng, n: rng.choice([0.5, 1.0, NA], n),
    "Int64": lambda rng, n: pd.array(rng.choice([1, 2, None], n), dtype="Int64"),
    "text": lambda rng, n: rng.choice(["", "a", "1"], n),
    "bool": lambda rng, n: rng.random(n) < 0.5,
    "category": lambda rng, n: pd.Categorical(rng.choice(["low", "high"], n)),
    "time": lambda rng, n: pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 3, n), unit="D"),
}


def random_table(rng: np.random.Generator, kinds: dict[str, str], unique: bool) -> pd.DataFrame:
    keys = rng.choice(12, rng.integers(0, 9), replace=not unique)
    data = {"geo": np.array(["A", "B", "C", "D"])[keys % 4], "n": keys // 4}
    return pd.DataFrame({**data, **{name: MAKERS[kind](rng, len(keys)) for name, kind in kinds.items()}})


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("keyed", [True, False])
def test_applying_the_differences_to_one_version_gives_the_other(seed: int, keyed: bool) -> None:
    rng = np.random.default_rng([seed, keyed])
    for _ in range(50):
        kinds = {name: str(rng.choice(list(MAKERS))) for name in ("u", "v", "w") if rng.random() < 0.8}
        left = random_table(rng, kinds, keyed)
        if rng.random() < 0.5:
            kinds[str(rng.choice(["u", "x"]))] = str(rng.choice(list(MAKERS)))
        right = random_table(rng, kinds, keyed)
        got = diff(left, right, ["geo", "n"] if keyed else []).apply(left)
        assert got.columns.tolist() == right.columns.tolist()
        assert got.dtypes.to_dict() == right.dtypes.to_dict()
        assert sorted(map(str, got.itertuples(index=False))) == sorted(map(str, right.itertuples(index=False)))
