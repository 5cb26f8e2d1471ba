"""Who is at the other end of this kernel."""

from __future__ import annotations

from typing import Literal

from IPython import get_ipython


def front_end() -> Literal["widgets", "text", "none"]:
    """Tell how somebody can be reached: by a panel, by text in a terminal, or not at all."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return "text"
    # Where nobody can be asked for input, nobody is there: nbclient, papermill and schedulers say so.
    content = (kernel.get_parent() or {}).get("content", {})
    return "widgets" if content.get("allow_stdin", True) else "none"
