"""The front end of this kernel: its kind, and the scripts and styles of the widgets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from IPython import get_ipython

_STATIC = Path(__file__).parents[1] / "static"


def front_end() -> Literal["widgets", "text", "none"]:
    """Return the kind of front end: with widgets, a text terminal, or none."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return "text"
    # Voila runs the cells without a user, and then shows their widgets to one.
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return "widgets"
    # nbclient, papermill and schedulers refuse requests for input: no user is present.
    content = (kernel.get_parent() or {}).get("content", {})
    return "widgets" if content.get("allow_stdin", True) else "none"


def module() -> str:
    """Return the ES module of every view: the front end loads it alone, so that its parts cannot import each other."""
    return _read(*(f"{each}.js" for each in ("keyed", "common", "drawing", "panel", "rows", "table", "view")))


def style() -> str:
    """Return the style sheet of every view."""
    return _read("common.css", "panel.css", "grid.css")


def _read(*names: str) -> str:
    return "".join((_STATIC / name).read_text("utf-8") for name in names)
