"""A run of the quickstart notebook without a browser, on a temporary local AERO, reported line by line."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # nbformat has no types

from aero_jupyter.core.errors import AeroError, InvalidArgument, MissingExtra
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.loopback import bypass_proxies
from aero_jupyter.service import daemon

_COUNTED = ("data", "versions", "runs", "provenance")


def run(notebook: Path | None = None) -> Iterator[str]:
    """Execute a notebook, stop the services that it started, and yield report lines; the last is JSON with the counts.

    Parameters
    ----------
    notebook : Path, optional
        The notebook; by default the quickstart in the package.

    Raises
    ------
    InvalidArgument
        If there is no such notebook.
    AeroError
        If a cell fails.
    MissingExtra
        If nbclient is not installed.
    """
    path = (notebook or _quickstart()).resolve()
    if not path.is_file():
        raise InvalidArgument(f"There is no notebook {path}.", "Name one with --notebook.")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aero-demo-") as folder:
        home = Path(folder) / "aero"
        yield f"Running {path.name} on a local AERO of its own."
        try:
            cells = _execute(path, Path(folder), home)
            counts = _counts(home)
        finally:
            stopped = daemon.stop(home)
    seconds = round(time.monotonic() - begin, 1)
    yield f"All {cells} code cells ran."
    yield "It made {data} data with {versions} versions in {runs} runs; {provenance} provenance records.".format(
        **counts
    )
    if stopped:
        yield "The local AERO is stopped and its folder removed."
    yield json.dumps({**counts, "seconds": seconds})


def _quickstart() -> Path:
    package = Path(__file__).parents[1]
    places = (package.parent / "notebooks" / "01-quickstart.ipynb", package / "01-quickstart.ipynb")
    return next((place for place in places if place.exists()), places[-1])


def _execute(path: Path, folder: Path, home: Path) -> int:
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError:
        raise MissingExtra("The demo needs nbclient.", "Run: pip install 'aero-jupyter[lab,local]'") from None
    read: Any = nbformat.read
    try:
        book = read(path, as_version=4)
    except Exception as error:
        raise InvalidArgument(f"{path.name} is not a notebook: {error}", "Name one with --notebook.") from None
    kept = {key: value for key, value in os.environ.items() if key not in ("AERO_SERVER", "AERO_PROFILE")}
    env = {**kept, "AERO_HOME": str(home), "AERO_CONFIG_FILE": str(folder / "none.toml")}
    client = NotebookClient(book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    try:
        client.execute(env=env)
    except CellExecutionError as error:
        why = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise AeroError(f"The notebook stopped at {why}", "Open it in JupyterLab and run it there.") from None
    return sum(cell.cell_type == "code" for cell in book.cells)


def _counts(home: Path) -> dict[str, int]:
    import requests

    state = daemon.find_running(home)
    if state is None:
        return dict.fromkeys(_COUNTED, 0)
    headers = {"Authorization": f"Bearer {state.token}"}
    with bypass_proxies(requests.Session()) as session:
        answer = session.get(f"{state.url}status", headers=headers, timeout=10).content
    try:
        counts = parse_json(answer)["counts"]
        return {word: int(counts[word]) for word in _COUNTED}
    except (ValueError, TypeError, KeyError):
        raise AeroError("The local AERO sent no counts.", "Run: aero-jupyter local stop") from None
