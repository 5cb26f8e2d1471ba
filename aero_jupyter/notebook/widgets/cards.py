"""Cards: a heading and a few lines, as HTML and as text."""

from __future__ import annotations

from typing import Any  # attributes of the run

from aero_jupyter.core.models import Run
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.record_facts import mixed_of, names_of, seconds_of
from aero_jupyter.notebook.widgets import tree as trees


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
        return trees.as_text(self._tree())

    def _repr_html_(self) -> str:
        return trees.as_html(self._tree())

    def _tree(self) -> trees.Node:
        lines = (trees.text(line, "meta") for line in self.lines)
        return trees.panel(trees.text(self.heading), *lines, trees.pre(self.pre), label=self.heading)


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
