"""Tables and charts in a tree: plain data that the live panel, static HTML and text show alike."""

from __future__ import annotations

import html
import io
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any  # the plain data of a tree

from aero_jupyter.notebook.formatting import elide_middle, printable
from aero_jupyter.notebook.widgets.frontend import front_end
from aero_jupyter.notebook.widgets.nodes import Node, NodeData

#: Builds a cell, or the text of a node.
Render = Callable[[NodeData], str]

#: Characters of a line if there is no terminal.
_LINE_WIDTH = 1_000
#: Characters of a column's longest text that stay visible in a narrow terminal.
_MIN_COLUMN_WIDTH = 16
#: Characters between two columns.
_GAP = 2
_CELL = (
    "text-align:{side};padding:2px 8px;border-bottom:1px solid var(--jp-border-color2,#e0e0e0);white-space:nowrap;"
    "max-width:28em;overflow:hidden;text-overflow:ellipsis;font-variant-numeric:tabular-nums"
)
_INK = "var(--jp-ui-font-color2,#616161)"
_ACCENT = "var(--jp-brand-color1,#1976d2)"
_LETTERS = f"font-family:var(--jp-ui-font-family,sans-serif);font-size:12px;fill:{_INK}"
#: Style of each kind of shape; the live panel has the same rules in its style sheet.
SHAPE_STYLES = {
    "axis": f"stroke:{_INK};stroke-width:1;fill:none",
    "grid": "stroke:var(--jp-border-color2,#e0e0e0);stroke-width:1;fill:none",
    "line": f"stroke:{_ACCENT};stroke-width:1.5;fill:none",
    "band": f"fill:{_ACCENT};fill-opacity:0.18;stroke:none",
    "bar": f"fill:{_ACCENT}",
    "failed-bar": "fill:var(--jp-error-color1,#b71c1c)",
    "dot": f"fill:{_ACCENT};stroke:{_ACCENT};stroke-width:1.5",
    "ring": f"fill:var(--jp-layout-color1,#fff);stroke:{_ACCENT};stroke-width:1.5",
    "failure": "stroke:var(--jp-error-color1,#b71c1c);stroke-width:2;fill:none",
    "label": f"{_LETTERS};text-anchor:start",
    "middle": f"{_LETTERS};text-anchor:middle",
    "end": f"{_LETTERS};text-anchor:end",
}


@dataclass(frozen=True)
class Shape:
    """One shape of a chart: an SVG element of a kind in `SHAPE_STYLES`, its numbers, its text, and what a click does.

    Attributes
    ----------
    tag : str
        "path", "rect", "circle" or "text".
    kind : str
        A key of `SHAPE_STYLES`.
    at : dict
        The geometry in pixels: attributes of the element.
    text : str
        The words of a text; of any other shape, its tooltip and its name for screen readers.
    do : dict or None
        The message that a click sends.
    """

    tag: str
    kind: str
    at: dict[str, float | str]
    text: str = ""
    do: dict[str, Any] | None = None

    def as_data(self) -> list[Any]:
        """Return the shape as plain data."""
        return [self.tag, self.kind, self.at, self.text, self.do]


@dataclass(frozen=True)
class ChartNode(Node):
    """A chart of a size in pixels, and its text for a terminal."""

    kind_name = "chart"
    label: str
    width: int
    height: int
    shapes: tuple[Shape, ...]
    text: str


@dataclass(frozen=True)
class TableNode(Node):
    """A table; the columns at the positions in `numbers` are aligned to the right."""

    kind_name = "table"
    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | Node, ...], ...]
    numbers: tuple[int, ...] = ()


def chart(label: str, size: tuple[int, int], shapes: Sequence[Shape], text: str) -> Node:
    """Build a chart.

    Parameters
    ----------
    label : str
        What the chart shows, for screen readers.
    size : tuple of int
        Width and height in pixels.
    shapes : sequence of Shape
    text : str
        The chart in a terminal.
    """
    return ChartNode(label, *size, tuple(shapes), text)


