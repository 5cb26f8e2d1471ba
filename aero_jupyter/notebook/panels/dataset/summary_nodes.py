"""The summary of a table as nodes: first rows, columns, and the chart of a series."""

from __future__ import annotations

from aero_jupyter.core.table_rows import TableRows
from aero_jupyter.core.table_summary import ColumnSummary, TableSummary, TimeSeries
from aero_jupyter.notebook.formatting import elide_middle
from aero_jupyter.notebook.widgets import chart_shapes
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.figures import Node, table

#: Columns of the first rows that are shown, and characters of one cell.
_MAX_COLUMNS, _CELL_CHARS = 12, 40
_FREQUENT_SHOWN = 3


def size_line(summary: TableSummary) -> str:
    """Return the size of the table as a sentence, and whether it was sampled."""
    columns = f"{summary.column_count:,} column{'s' if summary.column_count != 1 else ''}"
    line = f"{summary.rows:,} row{'s' if summary.rows != 1 else ''}, {columns}."
    if summary.is_sampled:
        line += f" The columns below are summarized from a sample of {summary.rows_read:,} rows."
    if len(summary.columns) < summary.column_count:
        line += f" The first {len(summary.columns)} columns are summarized."
    return line


def rows_group(summary: TableSummary, turned_to: TableRows | None, *, can_turn: bool) -> Node:
    """Build the table of some rows, the first ones unless the page was turned, and the buttons that turn it."""
    columns = summary.columns[:_MAX_COLUMNS]
    start, rows = (turned_to.start, turned_to.rows) if turned_to else (0, summary.head)
    cells = [[_cell(value) for value in row[: len(columns)]] for row in rows]
    numbers = [at for at, column in enumerate(columns) if column.kind == "number"]
    more, end = summary.column_count - len(columns), start + len(rows)
    shown = f"Rows {start + 1:,} to {end:,}" if start else "First rows"
    label = f"{'The first rows' if not start else shown}{f', without the last {more} columns' if more > 0 else ''}"
    page = len(summary.head)
    turn = trees.row(
        trees.button("Previous rows", "rows", can=start > 0, start=max(0, start - page)),
        trees.button("Next rows", "rows", can=end < summary.rows, start=end),
        trees.button("Last rows", "rows", can=end < summary.rows, start=(summary.rows - 1) // max(1, page) * page),
    )
    is_long = can_turn and summary.rows > page
    return trees.group(
        shown, table(label, [column.name for column in columns], cells, numbers), turn if is_long else None
    )


def _cell(value: str | None) -> str:
    return "—" if value is None else elide_middle(value, _CELL_CHARS)


def columns_table(summary: TableSummary) -> Node:
    """Build the table with one row for each column."""
    rows = [_column_row(column, summary.rows_read) for column in summary.columns]
    names = ("column", "type", "distribution", "missing", "distinct", "range", "most frequent")
    return table("The columns", names, rows, numbers=(3, 4))


def _column_row(column: ColumnSummary, rows: int) -> list[str | Node]:
    missing = "0" if not column.missing else f"{column.missing:,} ({column.missing / max(1, rows):.0%})"
    span = f"{column.lowest} to {column.highest}" if column.lowest is not None else "—"
    frequent = ", ".join(
        f"{elide_middle(each.value, 24)} ({each.rows:,})" for each in column.frequent[:_FREQUENT_SHOWN]
    )
    return [
        column.name,
        column.kind if column.kind in ("text", "date") else f"{column.kind} ({column.dtype})",
        _distribution(column),
        missing,
        "—" if column.distinct is None else f"{column.distinct:,}",
        elide_middle(span, 56),
        frequent or "—",
    ]


def _distribution(column: ColumnSummary) -> str | Node:
    bins = column.histogram
    if bins is None:
        return "—"
    label = f"Distribution of {column.name} from {bins.lowest} to {bins.highest}"
    return chart_shapes.bars(label, bins.counts, hints=[f"{count:,} rows" for count in bins.counts])


def series_nodes(series: TimeSeries) -> list[Node]:
    """Build the chart of a series, a sentence about it, and the same numbers as a table."""
    many = any(point.rows > 1 for point in series.points)
    per = "each date" if series.per == "date" else f"each of {len(series.points)} periods of equal length"
    words = f"The line is the mean of the rows of {per}; the band is their range." if many else ""
    columns = [series.date, f"mean {series.number}" if many else series.number]
    columns += ["lowest", "highest"] if many else []
    rows = [
        [chart_shapes.day(each.time), *(f"{value:.6g}" for value in (each.mean, each.lowest, each.highest))]
        for each in series.points
    ]
    shown = table(
        f"{series.number} by {series.date}", columns, [row[: len(columns)] for row in rows], range(1, len(columns))
    )
    drawn = [chart_shapes.series_chart(series), trees.text(words, "meta") if words else None]
    return [*(node for node in drawn if node is not None), trees.fold("The chart as a table", shown)]
