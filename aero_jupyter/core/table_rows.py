"""Some rows of a table as text; as JSON and as a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # JSON values

from aero_jupyter.core import errors

#: Rows of one page, at most.
MAX_PAGE_ROWS = 1_000


@dataclass(frozen=True)
class TableRows:
    """Some rows of one version of a dataset.

    Attributes
    ----------
    start : int
        Position of the first of these rows in the table, from 0.
    total : int
        Rows of the table.
    rows : tuple of tuple of str or None
        The cells as text; None where a value is missing. Columns are those of the summary, in its order.
    reason : str
        Why there are no rows; empty if the version is a table.
    """

    start: int = 0
    total: int = 0
    rows: tuple[tuple[str | None, ...], ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the rows as JSON values."""
        return dataclasses.asdict(self)


def parse_rows(body: object) -> TableRows:
    """Parse the JSON of some rows.

    Raises
    ------
    ServerFailed
        If it is something else.
    """
    try:
        if not isinstance(body, Mapping):
            raise TypeError
        rows = tuple(tuple(None if cell is None else str(cell) for cell in row) for row in body["rows"])
        return TableRows(int(body["start"]), int(body["total"]), rows, str(body["reason"]))
    except (TypeError, ValueError, KeyError) as error:
        raise errors.ServerFailed(
            502, "The server answered with something else than rows of a table.", "Load the data instead."
        ) from error
