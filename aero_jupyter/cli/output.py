"""Printed output: without control characters, in tables, and with commands in place of magics."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.terminal_text import escape_controls

#: Width of a table that a program reads.
_PIPE_COLUMNS = 100_000
_MAGIC = re.compile(r"%aero_(\w+)")


def print_escaped(text: str, *, file: TextIO | None = None, flush: bool = False) -> None:
    """Print a text without control characters that would affect the terminal."""
    print(escape_controls(text), file=file, flush=flush)


def with_commands(text: str, commands: Container[str]) -> str:
    """Replace magics in a message by the commands of the same name."""
    named = _MAGIC.sub(lambda magic: f"aero-jupyter {magic[1]}" if magic[1] in commands else magic[0], text)
    magics = sorted({magic[0] for magic in _MAGIC.finditer(named)})
    return f"{named}\n({' and '.join(magics)}: in a notebook.)" if magics else named


def _format_cell(cell: object) -> str:
    # The name of a dataset must not move the cursor of the terminal that lists it.
    text = escape_controls("" if cell is None else redact_url(str(cell)))
    return text.replace("\n", "\\x0a").replace("\t", "\\x09")


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows below their column names, aligned."""
    cells = [tuple(head), *(tuple(map(_format_cell, row)) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    for row in cells:
        print_escaped("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_summary(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table without control characters or secrets; nothing is cut or wrapped where output is a pipe."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_format_cell(cell), overflow="fold") for cell in row))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_COLUMNS
    lines = Console(width=width).render_lines(table, pad=False)
    print_escaped("\n".join("".join(part.text for part in line).rstrip() for line in lines))


def print_json(value: object) -> None:
    """Print a value as JSON in ASCII, without the secrets of URLs; no character affects the terminal."""
    print_escaped(json.dumps(_redacted(value), indent=4))


def _redacted(value: object) -> object:
    """Return a value as JSON can hold it, without the secrets of URLs."""
    if isinstance(value, Mapping):
        return {str(key): _redacted(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(each) for each in value]
    return value if value is None or isinstance(value, (int, float)) else redact_url(str(value))


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[str], None]]:
    """Show a progress bar on the standard error while the block runs, if that is a terminal.

    Parameters
    ----------
    total : int
        The number of steps.

    Yields
    ------
    callable
        Takes the name of each step at its begin.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=total)

        def begin(name: str) -> None:
            is_first = not progress.tasks[0].description
            progress.update(task, description=escape_controls(name), advance=0 if is_first else 1)

        yield begin
