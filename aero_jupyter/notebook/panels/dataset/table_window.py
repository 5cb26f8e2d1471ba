"""The rows of a version's table that a page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.table_rows import TableRows
from aero_jupyter.core.table_summary import TableSummary

if TYPE_CHECKING:
    from aero_jupyter.client.client import AeroClient


class TableWindow:
    """The rows that a page of a dataset was turned to.

    Parameters
    ----------
    client : AeroClient
    data_id : str
    """

    def __init__(self, client: AeroClient, data_id: str) -> None:
        self._client, self._data_id = client, data_id
        self._version, self._rows = 0, TableRows()

    def rows_of(self, version: int | None) -> TableRows | None:
        """Return the rows of a version; None for the first ones, which its summary contains."""
        return self._rows if self._rows.rows and version == self._version else None

    def turn_to(self, version: int | None, start: int | None, summary: TableSummary | None) -> str:
        """Fetch the rows from a position on, as many as the summary shows; return why there are none."""
        if version is None or start is None or summary is None:
            return ""
        found = self._client.rows(self._data_id, version, start=start, count=max(1, len(summary.head)))
        if found.rows:
            self._version, self._rows = version, found
        return found.reason
