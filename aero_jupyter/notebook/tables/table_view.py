"""Frozen data that describe what a table shows: every medium renders them, and none decides anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any  # JSON values

#: A button: its ``text``, what it does (``do``) or copies (``copy``), and what is sent with its message.
Action = Mapping[str, Any]


@dataclass(frozen=True)
class ColumnView:
    """A column: its name, its side ("right" or empty), whether it holds ids or times, and how it is sorted."""

    name: str
    side: str
    code: bool
    time: bool
    sorted: str


@dataclass(frozen=True)
class CellView:
    """A cell: its text, the whole value where the text is another one, and the kind of its state."""

    text: str
    whole: str | None = None
    tone: str | None = None


@dataclass(frozen=True)
class RowView:
    """A row, and whether it is selected."""

    id: str
    selected: bool
    cells: tuple[CellView, ...]


@dataclass(frozen=True)
class DetailView:
    """The details of the open row: lines, preformatted text with marked lines, code that loads it, and buttons."""

    heading: str
    lines: Sequence[str]
    pre: str = ""
    marked: Sequence[int] = ()
    code: str = ""
    links: Sequence[Action] = ()
    actions: Sequence[Action] = ()


@dataclass(frozen=True)
class ErrorView:
    """An error: its lines, and the traceback, which is folded."""

    lines: Sequence[str]
    story: str


@dataclass(frozen=True)
class ChoiceView:
    """A filter of a table with its options: pairs of a value and its text."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ConfirmView:
    """The question before something is deleted, and the button that deletes it."""

    text: str
    do: str
    words: str


@dataclass(frozen=True)
class TableView:
    """A page of a table with its controls.

    Attributes
    ----------
    heading, about, asked : str
        What is listed, which rows are shown, and of when they are.
    rows, columns : tuple
    turned : int
        Counts the user's actions that moved the rows.
    opened : str
        The id of the open row; empty if there is none.
    note, empty : str
        A note below the table, and the reason why there are no rows.
    similar, words : sequence of str
        Names like the searched one, and the words that are highlighted.
    filters : sequence of mapping
        The filters of single columns.
    page, pages, size, total : int or None
    can : mapping of str to bool or None
        The turns of the pager that are possible; None if that is not known.
    search, filter : str
        The text of the search field, and what it does.
    grown : int
        The number of new rows that are not shown.
    """

    heading: str
    columns: tuple[ColumnView, ...]
    rows: tuple[RowView, ...]
    about: str
    asked: str
    turned: int
    opened: str
    theme: str
    note: str
    empty: str
    similar: Sequence[str]
    words: Sequence[str]
    filters: Sequence[Mapping[str, str]]
    selection_code: str
    filterable: Sequence[str]
    downloads: Sequence[Action]
    chosen: Sequence[Action]
    page: int
    pages: int | None
    size: int
    sizes: Sequence[int]
    total: int | None
    can: Mapping[str, bool | None]
    search: str
    filter: str
    selected: int
    grown: int
    busy: bool
    error: ErrorView | None
    detail: DetailView | None
    code: str
    actions: Sequence[Action] = ()
    choices: Sequence[ChoiceView] = ()
    confirm: ConfirmView | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the view as JSON for the front end."""
        data: dict[str, Any] = _as_data(self)
        return data


def _as_data(value: Any) -> Any:
    """Return a value as JSON; the parts that a cell does not have are left out."""
    if isinstance(value, CellView):
        return {name: part for name, part in vars(value).items() if part is not None}
    if isinstance(value, (tuple, list)):
        return [_as_data(each) for each in value]
    return {name: _as_data(part) for name, part in vars(value).items()} if is_dataclass(value) else value
