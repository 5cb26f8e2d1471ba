"""Page, page size and sort of a table as arguments of a panel, and the way back."""

from __future__ import annotations

from aero_jupyter.core.columns import column_names, sortable_columns
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.core.wire import PAGE_SIZE
from aero_jupyter.notebook.settings import options
from aero_jupyter.notebook.tables.page_view import SIZES, PageState
from aero_jupyter.notebook.tables.query import ListQuery


def format_sort(query: ListQuery, page_state: PageState) -> str | None:
    """Return the sort of a table, by the server or of the shown page; with a "-" before it for descending."""
    if page_state.sort is None:
        return query.sort
    name, is_descending = page_state.sort
    return f"-{name}" if is_descending else name


def server_sort(shape: str, sort: str | None) -> str | None:
    """Return the sort that is sent to the server; None if only the shown page can be sorted.

    Raises
    ------
    InvalidArgument
        If there is no such column.
    """
    name, columns = (sort or "").removeprefix("-"), column_names(shape)
    if name and name not in columns:
        raise InvalidArgument(f"There is no column {name!r} to sort by.", suggest(name, columns))
    return sort if name in sortable_columns(shape) else None


def parse_page_state(query: ListQuery, sort: str | None, page: int, size: int | None) -> PageState:
    """Build the page state from the arguments of a panel.

    Raises
    ------
    InvalidArgument
        If there is no such page, or no page of that size.
    """
    size = options.page_size if size is None else size
    if page < 1:
        raise InvalidArgument(f"There is no page {page}.", "Pages count from 1.")
    if size not in SIZES:
        raise InvalidArgument(f"A page has no {size} rows.", f"Choose one of {', '.join(map(str, SIZES))}.")
    page_sort = sort if sort and not query.sort else None
    return PageState(page, size, (page_sort.removeprefix("-"), page_sort.startswith("-")) if page_sort else None)


def page_arguments(page: int, size: int) -> dict[str, int | None]:
    """Return a page and its size as arguments of a panel; None for defaults."""
    return {"page": page if page != 1 else None, "size": size if size != PAGE_SIZE else None}
