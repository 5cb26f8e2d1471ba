"""Cards: a heading and a few lines, as HTML and as text."""

from __future__ import annotations

import html
from typing import Any  # attributes of the run

from aero_jupyter.core.models import Run
from aero_jupyter.notebook.formatting import format_state, printable
from aero_jupyter.notebook.record_facts import mixed_of, names_of, seconds_of

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
        Further lines; empty ones are left out.
    pre : str
        Preformatted text.
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


class LoginCard(Card):
    """The login: the user and the server."""


def notes_of(run: Run) -> list[str]:
    """Return the warnings of a run: mixed inputs, and a stopped circle of flows."""
    mixed, circle = mixed_of(run), run.circle
    return [note for note in (f"▲ {mixed[:1].upper()}{mixed[1:]}." if mixed else "", circle and f"▲ {circle}") if note]


class RunCard(Card):
    """A run as it was when the card was built; it has the attributes of the run.

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
        result = f"Made {made}." if made else ("No new version." if run.is_final else "")
        super().__init__(
            f"{format_state(run.state)}{took}: {name}    run {run.id[:8]}",
            f"Used {used}." if used else "",
            *notes_of(run),
            result,
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "run":
            raise AttributeError(name)
        return getattr(self.run, name)
