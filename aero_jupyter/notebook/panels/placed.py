"""Where somebody is in the table of a panel: how its page, its size and its sort are written, and taken up again."""

from __future__ import annotations

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.wire import PAGE_SIZE, SORTS
from aero_jupyter.notebook.columns import COLUMNS
from aero_jupyter.notebook.listing import Question
from aero_jupyter.notebook.options import options
from aero_jupyter.notebook.page import SIZES, Place


def sort_of(question: Question, place: Place) -> str | None:
    """Write what a table is sorted by, here or by the server; downwards with a "-" before it."""
    if place.sort is None:
        return question.sort
    name, down = place.sort
    return f"-{name}" if down else name


def pushed(shape: str, sort: str | None) -> str | None:
    """Give the sort that is asked of the server; none where only the page that is shown can be sorted.

    Raises
    ------
    InvalidArgument
        If there is no such column.
    """
    name, columns = (sort or "").removeprefix("-"), [name for name, _, _ in COLUMNS[shape]]
    if name and name not in columns:
        raise InvalidArgument(f"There is no column {name!r} to sort by.", f"Choose one of {', '.join(columns)}.")
    return sort if name in SORTS.get(shape, ()) else None


def place_of(question: Question, sort: str | None, page: int, size: int | None) -> Place:
    """Take up a place as it was written.

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
    here = sort if sort and not question.sort else None
    return Place(page, size, (here.removeprefix("-"), here.startswith("-")) if here else None)


def written(page: int, size: int) -> dict[str, int | None]:
    """Write a page and its size as arguments; nothing for those that a call has by itself."""
    return {"page": page if page != 1 else None, "size": size if size != PAGE_SIZE else None}
