"""Every version of any history comes back exactly: rows, order, duplicates, dtypes and columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from aero_jupyter.vintages import Archive

pytestmark = pytest.mark.slow
KEYS = ["geo", "day"]
#: The value column of a version: its dtype, and cells of it; None is a missing value.
COLUMNS = {
    "int64": st.sampled_from([0, 1, 2, 2**53, 2**53 + 1]),
    "float64": st.sampled_from([0.0, 0.5, 1.0, 2.0**53, None]),
    "Int64": st.sampled_from([1, 2, None]),
    "bool": st.booleans(),
    "str": st.sampled_from(["1", "", "x", None]),
    "object": st.sampled_from(["1", 1, 2.5, True, None]),
    "category": st.sampled_from(["low", "high", None]),
    "datetime64[s]": st.sampled_from(["2026-01-01", "2026-01-02", None]),
    "datetime64[ns, Europe/Paris]": st.sampled_from(["2026-01-01", "2026-10-25T01:30Z", None]),
    "datetime64[us, UTC]": st.sampled_from(["2026-01-01", "2026-10-25T01:30Z", None]),
}
GEOS = st.sampled_from(["A", "B", "C", None])
DAYS = st.sampled_from(["2026-01-01", "2026-01-02", "2026-01-03"])


def column(dtype: str, cells: list[object]) -> pd.Series:
    if dtype.startswith("datetime64"):
        times = pd.to_datetime(pd.Series(cells, dtype=object), utc=True, format="ISO8601")
        zone = dtype.partition(", ")[2].rstrip("]")
        times = times.dt.tz_convert(zone) if zone else times.dt.tz_localize(None)
        return times.astype(dtype)
    return pd.Series(cells, dtype="object" if dtype == "object" else None).astype(dtype)


@st.composite
def tables(draw: st.DrawFn, dtypes: dict[str, str], unique: bool) -> pd.DataFrame:
    unique_by = tuple if unique else None
    keys = draw(st.lists(st.tuples(GEOS, DAYS), max_size=8, unique_by=unique_by))
    data = {
        "geo": pd.Series([geo for geo, _ in keys], dtype="str"),
        "day": column("datetime64[s]", [d for _, d in keys]),
    }
    for name, dtype in dtypes.items():
        data[name] = column(dtype, draw(st.lists(COLUMNS[dtype], min_size=len(keys), max_size=len(keys))))
    return pd.DataFrame(data)[draw(st.permutations(list(data)))]


SCHEMAS = st.dictionaries(st.sampled_from(["cases", "rate", "note"]), st.sampled_from(list(COLUMNS)), max_size=3)


@st.composite
def histories(draw: st.DrawFn, unique: bool = False) -> dict[object, pd.DataFrame]:
    """Versions with late and removed rows, duplicates, missing values, changed columns and several a day."""
    versions = draw(st.lists(st.integers(0, 50), min_size=1, max_size=5, unique=True))
    schema, frames = draw(SCHEMAS), {}
    for version in sorted(versions):
        schema = draw(st.one_of(st.just(schema), SCHEMAS))
        frames[pd.Timestamp("2026-03-28T20:00Z") + pd.Timedelta(hours=version)] = draw(tables(schema, unique))
    return frames


def assert_same(got: pd.DataFrame, stored: pd.DataFrame) -> None:
    """Compare exactly, but for how an object column writes its missing values."""
    assert got.dtypes.to_dict() == stored.dtypes.to_dict()
    objects = [name for name in stored if stored[name].dtype == object]
    plain = [
        frame.assign(**{name: frame[name].where(frame[name].notna(), None) for name in objects})
        for frame in (got, stored)
    ]
    assert_frame_equal(plain[0], plain[1], check_exact=True)


LIMITS = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@LIMITS
@given(histories())
def test_each_as_of_is_the_stored_version(frames: dict[object, pd.DataFrame]) -> None:
    archive = Archive.from_snapshots(frames, keys=KEYS, time="day", zone="Europe/Paris")
    for number, (version, frame) in enumerate(frames.items(), 1):
        assert_same(archive.as_of(version), frame)
        assert_same(archive.snapshot(number), frame)


@LIMITS
@given(histories(), st.data())
def test_an_extended_archive_is_the_one_built_at_once(frames: dict[object, pd.DataFrame], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(frames)))
    pairs = list(frames.items())
    archive = Archive.from_snapshots(dict(pairs[:cut]), keys=KEYS, time="day")
    for version, frame in pairs[cut:]:
        archive = archive.extended(version, frame)
    whole = Archive.from_snapshots(frames, keys=KEYS, time="day")
    assert len(archive.history.slot) == len(whole.history.slot)
    for version, frame in pairs:
        assert_same(archive.as_of(version), frame)


@LIMITS
@given(histories(), st.data())
def test_a_date_is_the_last_version_of_that_day_in_its_zone(
    frames: dict[object, pd.DataFrame], data: st.DataObject
) -> None:
    # Clocks are set forward in Paris on 29 March 2026.
    archive = Archive.from_snapshots(frames, keys=KEYS, versions_end="2026-04-01T00:00Z", zone="Europe/Paris")
    day = data.draw(st.sampled_from(["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]))
    earlier = [v for v in frames if v.tz_convert("Europe/Paris").date().isoformat() <= day]
    got = archive.as_of(day)
    assert len(got) == 0 if not earlier else assert_same(got, frames[max(earlier)]) is None


@LIMITS
@given(histories(unique=True))
def test_updates_make_the_same_archive(frames: dict[object, pd.DataFrame]) -> None:
    archive = Archive.from_snapshots(frames, keys=KEYS, time="day")
    updates = archive.updates
    if updates.empty:
        return
    again = Archive.from_updates(updates, keys=KEYS, time="day")
    first = updates["version"].min()
    for version, frame in frames.items():
        if version >= first and version <= again.times.end:
            got = again.as_of(version)
            assert sorted(map(str, got[KEYS].to_numpy().tolist())) == sorted(map(str, frame[KEYS].to_numpy().tolist()))


@LIMITS
@given(histories())
def test_versions_count_what_happened(frames: dict[object, pd.DataFrame]) -> None:
    versions = Archive.from_snapshots(frames, keys=KEYS).versions
    assert versions["rows"].tolist() == [len(frame) for frame in frames.values()]
    assert np.array_equal((versions["added"] - versions["removed"]).cumsum(), versions["rows"])
