"""Summaries of versions: the local AERO computes and stores them; for other servers the kernel reads the version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aero_jupyter.client.methods.tables import TableMethods
from aero_jupyter.client.methods.waiting import WaitingMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import wire
from aero_jupyter.core.errors import InvalidArgument

if TYPE_CHECKING:
    from aero_jupyter.core.table_rows import TableRows
    from aero_jupyter.core.table_summary import TableSummary

_Read = TypeVar("_Read")
#: Seconds for which a summary is awaited by default; the worker has this time, too.
_SUMMARY_SECONDS = 300.0


class SummaryMethods(TableMethods, WaitingMethods):
    """Methods that summarize versions."""

    def summarize(self, data_id: str, version: int | None = None, *, timeout: float = _SUMMARY_SECONDS) -> TableSummary:
        """Return the summary of a version's table: first rows, columns, time series.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int, optional
            Its number; the newest by default.
        timeout : float
            Seconds to wait for the local AERO, at most.

        Returns
        -------
        TableSummary
            Its ``reason`` is not empty if the version cannot be read as a table.

        Raises
        ------
        AeroError
            If the local AERO has not computed it by then.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> summary = client.summarize(client.resolve_data("sewage").id)
        >>> summary.rows, [column.name for column in summary.columns]
        (26, ['sample_collect_date', 'sars_cov_2'])
        """
        from aero_jupyter.core.table_summary import TableSummary, parse_summary

        if not self.dialect.summaries:
            from aero_jupyter.vintages.table_summary import summarize_file

            return self._read_here(data_id, version, summarize_file, TableSummary)
        params = {} if version is None else {"version": version}

        def ready_summary() -> TableSummary | None:
            body = decode_body(dict, self._send(wire.SUMMARY, params=params, id=data_id).body)
            return parse_summary(body.get("summary")) if body.get("state") == "ready" else None

        return self._poll(ready_summary, timeout, f"The summary was not computed within {timeout:g} s.")

    def rows(self, data_id: str, version: int | None = None, *, start: int = 0, count: int = 10) -> TableRows:
        """Return some rows of a version's table as text; a Parquet file is read only where they are.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int, optional
            Its number; the newest by default.
        start : int
            Position of the first row, from 0.
        count : int
            Number of rows, from 1 to 1,000.

        Returns
        -------
        TableRows
            Its ``reason`` is not empty if the version cannot be read as a table.

        Raises
        ------
        InvalidArgument
            If `start` or `count` is out of range.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> page = client.rows(client.resolve_data("sewage").id, start=20, count=5)
        >>> page.total, len(page.rows)
        (26, 5)
        """
        from aero_jupyter.core.table_rows import MAX_PAGE_ROWS, TableRows, parse_rows

        if start < 0 or not 1 <= count <= MAX_PAGE_ROWS:
            message = f"start is {start} and count {count}: start must be 0 or more, count from 1 to {MAX_PAGE_ROWS:,}."
            raise InvalidArgument(message)
        if not self.dialect.summaries:
            from aero_jupyter.vintages.table_rows import rows_of_file

            return self._read_here(data_id, version, partial(rows_of_file, start=start, count=count), TableRows)
        params = {"start": start, "count": count} | ({} if version is None else {"version": version})
        body = decode_body(dict, self._send(wire.ROWS, params=params, id=data_id).body)
        return parse_rows(body.get("rows"))

    def _read_here(
        self, data_id: str, version: int | None, read: Callable[..., _Read], refused: Callable[..., _Read]
    ) -> _Read:
        """Download a version, and read a part of its table in this process."""
        from aero_jupyter.jobs.table_unpacking import TableError, check_parquet
        from aero_jupyter.jobs.tables import TableReader
        from aero_jupyter.vintages.table_summary import is_parquet

        found = self.place(data_id, version)
        types, options, stored = self.types_of(found), self.read_options(found.data), found.version.file
        names = (found.file_name, found.data.url, found.data.name)
        declared = (stored.file_type, stored.encoding) if stored else (None, None)
        reader = TableReader(found.label, names, *declared, options)
        with tempfile.TemporaryFile() as file:
            with self.open_content(found) as content:
                shutil.copyfileobj(content, file)
            try:
                if is_parquet(file):
                    check_parquet(file, found.label, reader.limits)
                return read(file, lambda: reader.read(file, types), by_columns=not options)
            except TableError as error:
                return refused(reason=str(error))
