"""The work of a worker that reads the tables of versions: summaries, and profiles with notes on drift."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any  # JSON values, and tables without an import of pandas

from aero_jupyter.core.table_rows import TableRows
from aero_jupyter.core.table_summary import TableSummary
from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader


def summarize_content(table: dict[str, Any]) -> dict[str, Any]:
    """Return the summary of a file as JSON; a file that is no table has a reason instead.

    Parameters
    ----------
    table : dict
        As `TableWorker.table_of` returns it.
    """
    from aero_jupyter.vintages.table_summary import summarize_file

    try:
        with open(table["path"], "rb") as file:
            return summarize_file(file, lambda: _read(table, file), by_columns=not table["options"]).as_json()
    except TableError as error:
        return TableSummary(reason=str(error)).as_json()


def rows_of_content(table: dict[str, Any], start: int, count: int) -> dict[str, Any]:
    """Return some rows of a file as JSON; a file that is no table has a reason instead.

    Parameters
    ----------
    table : dict
        As `TableWorker.table_of` returns it.
    start, count : int
        Position of the first row, from 0, and the number of rows.
    """
    from aero_jupyter.vintages.table_rows import rows_of_file

    try:
        with open(table["path"], "rb") as file:
            read = partial(_read, table, file)
            return rows_of_file(file, read, start, count, by_columns=not table["options"]).as_json()
    except TableError as error:
        return TableRows(reason=str(error)).as_json()


def profile_content(
    table: dict[str, Any], before: dict[str, Any] | None, earlier: Sequence[dict[str, Any]]
) -> dict[str, Any] | None:
    """Return the profile of a file and the notes on its drift as JSON; None if the file is no table.

    Parameters
    ----------
    table, before : dict
        The version, and the one before it if there is one, as `TableWorker.table_of` returns them.
    earlier : sequence of dict
        The profiles of the earlier versions, oldest first.
    """
    from aero_jupyter.vintages.drift import drift_notes
    from aero_jupyter.vintages.table_profile import profile_of
    from aero_jupyter.vintages.version_profile import VersionProfile

    try:
        frame = _read_file(table)
    except TableError:
        return None
    try:
        previous = None if before is None else _read_file(before)
    except TableError:
        previous = None
    profile = profile_of(frame, previous)
    profiles = [*map(VersionProfile.from_json, earlier), profile]
    notes = [note for at, _, note in drift_notes(profiles) if at == len(earlier)]
    return {"profile": profile.as_json(), "notes": notes}


def _read_file(table: dict[str, Any]) -> Any:
    from aero_jupyter.vintages.table_summary import first_table

    with open(table["path"], "rb") as file:
        return first_table(_read(table, file))


def _read(table: dict[str, Any], file: IO[bytes]) -> Any:
    types = Path(table["types_path"]).read_bytes() if table["types_path"] else None
    options = table["options"]
    reader = TableReader(table["label"], table["names"], table["file_type"], table["encoding"], options)
    return reader.read(file, types)
