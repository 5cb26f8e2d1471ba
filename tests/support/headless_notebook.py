"""Notebooks run without a browser, as papermill or a scheduled job runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

_COLOR_CODE = re.compile(r"\x1b\[[0-9;]*m")


def run_cells(folder: Path, *cells: str) -> list[Any]:
    """Run cells in a new kernel and return them with their outputs; errors do not stop the run."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        book, timeout=120, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return list(client.execute().cells)


def error_lines(cell: Any) -> list[str]:
    """Return the lines of a cell's error without color codes; an empty list if the cell succeeded."""
    outputs = [output for output in cell.outputs if output.output_type == "error"]
    return [_COLOR_CODE.sub("", line) for output in outputs for line in output.traceback]


def output_text(cell: Any) -> str:
    """Return the plain-text output of a cell."""
    shown = [output["data"]["text/plain"] for output in cell.outputs if "data" in output]
    printed = [output.text for output in cell.outputs if output.output_type == "stream"]
    return "\n".join([*printed, *shown])
