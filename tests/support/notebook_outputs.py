"""Outputs of the shipped notebooks, saved for readers of a code host: `make notebooks` runs them and saves the outputs.

Only cells whose outputs differ in every run get new outputs: the tests compare those of the other cells.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from aero_jupyter.service import daemon

IGNORED = "nbval-ignore-output"
#: Outputs that need a kernel; the static snapshot beside them does not.
_LIVE = "application/vnd.jupyter.widget-view+json"


def save_outputs(path: Path) -> None:
    """Run a notebook on a local AERO of its own, and save the outputs of its ignored cells without widgets."""
    read: Any = nbformat.read
    with tempfile.TemporaryDirectory(prefix="aero-") as folder:
        home = Path(folder) / "home"
        env = {**os.environ, "AERO_HOME": str(home), "AERO_CONFIG_FILE": str(home / "none.toml"), "LOGNAME": "you"}
        options: Any = {"resources": {"metadata": {"path": folder}}, "kernel_name": "python3", "timeout": 300}
        try:
            book = NotebookClient(read(path, 4), **options).execute(env=env)
        finally:
            daemon.stop(home)
    saved = read(path, 4)
    for cell, executed in zip(saved.cells, book.cells, strict=True):
        if cell.cell_type == "code" and IGNORED in cell.metadata.get("tags", ()):
            cell.execution_count = executed.execution_count
            cell.outputs = [each for each in executed.outputs if _LIVE not in each.get("data", {})]
            for each in cell.outputs:
                if "execution_count" in each:
                    each["execution_count"] = None
    text = nbformat.writes(saved)
    for private in (tempfile.gettempdir(), str(Path.home()), os.getcwd()):
        assert private not in text, f"{path.name} shows {private}."
    path.write_text(f"{text.rstrip()}\n", "utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        save_outputs(Path(name))
