"""Panels: views that users work with by hand; each has a value and the code that builds it again.

They may use every other room of the notebook but the magics; `base`, `tree_panel` and `loading` know no concrete panel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aero_jupyter.notebook.panels.base import Panel
from aero_jupyter.notebook.panels.navigation import panel_for
from aero_jupyter.notebook.tables.row_panels import row_panels

if TYPE_CHECKING:
    from aero_jupyter.notebook.tables.pager import Pager
    from aero_jupyter.notebook.tables.query import QueryResult


def display_table(listing: QueryResult, code: Callable[[QueryResult], str]) -> Pager:
    """Display a query result as a live table with the pages of its rows below it; return its pager."""
    from aero_jupyter.notebook.panels import frame_table

    return frame_table.display_table(listing, code)


Panel.navigator = staticmethod(panel_for)
row_panels.display = display_table
