"""The worked example: five versions of a small table, whose answers were computed by hand."""

from __future__ import annotations

import pandas as pd

from aero_jupyter.vintages import Archive

KEYS = ["geo_value", "time_value"]
_NA = float("nan")
_VERSIONS = {
    "2026-01-02": [("A", 1, 10), ("B", 1, 5)],
    "2026-01-03": [("A", 1, 10), ("A", 2, 20), ("B", 1, 5), ("B", 2, _NA)],
    "2026-01-04": [("A", 1, 14), ("A", 2, 20), ("A", 3, 0), ("B", 2, 8)],
    "2026-01-06": [("A", 1, 14), ("A", 2, 30), ("A", 3, 0), ("B", 1, 5), ("B", 2, 8)],
    "2026-01-20": [("A", 1, 15), ("A", 2, 29), ("A", 3, 0), ("B", 1, 5), ("B", 2, 8), ("B", 3, 7)],
}


def snapshots() -> dict[str, pd.DataFrame]:
    """Return the table of each version."""
    return {version: table(rows) for version, rows in _VERSIONS.items()}


def table(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    """Return a table of rows: geo, day of January 2026, value."""
    geos, days, values = zip(*rows, strict=True)
    dates = pd.to_datetime([f"2026-01-{day:02d}" for day in days])
    return pd.DataFrame({"geo_value": geos, "time_value": dates, "value": [float(value) for value in values]})


def archive(**options: object) -> Archive:
    """Return the archive of the example."""
    return Archive.from_snapshots(snapshots(), keys=KEYS, time="time_value", **options)
