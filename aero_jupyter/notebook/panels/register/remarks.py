"""Remarks of the registration form: its findings, and the entries that are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aero_jupyter.notebook.registration.findings import Finding
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node


def subject_of_field(field: str) -> str:
    """Return what findings about a field of the form are about."""
    kind_or_text, _, parameter = field.partition(" ")
    return f"parameter {parameter}" if kind_or_text in ("how", "what") and parameter else field


def is_shown(finding: Finding, touched: Collection[str]) -> bool:
    """Return whether a finding is shown: a missing entry only after the user has changed it."""
    return not finding.is_missing or finding.about in touched


def missing_entries(findings: Iterable[Finding], touched: Collection[str]) -> str:
    """Return a sentence on the entries that are missing and were not changed yet; empty if there are none."""
    names = [
        "a name for the result" if each.about == "outputs" else each.about.removeprefix("parameter ")
        for each in findings
        if not is_shown(each, touched)
    ]
    return f"Still missing: {', '.join(names)}." if names else ""


def finding_note(finding: Finding) -> Node:
    """Build the note of a finding, with the button that fixes it."""
    fix = None
    if finding.fix_label:
        fix = trees.button(finding.fix_label, "mend", about=finding.about, what=finding.fix_value)
    return trees.note(finding.mark, f"{finding.text} {finding.cure}".rstrip(), fix)
