"""Panels below a displayed frame. The panels provide them, so that the tables know no concrete panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aero_jupyter.notebook.tables.pager import Pager
    from aero_jupyter.notebook.tables.query import QueryResult

#: Displays a query result, and returns its pager; called with the function that writes its code.
DisplayTable = Callable[["QueryResult", Callable[["QueryResult"], str]], "Pager"]


class RowPanels:
    """How a frame is displayed: with the pages of its rows below it, once the panels are loaded."""

    display: DisplayTable | None = None


row_panels = RowPanels()
