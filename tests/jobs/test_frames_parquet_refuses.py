"""A DataFrame that neither format keeps as it is ends in a sentence, never in other types."""

from __future__ import annotations

import os

import pandas as pd
import pytest

from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.typed_csv import write_frame


@pytest.mark.parametrize(
    "values",
    [
        [2**70, b"x"],
        [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-07-01", tz="Europe/Berlin")],
        [pd.Timestamp("2024-01-01"), None],
    ],
)
@pytest.mark.parametrize("name", ["mixed", "mixed.parquet"])
def test_values_that_would_change_their_type_are_refused(
    values: list[object], name: str, tmp_path: os.PathLike
) -> None:
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    with pytest.raises(AeroJobError, match="Output mixed"):
        write_frame(name, frame, str(tmp_path))
