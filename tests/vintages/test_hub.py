"""Versions as target data of a hub: what hubdata reads, and vintages that are never overwritten."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest
from support.vintage_example import archive, snapshots

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive

RENAMED = {"geo_value": "location", "time_value": "target_end_date"}
TARGET = "wk inc flu hosp"
DAYS = ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-06", "2026-01-20"]


@pytest.fixture(params=["parquet", "csv"])
def hub(request, tmp_path: Path) -> Path:
    if request.param == "csv":
        (tmp_path / "target-data").mkdir()
        header = "location,target_end_date,target,observation,as_of\n"
        (tmp_path / "target-data" / "time-series.csv").write_text(header)
    return tmp_path


def stored(hub: Path) -> pd.DataFrame:
    """Return the time series as it is stored, dates as text."""
    if (hub / "target-data" / "time-series.csv").exists():
        return pd.read_csv(hub / "target-data" / "time-series.csv", dtype={"location": str})
    table = pd.read_parquet(hub / "target-data" / "time-series")
    return table.astype({"as_of": str, "target_end_date": str})


def test_each_version_is_a_vintage(hub: Path) -> None:
    archive().to_hub(hub, TARGET, rename=RENAMED)
    table = stored(hub)
    assert set(table.columns) == {"location", "target_end_date", "target", "observation", "as_of"}
    assert sorted(set(table["as_of"])) == DAYS
    known = table[table["as_of"] == "2026-01-04"].sort_values(["location", "target_end_date"])
    rows = known[["location", "target_end_date", "target", "observation"]].to_numpy().tolist()
    assert rows == [
        ["A", "2026-01-01", TARGET, 14], ["A", "2026-01-02", TARGET, 20], ["A", "2026-01-03", TARGET, 0],
        ["B", "2026-01-02", TARGET, 8],
    ]  # fmt: skip


def test_vintages_that_are_there_are_not_written_again(hub: Path) -> None:
    first = archive().until("2026-01-06").to_hub(hub, TARGET, rename=RENAMED)
    before = {path: path.read_bytes() for path in first if path.suffix == ".parquet"}
    assert len(archive().to_hub(hub, TARGET, rename=RENAMED)) == 1
    assert archive().to_hub(hub, TARGET, rename=RENAMED) == []
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(set(stored(hub)["as_of"])) == DAYS


def test_a_vintage_is_never_overwritten_with_other_rows(hub: Path) -> None:
    archive().to_hub(hub, TARGET, rename=RENAMED)
    before = stored(hub)
    frames = snapshots()
    frames["2026-01-06"].loc[0, "value"] = 99.0
    other = Archive.from_snapshots(frames, keys=["geo_value"], time="time_value")
    with pytest.raises(
        InvalidArgument, match=r"other rows of wk inc flu hosp as of 2026-01-06: 0 added, 0 removed, 1 ch"
    ):
        other.to_hub(hub, TARGET, rename=RENAMED)
    pd.testing.assert_frame_equal(stored(hub), before)


def test_another_target_joins_the_vintages(hub: Path) -> None:
    archive().to_hub(hub, TARGET, rename=RENAMED)
    archive().to_hub(hub, "wk inc rsv hosp", rename=RENAMED)
    assert stored(hub).groupby("target").size().tolist() == [21, 21]


def test_the_last_version_of_a_day_counts(hub: Path) -> None:
    frames = {f"2026-01-02T{hour}:00": snapshots()["2026-01-02"].assign(value=hour * 1.0) for hour in (10, 16)}
    Archive.from_snapshots(frames, keys=["geo_value"], time="time_value").to_hub(hub, TARGET, rename=RENAMED)
    assert set(stored(hub)["observation"]) == {16.0}


def test_a_hub_with_two_forms_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target-data" / "time-series").mkdir(parents=True)
    (tmp_path / "target-data" / "time-series.csv").write_text("")
    with pytest.raises(InvalidArgument, match="another form"):
        archive().to_hub(tmp_path, TARGET)


def test_the_target_data_are_described_unless_they_are(tmp_path: Path) -> None:
    archive().to_hub(tmp_path, TARGET, rename=RENAMED)
    config = tmp_path / "hub-config" / "target-data.json"
    assert json.loads(config.read_text()) == {
        "observable_unit": ["location", "target_end_date", "target"], "date_col": "target_end_date", "versioned": True,
    }  # fmt: skip
    config.write_text("{}")
    archive().to_hub(tmp_path, TARGET, rename=RENAMED)
    assert config.read_text() == "{}"


TASKS = {
    "rounds": [
        {
            "round_id": "reference_date",
            "round_id_from_variable": True,
            "model_tasks": [
                {
                    "task_ids": {
                        "reference_date": {"required": None, "optional": ["2026-01-03"]},
                        "location": {"required": None, "optional": ["A", "B"]},
                        "target": {"required": None, "optional": [TARGET]},
                        "target_end_date": {"required": None, "optional": ["2026-01-03"]},
                    },
                    "output_type": {
                        "mean": {"output_type_id": {"required": None}, "value": {"type": "double", "minimum": 0}}
                    },
                }
            ],
        }
    ]
}


@pytest.mark.skipif(importlib.util.find_spec("hubdata") is None, reason="needs hubdata")
def test_hubdata_reads_the_vintages(hub: Path) -> None:
    from hubdata import connect_target_data
    from hubdata.create_target_data_schema import TargetType

    (hub / "hub-config").mkdir()
    (hub / "hub-config" / "admin.json").write_text("{}")
    (hub / "hub-config" / "tasks.json").write_text(json.dumps(TASKS))
    archive().to_hub(hub, TARGET, rename=RENAMED)
    table = connect_target_data(hub, TargetType.TIME_SERIES).to_table().to_pandas()
    assert len(table) == 21
    assert set(table["as_of"]) == {dt.date.fromisoformat(day) for day in DAYS}
    assert set(table.loc[table["location"] == "B", "target_end_date"]) == {dt.date(2026, 1, day) for day in (1, 2, 3)}
