"""Some rows of one table: a Parquet file is read only where they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any  # cells of any dtype

from aero_jupyter.core.table_rows import TableRows
from aero_jupyter.vintages.column_summary import shown
from aero_jupyter.vintages.table_summary import MAX_COLUMNS, first_table, is_parquet, parquet_columns

if TYPE_CHECKING:
    import pyarrow.parquet

_BATCH_ROWS = 1 << 12


def rows_of_file(
    file: IO[bytes], read: Callable[[], object], start: int, count: int, *, by_columns: bool = True
) -> TableRows:
    """Return some rows of a file: of a Parquet file only the row groups that contain them are read.

    Parameters
    ----------
    file : binary file
    read : callable
        Reads the file as a DataFrame, or as a dict of them, of which the first is used.
    start, count : int
        Position of the first row, from 0, and the number of rows.
    by_columns : bool
        Whether Parquet may be read in parts: not if options of the reader choose rows or columns.
    """
    if by_columns and is_parquet(file):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(file) as parquet:
            total = int(parquet.metadata.num_rows)
            return _text_rows(start, total, _parquet_rows(parquet, start, count))
    table = first_table(read())
    chosen = table.iloc[start : start + count, :MAX_COLUMNS]
    return _text_rows(start, len(table), chosen.itertuples(index=False, name=None))


def _text_rows(start: int, total: int, rows: Iterator[tuple[Any, ...]]) -> TableRows:
    return TableRows(start, total, tuple(tuple(shown(value) for value in row) for row in rows))


def _parquet_rows(file: pyarrow.parquet.ParquetFile, start: int, count: int) -> Iterator[tuple[Any, ...]]:
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
    ends = list(itertools.accumulate(sizes))
    groups = [at for at, end in enumerate(ends) if end > start and end - sizes[at] < start + count]
    if not groups:
        return
    skipped = start - (ends[groups[0]] - sizes[groups[0]])
    for batch in file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=parquet_columns(file)[:MAX_COLUMNS]):
        part = batch.slice(skipped, count) if skipped < batch.num_rows else batch.slice(0, 0)
        skipped, count = max(0, skipped - batch.num_rows), count - part.num_rows
        for row in part.to_pylist():
            yield tuple(row.values())
        if not count:
            return
