"""Tables that are odd: each question about them is answered right, or refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any  # labels of versions, columns of any dtype

import numpy as np
import pandas as pd
import pytest

from aero_jupyter.core.as_of import AsOf
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive, diff, week_labels

UPDATES = pd.DataFrame({"geo": ["A"] * 3, "version": ["2026-01-01", "2026-01-02", "2026-01-03"], "cases": [1, 2, 3]})


def archive(
    *tables: pd.DataFrame, start: Any = "2026-01-05", keys: tuple[str, ...] = ("geo",), time: Any = None
) -> Archive:
    """Build an archive with a version a day, or with numbers."""
    days = range(start, start + len(tables)) if isinstance(start, int) else pd.date_range(start, periods=len(tables))
    return Archive.from_snapshots(dict(zip(days, tables, strict=True)), keys=keys, time=time)


def counts(day: Any, cases: Any = 1, geo: Any = "A") -> pd.DataFrame:
    """Build a table of one row."""
    return pd.DataFrame({"geo": [geo], "day": [day], "cases": [cases]})


@pytest.mark.parametrize(
    "marks",
    [
        [None, True, None],
        ["False", "True", "False"],
        ["false", "true", None],
        [0, 1, 0],
        pd.array([None, True, False], "boolean"),
    ],
)
def test_a_row_is_removed_only_where_it_is_marked(marks: Any) -> None:
    built = Archive.from_updates(UPDATES.assign(deleted=marks), keys=["geo"])
    assert built.versions["rows"].tolist() == [1, 0, 1]


def test_a_mark_of_removal_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="'no' in the column deleted is neither True nor False"):
        Archive.from_updates(UPDATES.assign(deleted=["no", "yes", "no"]), keys=["geo"])


@pytest.mark.parametrize(
    "label", ["today", "12:00", "01/02/2026", "2026", "2026-01", "202601", "Jan 5 2026", "2026-1-5"]
)
def test_a_text_that_is_no_iso_date_is_no_version_and_no_time(label: str) -> None:
    with pytest.raises(InvalidArgument, match="neither a date nor a time"):
        Archive.from_snapshots({label: counts("2026-01-01")}, keys=["geo"])
    with pytest.raises(InvalidArgument, match="neither a date nor a time"):
        archive(counts("2026-01-01")).as_of(label)


@pytest.mark.parametrize("day", ["2026-01-05", "20260105", np.datetime64("2026-01-05"), dt.date(2026, 1, 5)])
def test_a_date_in_any_form_means_the_end_of_the_day(day: Any) -> None:
    built = Archive.from_snapshots({"2026-01-05T12:00Z": counts("2026-01-01")}, keys=["geo"])
    assert len(built.as_of(day)) == 1


def test_numbers_follow_their_versions() -> None:
    tables = {"2026-01-05": counts("2026-01-01", 5), "2026-01-02": counts("2026-01-01", 2)}
    built = Archive.from_snapshots(tables, keys=["geo"], numbers=[2, 1])
    assert built.snapshot(2)["cases"].tolist() == [5]
    for numbers in ([1], [1, 1]):
        with pytest.raises(InvalidArgument, match="need as many different numbers"):
            Archive.from_snapshots(tables, keys=["geo"], numbers=numbers)


@pytest.mark.parametrize(("start", "day"), [("2026-01-05", 202601), (1, "2026-01-01"), ("2026-01-05", "01/02/2026")])
def test_a_delay_needs_dates_of_one_kind(start: Any, day: Any) -> None:
    built = archive(counts(day), start=start, time="day")
    questions = [
        lambda: built.revisions("cases", min_waiting_period=0),
        lambda: built.triangle("cases"),
        lambda: built.slide(lambda table, _: len(table), before=3),
    ]
    for question in questions:
        with pytest.raises(InvalidArgument, match=r"The column day (holds|does not hold)"):
            question()


def test_a_triangle_of_numbered_periods_counts_delays_in_them() -> None:
    first, second = counts(1, 1), pd.concat([counts(1, 3), counts(2, 4)])
    built = archive(first, second, start=1, time="day")
    wide = built.triangle("cases")
    assert wide.index.tolist() == [("A", 1), ("A", 2)]
    np.testing.assert_array_equal(wide.to_numpy(), [[1, 2], [4, np.nan]])
    assert built.triangle("cases", long=True)["report_date"].tolist() == [1, 2, 2]
    with pytest.raises(InvalidArgument, match="have no weeks"):
        built.triangle("cases", unit="W")


@pytest.mark.parametrize("later", [pd.Timestamp("2026-01-01"), dt.date(2026, 1, 1)])
def test_a_key_that_is_a_text_in_one_version_and_a_date_in_another_is_refused(later: Any) -> None:
    built = archive(counts("2026-01-01", 1), counts(later, 2), time="day")
    assert built.latest["day"].tolist() == [later]
    with pytest.raises(InvalidArgument, match="different kinds of the key day: dates and texts"):
        built.revisions("cases", min_waiting_period=0)
    other = archive(counts(later, 2).rename(columns={"cases": "deaths"}), time="day")
    with pytest.raises(InvalidArgument, match="different kinds of the key day: dates and texts"):
        archive(counts("2026-01-01", 1), time="day").merge(other)


def test_a_key_of_mixed_kinds_in_every_version_is_answered() -> None:
    ages = pd.DataFrame({"age": pd.Series([5, "all"], dtype=object), "day": ["2026-01-01"] * 2, "cases": [1, 2]})
    built = archive(ages, ages.assign(cases=[3, 2]), keys=("age",), time="day")
    assert sorted(built.revisions("cases", min_waiting_period=0).observations["n_revisions"]) == [0, 1]


def test_a_week_is_that_of_the_day_in_the_zone_of_the_dates() -> None:
    sunday = pd.DatetimeIndex(["2026-01-04 00:30"])
    assert week_labels(sunday.tz_localize("Europe/Berlin")) == week_labels(sunday) == ["202601"]
    with pytest.raises(InvalidArgument, match="A date is missing"):
        week_labels(pd.DatetimeIndex(["2026-01-04", None]))


@pytest.mark.parametrize("values", [[1, 2], [True, False]])
def test_a_categorical_of_numbers_may_have_gaps(values: list[Any]) -> None:
    table = pd.DataFrame({"group": pd.Categorical([values[0], None], categories=values), "cases": [1, 2]})
    built = Archive.from_snapshots({1: table, 2: table.assign(cases=[1, 3])}, keys=["group"])
    pd.testing.assert_frame_equal(built.snapshot(1), table)
    assert diff(table, built.latest, keys=["group"]).counts["changed"] == 1


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint64", "bool", "UInt8", "boolean", "float32", "uint8[pyarrow]"])
def test_a_tolerance_holds_for_every_type_of_number(dtype: str) -> None:
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    tables = [pd.DataFrame({"geo": ["A", "B"], "x": pd.array(x, dtype=dtype)}) for x in ([1, 0], [0, 1])]
    assert diff(*tables, keys=["geo"], abs_tol=1).counts["changed"] == 0


def test_a_tolerance_makes_no_far_numbers_equal() -> None:
    small = [pd.DataFrame({"x": np.array([x], "int8")}) for x in (100, -100)]
    assert diff(*(table.assign(geo="A") for table in small), keys=["geo"], abs_tol=60).counts["changed"] == 1
    endless = pd.DataFrame({"geo": ["A"], "x": [np.inf]})
    assert diff(endless, endless.assign(x=5.0), keys=["geo"], rel_tol=0.1).counts["changed"] == 1
    for tolerance in (-1, float("nan")):
        with pytest.raises(InvalidArgument, match="is no tolerance"):
            diff(endless, endless, keys=["geo"], abs_tol=tolerance)


def test_named_levels_of_an_index_are_keys_of_a_diff() -> None:
    left = pd.DataFrame({"geo": ["A", "B"], "cases": [1, 2]}).set_index("geo")
    right = pd.DataFrame({"geo": ["B", "A"], "cases": [2, 3]}).set_index("geo")
    for keys in (None, ["geo"]):
        changes = diff(left, right, keys=keys)
        assert changes.keys == ("geo",)
        assert changes.cells[["geo", "from_value", "to_value"]].to_numpy().tolist() == [["A", 1, 3]]


def test_columns_of_several_levels_are_refused() -> None:
    table = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("cases", "new")]))
    with pytest.raises(InvalidArgument, match="several levels"):
        diff(table, table)
    joined = table.set_axis(table.columns.map("_".join), axis=1)
    assert diff(joined, joined).is_empty


def test_a_diff_applies_to_tables_with_a_named_index() -> None:
    left = pd.DataFrame({"geo": ["A"], "cases": [1]}).set_index("geo")
    made = diff(left, left + 1, keys=["geo"]).apply(left)
    assert made.to_numpy().tolist() == [["A", 2]]


@pytest.mark.parametrize("wrong", [-1, 2.5, "3"])
def test_a_number_of_delays_is_a_whole_number(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="is no number of delays"):
        archive(counts("2026-01-01"), time="day").triangle("cases", max_delay=wrong)


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), "a"])
def test_a_share_is_a_number(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="is no share"):
        archive(counts("2026-01-01"), time="day").revisions("cases", within_latest=wrong)


def test_an_archive_without_versions_is_refused_in_one_sentence() -> None:
    empty = Archive.from_snapshots({}, keys=["geo"], time="day")
    with pytest.raises(InvalidArgument, match="There was no version at 2026-01-01"):
        empty.until("2026-01-01")
    with pytest.raises(InvalidArgument, match="without versions cannot be merged"):
        archive(counts("2026-01-01"), time="day").merge(empty, sync="locf")


def test_an_observation_is_found_by_the_text_of_its_date() -> None:
    day = pd.Timestamp("2026-01-01", tz="Europe/Berlin")
    built = archive(counts(day), time="day")
    assert built.series(("A", "2026-01-01"))["cases"].tolist() == [1]
    with pytest.raises(InvalidArgument, match="'soon' is neither a date nor a time"):
        built.series(("A", "soon"))


@pytest.mark.parametrize("as_csv", [True, False])
def test_texts_that_look_like_missing_values_remain_in_a_hub(tmp_path: Path, as_csv: bool) -> None:
    built = archive(pd.concat([counts("2026-01-01", 1, "NA"), counts("2026-01-01", 2, "null")]), time="day")
    data = tmp_path / "target-data"
    if as_csv:
        data.mkdir()
        (data / "time-series.csv").write_text("")
    else:
        pytest.importorskip("pyarrow")
    built.to_hub(tmp_path, "cases")
    assert built.to_hub(tmp_path, "cases") == []
    built.to_hub(tmp_path, "other cases")
    file = data / ("time-series.csv" if as_csv else "time-series/as_of=2026-01-05/part-0.parquet")
    stored = pd.read_csv(file, keep_default_na=False) if as_csv else pd.read_parquet(file, partitioning=None)
    assert stored["geo"].tolist() == ["NA", "null"] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [("geo,day,observation\nA,2026-01-01,3\n", "no column as_of"), ("as_of,target,observation\n,,x\n", "no numbers")],
)
def test_target_data_of_another_form_are_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "target-data" / "time-series.csv"
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(InvalidArgument, match=message):
        archive(counts("2026-01-01"), time="day").to_hub(tmp_path, "cases")
    assert file.read_text() == content


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (counts("2026-01-01"), {"rename": {"geo": "day"}}, "two columns day"),
        (counts("2026-01-01"), {"rename": {"geo": "as_of"}}, "two columns as_of"),
        (counts("2026-01-01"), {"rename": {"place": "location"}}, "no key place"),
        (counts("2026-01-01", "many"), {}, "does not hold numbers"),
        (pd.concat([counts(f"2026-01-01T0{hour}:00") for hour in (1, 2)]), {}, "do not identify a row"),
    ],
)
def test_vintages_that_a_hub_cannot_hold_are_refused(
    tmp_path: Path, table: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        archive(table, time="day").to_hub(tmp_path, "cases", **options)
    assert not list(tmp_path.iterdir())


def test_keys_are_offered_that_every_version_has() -> None:
    tables = [counts("2026-01-01"), counts("2026-01-01").rename(columns={"geo": "location"})]
    with pytest.raises(InvalidArgument, match=r"has no column geo\.\nChoose keys from: day, cases$"):
        archive(*tables)
    assert len(archive(*tables, keys=("day",)).latest) == 1
    with pytest.raises(InvalidArgument, match=r"has no column geo\.\nChoose keys from: day, cases$"):
        diff(*tables, keys=["geo"])


def test_whole_rows_are_shown_where_no_columns_identify_them() -> None:
    twice = pd.concat([counts("2026-01-01", 3)] * 2)
    changes = diff(twice, pd.concat([twice.head(1), counts("2026-01-02", 4, "B")]))
    assert str(changes).splitlines()[1:] == ["added    B, 2026-01-02, 4", "removed  A, 2026-01-01, 3"]
    assert "<td>added</td><td>B</td><td>2026-01-02</td><td>4</td>" in changes._repr_html_()


def test_arrow_dates_equal_times_at_midnight() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    days = pd.Series(pd.array([dt.date(2026, 1, 1), None], dtype=pd.ArrowDtype(pyarrow.date32())))
    table = pd.DataFrame({"geo": ["A", "B"], "day": days})
    later = table.assign(day=pd.to_datetime(["2026-01-01", None]))
    assert diff(table, later, keys=["geo"]).counts["changed"] == 0
    built = Archive.from_snapshots({1: table, 2: later}, keys=["geo"])
    pd.testing.assert_frame_equal(built.snapshot(1), table)
    pd.testing.assert_frame_equal(built.snapshot(2), later)
    assert len(Archive.from_snapshots({1: table.head(1)}, keys=["day"]).series(("2026-01-01",))) == 1


def test_complex_numbers_are_compared() -> None:
    table = pd.DataFrame({"geo": ["A"], "x": [1 + 1j]})
    assert diff(table, table.assign(x=2 + 1j), keys=["geo"]).counts["changed"] == 1
    assert diff(table, table.assign(x=2 + 1j), keys=["geo"], abs_tol=1).counts["changed"] == 0


@pytest.mark.parametrize("time", ["2026-03-29T02:30", "2026-10-25T02:30", "2026-03-28"])
def test_a_time_that_the_clocks_skip_or_repeat_is_the_same_everywhere(time: str) -> None:
    cutoff = AsOf.parse(time, "Europe/Berlin").cutoff
    moments = [cutoff + dt.timedelta(seconds=seconds) for seconds in (-1, 1)]
    tables = {moment: counts("2026-01-01", cases) for cases, moment in enumerate(moments)}
    built = Archive.from_snapshots(tables, keys=["geo"], versions_end="2026-12-31", zone="Europe/Berlin")
    assert built.as_of(time)["cases"].tolist() == [0]


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="There is no time zone 'Mars/X'"):
        Archive.from_snapshots({"2026-01-05T12:00Z": counts("2026-01-01")}, keys=["geo"], zone="Mars/X")
