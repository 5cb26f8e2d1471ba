"""Findings of the preflight checks, and their text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.surface_text import form_words
from aero_jupyter.notebook.formatting import printable

ERROR, WARNING = "✕", "▲"


@dataclass(frozen=True)
class Finding:
    """A fact to know before registering.

    Attributes
    ----------
    mark : str
        ``ERROR`` or ``WARNING``.
    about : str
        The subject: "function", "text", "parameter NAME", "outputs", "endpoint", "source", "when", "flow" or "form".
    text, cure : str
        The fact, and what to do.
    fix_label : str
        The label of a button that fixes it; empty if no button does.
    fix_value : str
        The value that the button sends.
    is_missing : bool
        Whether an entry is missing, which a form reports once the entry was changed.
    """

    mark: str
    about: str
    text: str
    cure: str = ""
    fix_label: str = ""
    fix_value: str = ""
    is_missing: bool = False

    def __str__(self) -> str:
        return printable(f"{self.mark} {self.text} {self.cure}".rstrip())

    def for_form(self) -> Finding:
        """Return the finding in the words of the form."""
        return replace(self, text=form_words(self.text), cure=form_words(self.cure))


def error_finding(about: str, error: AeroError) -> Finding:
    """Return the error finding of an exception."""
    return Finding(ERROR, about, error.message, error.cure)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: errors before warnings."""
    return sorted(findings, key=lambda finding: finding.mark != ERROR)


def raise_on_error(findings: Sequence[Finding]) -> None:
    """Raise the first error.

    Raises
    ------
    InvalidArgument
    """
    for finding in findings:
        if finding.mark == ERROR:
            raise InvalidArgument(finding.text, finding.cure)
