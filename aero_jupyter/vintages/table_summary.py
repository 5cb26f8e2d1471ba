"""The summary of one table, in bounded time and memory; a Parquet file is read column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, Protocol  # columns of any dtype

import pandas as pd

from aero_jupyter.core.table_summary import ColumnSummary, TableSummary, TimeSeries
from aero_jupyter.vintages.column_summary import as_dates, is_number, shown, summarize_column
from aero_jupyter.vintages.time_series import time_series

if TYPE_CHECKING:
    import pyarrow.parquet

#: A table with more rows, or more cells, is sampled.
MAX_ROWS, MAX_CELLS = 5_000_000, 250_000_000
#: Columns that are summarized, and rows that are shown, at most.
MAX_COLUMNS, HEAD_ROWS = 100, 10
#: Date columns, and number columns of each, that are drawn at most.
_MAX_DATES, _MAX_NUMBERS = 2, 12
_BATCH_ROWS = 1 << 16
_INDEX_LEVEL = re.compile(r"__index_level_\d+__")
_PARQUET_MAGIC = b"PAR1"


class _Columns(Protocol):
    """The columns of a table, one at a time."""

    names: list[str]
    rows: int

    def column(self, at: int) -> pd.Series[Any]:
        """Return the sampled rows of a column."""

    def head(self) -> list[list[Any]]:
        """Return the first rows."""


class _FrameColumns:
    """The columns of a DataFrame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame, self.rows = frame, len(frame)
        self.names = [str(name) for name in frame.columns]
        self._step = _step(self.rows, len(self.names))

    def column(self, at: int) -> pd.Series[Any]:
        """Return the sampled rows of a column."""
        return self._frame.iloc[:: self._step, at]

    def head(self) -> list[list[Any]]:
        """Return the first rows."""
        return [list(row) for row in self._frame.head(HEAD_ROWS).itertuples(index=False, name=None)]


class _ParquetColumns:
    """The columns of a Parquet file, of which whole row groups are left out if there are too many rows."""

    def __init__(self, file: pyarrow.parquet.ParquetFile) -> None:
        self._file, self.rows = file, int(file.metadata.num_rows)
        self.names = parquet_columns(file)
        self._groups = list(range(0, file.metadata.num_row_groups, _step(self.rows, len(self.names))))
        read = sum(file.metadata.row_group(group).num_rows for group in self._groups)
        # A group may hold more rows than are read.
        self._step = _step(read, len(self.names))

    def column(self, at: int) -> pd.Series[Any]:
        """Return the sampled rows of a column."""
        name = self.names[at]
        if self._step == 1:
            whole: pd.Series[Any] = self._file.read_row_groups(self._groups, [name]).column(0).to_pandas()
            return whole
        batches = self._file.iter_batches(_BATCH_ROWS, row_groups=self._groups, columns=[name])
        sampled: pd.Series[Any] = pd.concat([batch.column(0).to_pandas().iloc[:: self._step] for batch in batches])
        return sampled

    def head(self) -> list[list[Any]]:
        """Return the first rows."""
        batch = next(self._file.iter_batches(HEAD_ROWS, columns=self.names), None)
        return [] if batch is None else [list(row.values()) for row in batch.to_pylist()]


def summarize_table(frame: pd.DataFrame) -> TableSummary:
    """Return the summary of a table.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    TableSummary

    Examples
    --------
    >>> import pandas as pd
    >>> summary = summarize_table(pd.DataFrame({"day": ["2026-01-01", "2026-01-02"], "cases": [3, 4]}))
    >>> [(column.name, column.kind) for column in summary.columns]
    [('day', 'date'), ('cases', 'number')]
    """
    return _summarize(_FrameColumns(frame))


def summarize_file(file: IO[bytes], read: Callable[[], object], *, by_columns: bool = True) -> TableSummary:
    """Return the summary of a file: Parquet is read column by column, anything else as a whole.

    Parameters
    ----------
    file : binary file
    read : callable
        Reads the file as a DataFrame, or as a dict of them, of which the first is summarized.
    by_columns : bool
        Whether Parquet may be read column by column: not if options of the reader choose rows or columns.
    """
    if by_columns and is_parquet(file):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(file) as parquet:
            return _summarize(_ParquetColumns(parquet))
    return _summarize(_FrameColumns(first_table(read())))


def first_table(table: object) -> pd.DataFrame:
    """Return what a reader returned: a table, or the first of several by name."""
    if isinstance(table, dict):
        table = next(iter(table.values()))
    assert isinstance(table, pd.DataFrame)
    return table


def is_parquet(file: IO[bytes]) -> bool:
    """Return whether a file is Parquet, by its first bytes."""
    file.seek(0)
    head = file.read(len(_PARQUET_MAGIC))
    file.seek(0)
    return head == _PARQUET_MAGIC


def parquet_columns(file: pyarrow.parquet.ParquetFile) -> list[str]:
    """Return the columns of a Parquet file, without the levels of an index that has no name."""
    return [name for name in file.schema_arrow.names if not _INDEX_LEVEL.fullmatch(name)]


def _step(rows: int, columns: int) -> int:
    """Return the step between sampled rows: 1 if all rows are read."""
    most = max(1, min(MAX_ROWS, MAX_CELLS // max(1, min(columns, MAX_COLUMNS))))
    return -(-rows // most) or 1


def _summarize(table: _Columns) -> TableSummary:
    columns: list[ColumnSummary] = []
    dates: dict[str, pd.Series[Any]] = {}
    numbers: dict[str, pd.Series[Any]] = {}
    read = 0
    for at, name in enumerate(table.names[:MAX_COLUMNS]):
        values = table.column(at).reset_index(drop=True)
        read = len(values)
        times = as_dates(values)
        columns.append(summarize_column(name, values, times))
        if times is not None and len(dates) < _MAX_DATES:
            dates[name] = times
        elif is_number(values) and len(numbers) < _MAX_NUMBERS:
            numbers[name] = values
    head = tuple(tuple(shown(value) for value in row[:MAX_COLUMNS]) for row in table.head())
    series = tuple(_all_series(dates, numbers))
    return TableSummary(table.rows, read, len(table.names), tuple(columns), head, series)


def _all_series(dates: dict[str, pd.Series[Any]], numbers: dict[str, pd.Series[Any]]) -> Iterator[TimeSeries]:
    for date, times in dates.items():
        for number, values in numbers.items():
            made = time_series(date, number, times, values)
            if len(made.points) > 1:
                yield made