def table(
    label: str, columns: Sequence[str], rows: Sequence[Sequence[str | Node]], numbers: Sequence[int] = ()
) -> Node:
    """Build a table.

    Parameters
    ----------
    label : str
        Its caption, for screen readers.
    columns : sequence of str
    rows : sequence of sequence of str or Node
        Texts and nodes without children, such as charts.
    numbers : sequence of int
        Positions of the columns that are aligned to the right.
    """
    return TableNode(label, tuple(columns), tuple(map(tuple, rows)), tuple(numbers))


def chart_html(node: NodeData) -> str:
    """Write a chart as inline SVG, which follows the theme."""
    shapes = "".join(_shape_html(*shape) for shape in node["shapes"])
    width, height, label = node["width"], node["height"], html.escape(node["label"], quote=True)
    size = f'viewBox="0 0 {width} {height}" style="width:100%;max-width:{round(width * 1.2)}px;display:block"'
    if width < 150:
        size = f'width="{width}" height="{height}"'
    return f'<svg {size} role="img" aria-label="{label}">{shapes}</svg>'


def _shape_html(tag: str, kind: str, at: dict[str, Any], text: str, _: object) -> str:
    where = "".join(f' {name}="{html.escape(str(value), quote=True)}"' for name, value in at.items())
    words = html.escape(text) if tag == "text" else f"<title>{html.escape(text)}</title>" if text else ""
    return f'<{tag}{where} style="{SHAPE_STYLES[kind]}">{words}</{tag}>'


def table_html(node: NodeData, render: Render) -> str:
    """Write a table as HTML; `render` writes the nodes in its cells."""
    sides = [_side(node, at) for at in range(len(node["columns"]))]
    head = "".join(
        f'<th scope="col" style="{_CELL.format(side=side)};font-weight:600">{html.escape(name)}</th>'
        for name, side in zip(node["columns"], sides, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(_cell_html(cell, side, render) for cell, side in zip(row, sides, strict=True)) + "</tr>"
        for row in node["rows"]
    )
    label = html.escape(node["label"], quote=True)
    return (
        f'<div style="overflow-x:auto"><table aria-label="{label}" style="border-collapse:collapse;margin:4px 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell_html(cell: str | NodeData, side: str, render: Render) -> str:
    inner = html.escape(cell) if isinstance(cell, str) else render(cell)
    return f'<td style="{_CELL.format(side=side)}">{inner}</td>'


def table_lines(node: NodeData, render: Render) -> Iterator[str]:
    """Yield a table as aligned lines that fit the terminal, if there is one; `render` writes the nodes in its cells."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = front_end() == "text" and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else _LINE_WIDTH
    cells = [[Text(_cell_text(row[at], render)) for row in node["rows"]] for at in range(len(node["columns"]))]
    least = [
        max(len(name), _MIN_COLUMN_WIDTH // 2, *(min(cell.cell_len, _MIN_COLUMN_WIDTH) for cell in column))
        for name, column in zip(node["columns"], cells, strict=True)
    ]
    visible = sum(end <= width + _GAP for end in accumulate(each + _GAP for each in least))
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold" if is_terminal else "")
    for at, name in enumerate(node["columns"][:visible]):
        side: Any = _side(node, at)
        table.add_column(Text(name), justify=side, no_wrap=True, overflow="ellipsis", min_width=least[at])
    for row in zip(*cells[:visible], strict=True):
        table.add_row(*row)
    written = io.StringIO()
    Console(
        file=written,
        width=width,
        force_terminal=is_terminal,
        color_system="standard",
        highlight=False,
        force_jupyter=False,
    ).print(table)
    yield from (line.rstrip() for line in written.getvalue().splitlines())
    if hidden := node["columns"][visible:]:
        yield f"Too narrow for {', '.join(hidden)}."


def _side(node: NodeData, at: int) -> str:
    return "right" if at in node["numbers"] else "left"


def _cell_text(cell: str | NodeData, render: Render) -> str:
    return elide_middle(printable(" ".join(cell.split()))) if isinstance(cell, str) else render(cell)
