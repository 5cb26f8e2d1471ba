"""Whatever a function returns as a DataFrame comes back the same, with and without pyarrow, or is refused."""

from __future__ import annotations

import datetime
import decimal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.tables import TableReader
from aero_jupyter.jobs.typed_csv import write_frame

AUTUMN = pd.to_datetime(["2026-03-29 01:30", "2026-10-25 02:30"]).tz_localize("UTC").tz_convert("Europe/Berlin")
PAIRS = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", "y"])
FRAMES: dict[str, pd.DataFrame] = {
    "ordered": pd.DataFrame({"a": pd.Categorical(["lo", None], categories=["lo", "hi"], ordered=True)}),
    "Int64": pd.DataFrame({"a": pd.array([1, None, 2**62], dtype="Int64")}),
    "string": pd.DataFrame({"a": pd.array(["NA", None, ""], dtype="string")}),
    "objects": pd.DataFrame({"a": ["NA", None, ""]}),
    "zoned": pd.DataFrame({"a": AUTUMN}),
    "timedelta": pd.DataFrame({"a": pd.to_timedelta(["1D", "2h 3ns"])}),
    "boolean": pd.DataFrame({"a": pd.array([True, None], dtype="boolean")}),
    "period": pd.DataFrame({"a": pd.period_range("2026-01", periods=2, freq="M")}),
    "interval": pd.DataFrame({"a": pd.interval_range(0, 2)}),
    "columns in two levels": pd.DataFrame([[1, 2]], columns=PAIRS),
    "rows in two levels": pd.DataFrame({"v": [1, 2]}, index=PAIRS),
    "codes as index": pd.DataFrame({"v": [1]}, index=pd.Index(["01001"], name="fips")),
    "empty": pd.DataFrame({"a": pd.Series([], dtype="datetime64[ns]"), "b": pd.Series([], dtype="int8")}),
    "mixed": pd.DataFrame({"a": [1, "1", None, 2.5]}),
    "large": pd.DataFrame({"a": [2**53 + 1, -(2**63)]}),
    "uint64": pd.DataFrame({"a": np.array([2**64 - 1], dtype="uint64")}),
    "floats": pd.DataFrame({"a": [0.1 + 0.2, 1e-320, np.inf, -0.0, np.nan]}),
    "float32": pd.DataFrame({"a": np.array([0.1], dtype="float32")}),
    "same name twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "numbers as names": pd.DataFrame([[1, 2]], columns=[0, 1]),
    "days as names": pd.DataFrame([[1, 2]], columns=pd.to_datetime(["2026-01-01", "2026-01-02"])),
    "dates": pd.DataFrame({"a": [datetime.date(2026, 1, 1)]}),
    "decimals": pd.DataFrame({"a": [decimal.Decimal("1.10")]}),
    "bytes": pd.DataFrame({"a": [b"x"]}),
    "lists": pd.DataFrame({"a": [[1, 2], [3]]}),
    "complex": pd.DataFrame({"a": [1 + 2j]}),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}),
    "text with breaks": pd.DataFrame({"a": ["x\r\ny", ' "q" ', "\t"]}),
}
#: Tables refused with pyarrow too, and those refused only without it.
NEVER, WITHOUT = {"complex", "sparse"}, {"interval", "days as names", "bytes"}


def again(path: Path) -> Any:
    kept = path.with_name(f"{path.name}.types.json")
    with path.open("rb") as file:
        return TableReader("out", [path.name], None, None, {}).read(file, kept.read_bytes() if kept.exists() else None)


@pytest.mark.parametrize("has_pyarrow", [True, False])
@pytest.mark.parametrize("name", FRAMES)
def test_it_is_the_same_or_refused(
    name: str, has_pyarrow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_pyarrow:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame = FRAMES[name]
    if name in NEVER or (name in WITHOUT and not has_pyarrow):
        with pytest.raises(AeroJobError, match="Output out"):
            write_frame("out", frame, str(tmp_path))
        return
    found = again(Path(write_frame("out", frame, str(tmp_path))))
    pd.testing.assert_frame_equal(found, frame, check_exact=True)
    for at in range(frame.shape[1]):
        for one, other in zip(found.iloc[:, at].tolist(), frame.iloc[:, at].tolist(), strict=True):
            assert type(one) is type(other)
