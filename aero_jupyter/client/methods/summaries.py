"""Summaries of versions: the local AERO computes and stores them; for other servers the kernel reads the version."""

from __future__ import annotations

import shutil
import tempfile
from typing import IO, TYPE_CHECKING, Any  # options of a pandas reader

from aero_jupyter.client.methods.tables import TableMethods
from aero_jupyter.client.methods.waiting import WaitingMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import wire

if TYPE_CHECKING:
    from aero_jupyter.client.locations import VersionLocation
    from aero_jupyter.core.table_summary import TableSummary

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
        from aero_jupyter.core.table_summary import parse_summary

        if not self.dialect.summaries:
            return self._summarize_here(data_id, version)
        params = {} if version is None else {"version": version}

        def ready_summary() -> TableSummary | None:
            body = decode_body(dict, self._send(wire.SUMMARY, params=params, id=data_id).body)
            return parse_summary(body.get("summary")) if body.get("state") == "ready" else None

        return self._poll(ready_summary, timeout, f"The summary was not computed within {timeout:g} s.")

    def _summarize_here(self, data_id: str, version: int | None) -> TableSummary:
        """Download a version, and summarize it in this process."""
        found = self.place(data_id, version)
        types = self.types_of(found)
        with tempfile.TemporaryFile() as file:
            with self.open_content(found) as content:
                shutil.copyfileobj(content, file)
            return _summary_of(file, found, types, self.read_options(found.data))


def _summary_of(file: IO[bytes], found: VersionLocation, types: bytes | None, options: dict[str, Any]) -> TableSummary:
    from aero_jupyter.core.table_summary import TableSummary
    from aero_jupyter.jobs.table_unpacking import TableError, check_parquet
    from aero_jupyter.jobs.tables import TableReader
    from aero_jupyter.vintages.table_summary import is_parquet, summarize_file

    stored = found.version.file
    names = (found.file_name, found.data.url, found.data.name)
    declared = (stored.file_type, stored.encoding) if stored else (None, None)
    reader = TableReader(found.label, names, *declared, options)
    try:
        if is_parquet(file):
            check_parquet(file, found.label, reader.limits)
        return summarize_file(file, lambda: reader.read(file, types), by_columns=not options)
    except TableError as error:
        return TableSummary(reason=str(error))
