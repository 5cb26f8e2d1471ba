"""A notebook run headless, as papermill or a scheduled job would: its cells, and what each put out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(folder: Path, *cells: str) -> list[Any]:
    """Run cells in a kernel of their own, errors included; give the executed cells."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        book, timeout=120, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return list(client.execute().cells)


def error(cell: Any) -> list[str]:
    """The lines of a cell's error, as a reader sees them; none where it had none."""
    outputs = [output for output in cell.outputs if output.output_type == "error"]
    return [_COLOUR.sub("", line) for output in outputs for line in output.traceback]


def text(cell: Any) -> str:
    """What a cell showed as plain text."""
    shown = [output["data"]["text/plain"] for output in cell.outputs if "data" in output]
    said = [output.text for output in cell.outputs if output.output_type == "stream"]
    return "\n".join([*said, *shown])
