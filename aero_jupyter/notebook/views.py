"""Small cards with an HTML and a text form."""

from __future__ import annotations

import html
from typing import Any

from aero_jupyter.core.models import Run
from aero_jupyter.notebook.columns import names_of, seconds_of
from aero_jupyter.notebook.words import printable, state_of

_STYLE = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);line-height:20px;"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color1,#fff);"
    "border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:2px;padding:8px 12px;display:inline-block;"
)
_META = "font-size:var(--jp-ui-font-size0,11px);color:var(--jp-ui-font-color2,#616161)"
_PRE = "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);margin:4px 0 0"


class Card:
    """A few lines of text with a heading; the same words as HTML and as text.

    Parameters
    ----------
    heading : str
        The first line.
    *lines : str
        What follows; empty ones are left out.
    pre : str
        Text shown as it is, in code type.
    """

    def __init__(self, heading: str, *lines: str, pre: str = "") -> None:
        self.heading = heading
        self.lines = tuple(line for line in lines if line)
        self.pre = pre

    def __repr__(self) -> str:
        return printable("\n".join(part for part in (self.heading, *self.lines, self.pre.rstrip("\n")) if part))

    def _repr_html_(self) -> str:
        shown = "".join(f'<div style="{_META}">{html.escape(line)}</div>' for line in self.lines)
        pre = f'<pre style="{_PRE}">{html.escape(self.pre)}</pre>' if self.pre else ""
        heading = f'<div style="white-space:pre-wrap">{html.escape(self.heading)}</div>'
        return f'<div style="{_STYLE}">{heading}{shown}{pre}</div>'


class Who(Card):
    """Who is logged in, and where."""


class RunCard(Card):
    """A run as it was when it was looked at; attributes of the run are its own.

    Attributes
    ----------
    run : Run
        The run.
    """

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        seconds = seconds_of(run)
        took = "" if seconds is None else f" in {seconds:.1f} s"
        used, made = names_of(run.used), names_of(run.made)
        kept = f"Made {made}." if made else ("Made nothing new." if run.is_final else "")
        super().__init__(
            f"{state_of(run.state)}{took}: {name}    run {run.id[:8]}", f"Used {used}." if used else "", kept
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "run":
            raise AttributeError(name)
        return getattr(self.run, name)
