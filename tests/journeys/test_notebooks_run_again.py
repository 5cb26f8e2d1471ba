"""The shipped notebooks show the same, right results in every run on one local AERO, also after a restart."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from aero_jupyter import demo
from aero_jupyter.service import daemon

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("0[1-6]-*.ipynb"))
IGNORED = "nbval-ignore-output"


def executed(path: Path, home: Path, folder: Path) -> Any:
    """Run a notebook in a kernel of its own; a cell that fails raises."""
    env = {**os.environ, "AERO_HOME": str(home), "AERO_CONFIG_FILE": str(home / "none.toml")}
    read: Any = nbformat.read
    client = NotebookClient(read(path, 4), timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}})
    return client.execute(env=env)


def shown(book: Any) -> dict[int, str]:
    """The text of each cell whose outputs are promised; how a stream is cut into messages is left to chance."""
    return {
        number: "".join(str(output.get("text") or output["data"]["text/plain"]).strip() for output in cell.outputs)
        for number, cell in enumerate(book.cells)
        if cell.cell_type == "code" and IGNORED not in cell.metadata.get("tags", ())
    }


def table_of(book: Any, call: str) -> str:
    """The text of the table that a cell shows."""
    (cell,) = (cell for cell in book.cells if cell.cell_type == "code" and call in cell.source)
    return str(cell.outputs[0]["data"]["text/plain"])


@pytest.mark.long(250)
@pytest.mark.slow
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_right_results_twice_and_after_a_restart(path: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    read: Any = nbformat.read
    try:
        for number in range(3):
            if number == 2:
                assert daemon.stop(home)
            book = executed(path, home, tmp_path)
            assert shown(book) == shown(read(path, 4)), f"run {number + 1}"
            if path.stem == "01-quickstart":
                # Version 1 is what the plant published first; version 2 has the two weeks that came after.
                last, after = demo.samples(60)[-1], len(demo.samples(74))
                assert table_of(book, "sewage.tail()").split()[-2:] == [last[0], last[1]]
                assert table_of(book, "len(growth)") == str(after)
    finally:
        daemon.stop(home)
