"""What there is to know before a function is registered, as it is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aero_jupyter.core.errors import AeroError, InvalidArgument

STOPS, SURPRISES = "✕", "▲"


@dataclass(frozen=True)
class Remark:
    """Something to know before registering.

    Attributes
    ----------
    mark : str
        ``STOPS`` or ``SURPRISES``.
    about : str
        What it concerns: "function", "text", "parameter NAME", "outputs", "endpoint", "source", "when", "flow" or
        "form".
    text, cure : str
        What is the matter, and what to do.
    mend : str
        The words of a button that mends it; empty where none does.
    with_what : str
        What the button needs to know.
    """

    mark: str
    about: str
    text: str
    cure: str = ""
    mend: str = ""
    with_what: str = ""

    def __str__(self) -> str:
        return f"{self.mark} {self.text} {self.cure}".rstrip()


def stopped(about: str, error: AeroError) -> Remark:
    """Make an error a remark that stops."""
    return Remark(STOPS, about, error.message, error.cure)


def worst_first(remarks: Iterable[Remark]) -> list[Remark]:
    """Put what stops before what surprises."""
    return sorted(remarks, key=lambda remark: remark.mark != STOPS)


def require(remarks: Sequence[Remark]) -> None:
    """Raise the first remark that stops.

    Raises
    ------
    InvalidArgument
    """
    for remark in remarks:
        if remark.mark == STOPS:
            raise InvalidArgument(remark.text, remark.cure)
