"""The other end of this kernel: who is there, and what is sent there to draw."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from IPython import get_ipython

_STATIC = Path(__file__).parent / "static"


def front_end() -> Literal["widgets", "text", "none"]:
    """Tell how somebody can be reached: by a panel, by text in a terminal, or not at all."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return "text"
    # Where nobody can be asked for input, nobody is there: nbclient, papermill and schedulers say so.
    content = (kernel.get_parent() or {}).get("content", {})
    return "widgets" if content.get("allow_stdin", True) else "none"


def module(name: str) -> str:
    """Give the ES module of a widget; what all of them need stands in it, for it stands alone in the front end."""
    return "".join((_STATIC / f"{each}.js").read_text("utf-8") for each in ("common", name))


def style(name: str) -> str:
    """Give the style sheet of a widget, the look that all of them share before its own."""
    return "".join((_STATIC / f"{each}.css").read_text("utf-8") for each in ("common", name))
