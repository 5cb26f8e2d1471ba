"""Where elements of a page stand, all measured at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from playwright.sync_api import Locator

_BOXES = """(root, selectors) => selectors
    .flatMap(selector => selector ? [...root.querySelectorAll(selector)] : [root])
    .map(element => element.getBoundingClientRect())
    .map(box => [box.left, box.top, box.right, box.bottom])"""


class Box(NamedTuple):
    """The edges of an element, in pixels from the corner of the window."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """The width in pixels."""
        return self.right - self.left


def boxes(root: Locator, *selectors: str) -> tuple[Box, ...]:
    """Return the boxes of all elements in `root` that match, selector by selector; "" is `root` itself.

    All are measured in one call: a page that scrolls between two calls moves the elements apart.
    """
    return tuple(Box(*box) for box in root.evaluate(_BOXES, list(selectors)))
