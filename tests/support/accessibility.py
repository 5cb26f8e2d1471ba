"""Accessibility checks: axe-core on this package's elements in a page."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

_AXE = """async what => (await axe.run([...document.querySelectorAll(what)].filter(node => node.offsetParent)))
    .violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .map(found => found.id + ': ' + found.nodes.map(node => node.html).join(' | '))"""


def accessibility_violations(page: Any, what: str = ".aero-grid, .aero-panel") -> list[str]:
    """Return the serious and critical violations in the visible elements of a selector."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found: list[str] = page.evaluate(_AXE, what)
    return found
