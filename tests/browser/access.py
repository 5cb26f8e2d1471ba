"""Whether anybody is kept out: axe-core on everything of ours in a page."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

_AXE = """async what => (await axe.run([...document.querySelectorAll(what)].filter(node => node.offsetParent)))
    .violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .map(found => found.id + ': ' + found.nodes.map(node => node.html).join(' | '))"""


def inaccessible(page: Any, what: str = ".aero-grid, .aero-panel") -> list[str]:
    """Give the serious and critical violations in what a selector finds, where it is to be seen."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found: list[str] = page.evaluate(_AXE, what)
    return found
