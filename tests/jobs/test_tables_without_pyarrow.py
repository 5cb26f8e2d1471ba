"""An endpoint without pyarrow stores and reads typed tables all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECK = """
import sys
sys.modules["pyarrow"] = None
import pandas as pd
from aero_jupyter.jobs.typed_csv import write_frame
from aero_jupyter.jobs.typed_inputs import read_file
frame = {frame}
path = write_frame("out", frame, sys.argv[1])
assert path.endswith(".typed.csv"), path
pd.testing.assert_frame_equal(read_file("x", path, {{}}), frame)
"""
FRAMES = {
    "codes": 'pd.DataFrame({"fips": ["01001", "3_1"], "day": ["2026-01-01", "x"]})',
    "categories": 'pd.DataFrame({"c": pd.Categorical(["b", None]), "n": pd.array([1, None], "Int64")})',
    "zoned times": 'pd.DataFrame({"at": pd.to_datetime(["2026-03-29 01:00"]).tz_localize("UTC")})',
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_types_are_kept_without_pyarrow(frame: str, tmp_path: Path) -> None:
    code = CHECK.format(frame=frame)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
