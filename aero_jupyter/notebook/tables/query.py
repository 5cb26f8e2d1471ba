"""Queries of lists, and their results: the records, fetched page by page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any  # records of any kind

from aero_jupyter.client.pages import Pages, pages_over
from aero_jupyter.core.columns import column_names
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.policy import every
from aero_jupyter.core.search_query import with_prefixes
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.core.wildcards import matches_wildcard
from aero_jupyter.notebook.formatting import printable
from aero_jupyter.notebook.tables.cell_format import is_missing
from aero_jupyter.notebook.tables.columns import COLUMNS, Reader, Row, id_of, readers_of
from aero_jupyter.notebook.tables.row_order import holds, ordered

if TYPE_CHECKING:
    from aero_jupyter.core.wire import Dialect
    from aero_jupyter.session.session import Session

KINDS = ("data", "flow", "prov", "run", "version")
_DECODED = ("data", "flow", "prov", "run")
#: Maximum number of search results that are read and sorted here, if the server does not sort them.
_MAX_SORTED_HERE = 1_000


@dataclass(frozen=True)
class ListQuery:
    """Query of a list.

    Attributes
    ----------
    kind : str
        "data", "flow", "prov", "run", "version" or "endpoint".
    query : str or None
        For data, the search query; for versions, the name or id of their dataset; for the others, the ``match`` of
        ``AeroClient.list``.
    scan : bool
        Whether to read the whole catalogue and search it here.
    everyones : bool
        Whether to list the endpoints of others too.
    sort : str or None
        The column to sort by; descending with a ``-`` before it.
    where : tuple of pairs of str
        Columns and their values; ``*`` matches anything.
    since : int or None
        Seconds; only newer rows.
    text : str
        Text that one of the columns contains.
    """

    kind: str
    query: str | None = None
    scan: bool = False
    everyones: bool = False
    sort: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    since: int | None = None
    text: str = ""

    @property
    def shape(self) -> str:
        """The kind of the records."""
        return "search" if self.kind == "data" and self.query else self.kind

    @property
    def is_narrowed(self) -> bool:
        """Return whether the query has conditions."""
        return bool(self.where or self.text) or self.since is not None

    @property
    def narrowing(self) -> dict[Hashable, Any]:
        """The conditions and the sort that are set, for ``attrs`` of a frame."""
        conditions = {"where": dict(self.where), "since": self.since, "text": self.text, "sort": self.sort}
        return {name: value for name, value in conditions.items() if value}

    def in_words(self) -> str:
        """Return the query as a heading."""
        words = {"prov": "Provenance", "flow": "Flows", "run": "Runs", "version": "Versions", "endpoint": "Endpoints"}
        parts = [words.get(self.kind, "Data"), *([f'"{self.query}"'] if self.query else [])]
        parts += [f'with "{self.text}"'] if self.text else []
        parts += [f"{name} = {value}" for name, value in self.where]
        return " · ".join([*parts, *([f"the last {every(self.since)}"] if self.since else [])])

    def as_code(self, limit: int | None) -> str:
        """Return the Python code of the same query."""
        asked = [repr(self.kind), *([repr(self.query)] if self.query else []), f"limit={limit}"]
        asked += [f"{name}={value!r}" for name in ("sort", "since", "text") if (value := getattr(self, name))]
        asked += [f"where={dict(self.where)!r}"] if self.where else []
        return f"aero.frame({', '.join(asked + (['scan=True'] if self.scan else []))})"


class QueryResult:
    """The records that match a query.

    Attributes
    ----------
    question : ListQuery
    session : Session
    pages : Pages
        The records, fetched when they are needed.
    asked : datetime
        The time of the first request, in UTC.
    """

    def __init__(self, session: Session, question: ListQuery, *, limit: int | None = None) -> None:
        self.question = question
        self.session = session
        self.asked = datetime.now(timezone.utc)
        self.pages: Pages[Row] = _pages(session, question, limit)

    def __repr__(self) -> str:
        return printable(f"QueryResult({self.question.in_words()})")

    def again(self, question: ListQuery | None = None) -> QueryResult:
        """Run the same or another query."""
        return QueryResult(self.session, question or self.question)

    def can_sort(self, column: str) -> bool:
        """Return whether a sort by the column covers all rows: the server sorts, or all rows are or can be fetched."""
        question, dialect = self.question, self.session.client.dialect
        if dialect.can_sort(question.shape, column) or question.shape in ("version", "endpoint") or question.scan:
            return True
        if question.shape == "search":
            return question.is_narrowed or (self.pages.end or _MAX_SORTED_HERE + 1) <= _MAX_SORTED_HERE
        return question.is_narrowed and not _narrows(dialect, question)

    @property
    def can_filter(self) -> bool:
        """Return whether the server filters rows by a text."""
        question = self.question
        return question.shape in _DECODED and self.session.client.dialect.filters

    @property
    def is_read_by_page(self) -> bool:
        """Return whether the server filters and sorts, so that one page costs one request."""
        question, dialect = self.question, self.session.client.dialect
        column = (question.sort or "").removeprefix("-")
        is_sorted_there = not column or dialect.can_sort(question.shape, column)
        is_filtered_there = question.shape != "search" and _narrows(dialect, question)
        return is_sorted_there and not question.scan and (is_filtered_there or not question.is_narrowed)

    def id_of(self, row: Row) -> str:
        """Return the id of a record, also of a dataset in the shape of a search result."""
        return row.id if isinstance(row, Data) else id_of(self.question.shape, row)


def _pages(session: Session, question: ListQuery, limit: int | None) -> Pages[Row]:
    makers: dict[str, Callable[[], Pages[Row]]] = {
        "search": lambda: _search(session, question),
        "version": lambda: pages_over(_versions(session, question)),
        "endpoint": lambda: pages_over(session.endpoints(with_status=True, everyones=question.everyones)),
        "run": lambda: _runs(session, question, limit),
    }
    if question.shape in makers:
        asked = makers[question.shape]()
        return asked if question.shape == "run" else _arranged(asked, question)
    if question.kind not in KINDS:
        raise InvalidArgument(f"There is no list of {question.kind!r}.", suggest(question.kind, KINDS))
    return _listed(session, question)


def _listed(session: Session, question: ListQuery) -> Pages[Row]:
    """List records; conditions and sorts that the server does not support are applied here, to all of its rows."""
    kind: Any = question.kind
    dialect, column = session.client.dialect, (question.sort or "").removeprefix("-")
    _check_columns(question)
    asked: dict[str, Any] = {"sort": question.sort} if column and dialect.can_sort(kind, column) else {}
    pushed = _narrows(dialect, question)
    if pushed:
        where = [f"{name}={value}" for name, value in question.where]
        asked |= {"where": where or None, "since": question.since, "text": question.text or None}
    pages: Pages[Row] = session.client.list(kind, match=question.query, **asked)
    remaining = replace(question, sort=None) if "sort" in asked else question
    return _arranged(pages, replace(remaining, where=(), since=None, text="") if pushed else remaining)


def _arranged(pages: Pages[Row], question: ListQuery) -> Pages[Row]:
    """Apply the conditions and the sort of a query here, to all rows."""
    column = (question.sort or "").removeprefix("-")
    if not (question.is_narrowed or column):
        return pages
    from aero_jupyter.notebook.widgets.progress import RowCounter

    _check_columns(question)
    readers = readers_of(question.shape)
    with RowCounter() as progress:
        rows = [row for row in pages.all(progress) if _fits(row, readers, question)]
    arranged = ordered(rows, readers[column], down=question.sort != column) if column else rows
    return pages_over(arranged, of=pages)


def _narrows(dialect: Dialect, question: ListQuery) -> bool:
    return dialect.can_filter(question.kind, [name for name, _ in question.where])


def _check_columns(question: ListQuery) -> None:
    known = column_names(question.shape)
    column = (question.sort or "").removeprefix("-")
    asked = [*(name for name, _ in question.where), *([column] if column else [])]
    wrong = next((name for name in asked if name not in known), None)
    if wrong is not None:
        raise InvalidArgument(f"{question.kind} has no column {wrong!r}.", suggest(wrong, known))


def _fits(row: Row, readers: Mapping[str, Reader], question: ListQuery) -> bool:
    for name, wanted in question.where:
        value = readers[name](row)
        if not matches_wildcard(None if is_missing(value) else value, wanted):
            return False
    if question.text and not holds(row, readers.values(), question.text):
        return False
    if question.since is None:
        return True
    times = [column.read(row) for column in COLUMNS[question.shape] if column.type == "time"]
    known = [time for time in times if time is not None]
    return bool(known) and (datetime.now(timezone.utc) - max(known)).total_seconds() <= question.since


def _search(session: Session, question: ListQuery) -> Pages[Row]:
    from aero_jupyter.notebook.widgets.progress import scanned

    query = question.query or ""
    if question.scan:
        return scanned(session.client, with_prefixes(query))
    # The search of another server has its own grammar.
    return session.client.search(with_prefixes(query) if session.client.dialect.filters else query)


def _versions(session: Session, question: ListQuery) -> list[Row]:
    if not question.query:
        raise InvalidArgument("A list of versions needs the name or id of a dataset.", "Write frame('version', NAME).")
    return session.client.versions(session.client.resolve_data(question.query).id)


def _runs(session: Session, question: ListQuery, limit: int | None) -> Pages[Row]:
    if session.client.dialect.runs:
        return _listed(session, question)
    flow = session.client.resolve_flow(question.query) if question.query else None
    return pages_over(session.runs(limit or 100, flow))
