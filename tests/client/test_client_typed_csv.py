"""A table that a function returned is read with the types it had."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.server_standins import Local, Reply

from aero_jupyter.client import AeroClient
from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX, write_frame


@pytest.mark.parametrize("code", ["01001", "3_1", "NA"])
def test_text_codes_come_back_as_text(local: Local, tmp_path: Path, code: str) -> None:
    frame = pd.DataFrame({"fips": [code, "2"], "day": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    path = Path(write_frame("out", frame, str(tmp_path)))
    data = local.add_data("codes")
    row = local.add_version(data, path.read_bytes(), ".csv")
    place = next(iter(local.files))
    row["data_file"]["file_name"] = f"made{TYPED_CSV}"
    typed = f"{place.rpartition('/')[0]}/made{TYPED_CSV}"
    local.files[typed] = local.files[place]
    local.files[typed + TYPES_SUFFIX] = Reply(200, Path(str(path) + TYPES_SUFFIX).read_bytes())
    with AeroClient(local.url) as client:
        pd.testing.assert_frame_equal(client.read(data["id"]), frame)
