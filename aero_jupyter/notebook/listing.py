"""A list of a server as a notebook looks at it: what was asked, and the records that come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.pages import Pages, pages_of
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.patterns import fits
from aero_jupyter.core.policy import every
from aero_jupyter.notebook.columns import COLUMNS, id_of
from aero_jupyter.notebook.table import missing

if TYPE_CHECKING:
    from aero_jupyter.core.wire import Dialect
    from aero_jupyter.session import Session

KINDS = ("data", "flow", "prov", "run", "version")
_DECODED = ("data", "flow", "prov", "run")
#: Rows that a search may find to be read and sorted here, where its server does not sort.
_SORTED_HERE = 1_000


@dataclass(frozen=True)
class Question:
    """What is listed.

    Attributes
    ----------
    kind : str
        "data", "flow", "prov", "run", "version" or "endpoint".
    query : str or None
        Of data: what to search for. Of versions: the name or id of their data. Of the others: what
        ``AeroClient.list`` calls ``match``.
    scan : bool
        Whether to read the whole catalogue and search it here.
    everyones : bool
        Whether to list the endpoints of others too.
    sort : str or None
        The column to sort by; downwards with a ``-`` before it.
    where : tuple of pairs of str
        Columns and what they must be; ``*`` stands for anything.
    since : int or None
        Seconds; only what is newer.
    text : str
        What one of the columns holds.
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
        """What kind of records come."""
        return "search" if self.kind == "data" and self.query else self.kind

    @property
    def is_narrowed(self) -> bool:
        """Whether not everything of its kind is wanted."""
        return bool(self.where or self.text) or self.since is not None

    def in_words(self) -> str:
        """Say it as a heading does."""
        words = {"prov": "Provenance", "flow": "Flows", "run": "Runs", "version": "Versions", "endpoint": "Endpoints"}
        parts = [words.get(self.kind, "Data"), *([f'"{self.query}"'] if self.query else [])]
        parts += [f'with "{self.text}"'] if self.text else []
        parts += [f"{name} = {value}" for name, value in self.where]
        return " · ".join([*parts, *([f"the last {every(self.since)}"] if self.since else [])])

    def as_code(self, limit: int | None) -> str:
        """Write the Python that asks the same."""
        asked = [repr(self.kind), *([repr(self.query)] if self.query else []), f"limit={limit}"]
        asked += [f"{name}={value!r}" for name in ("sort", "since", "text") if (value := getattr(self, name))]
        asked += [f"where={dict(self.where)!r}"] if self.where else []
        return f"aero.frame({', '.join(asked + (['scan=True'] if self.scan else []))})"


class Listing:
    """The records that a server gives for a question.

    Attributes
    ----------
    question : Question
    session : Session
    pages : Pages
        The records, fetched as they are looked at.
    asked : datetime
        When the first of them were asked for, in UTC.
    """

    def __init__(self, session: Session, question: Question, *, limit: int | None = None) -> None:
        self.question = question
        self.session = session
        self.asked = datetime.now(timezone.utc)
        self.pages: Pages[Any] = _pages(session, question, limit)

    def __repr__(self) -> str:
        return f"Listing({self.question.in_words()})"

    def again(self, question: Question | None = None) -> Listing:
        """Ask anew, the same or another question."""
        return Listing(self.session, question or self.question)

    def can_sort(self, column: str) -> bool:
        """Whether the server sorts by a column, or everything is here already or can be."""
        question, dialect = self.question, self.session.client.dialect
        if dialect.sorts(question.shape, column) or question.shape in ("version", "endpoint") or question.scan:
            return True
        if question.shape == "search":
            return question.is_narrowed or (self.pages.end or _SORTED_HERE + 1) <= _SORTED_HERE
        return question.is_narrowed and not _narrows(dialect, question)

    @property
    def can_filter(self) -> bool:
        """Whether the server finds the rows that hold a text."""
        question = self.question
        return question.shape in _DECODED and self.session.client.dialect.filters

    def id_of(self, row: Any) -> str:
        """Give the id of one of its records."""
        return id_of(self.question.shape, row)


def _pages(session: Session, question: Question, limit: int | None) -> Pages[Any]:
    makers: dict[str, Callable[[], Pages[Any]]] = {
        "search": lambda: _found(session, question),
        "version": lambda: pages_of(_versions(session, question)),
        "endpoint": lambda: pages_of(session.endpoints(with_status=True, everyones=question.everyones)),
        "run": lambda: _runs(session, question, limit),
    }
    if question.shape in makers:
        asked = makers[question.shape]()
        return asked if question.shape == "run" else _arranged(asked, question)
    if question.kind not in KINDS:
        raise InvalidArgument(f"There is no list of {question.kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    return _listed(session, question)


def _listed(session: Session, question: Question) -> Pages[Any]:
    """List as the server can; what it cannot do is done here, over all of its rows."""
    kind: Any = question.kind
    dialect, column = session.client.dialect, (question.sort or "").removeprefix("-")
    _check_columns(question)
    asked: dict[str, Any] = {"sort": question.sort} if column and dialect.sorts(kind, column) else {}
    pushed = _narrows(dialect, question)
    if pushed:
        where = [f"{name}={value}" for name, value in question.where]
        asked |= {"where": where or None, "since": question.since, "text": question.text or None}
    pages: Pages[Any] = session.client.list(kind, match=question.query, **asked)
    left = replace(question, sort=None) if "sort" in asked else question
    return _arranged(pages, replace(left, where=(), since=None, text="") if pushed else left)


def _arranged(pages: Pages[Any], question: Question) -> Pages[Any]:
    """Narrow and sort all of a list here, where that is asked for."""
    column = (question.sort or "").removeprefix("-")
    if not (question.is_narrowed or column):
        return pages
    from aero_jupyter.notebook.progress import Counting

    _check_columns(question)
    readers = {name: read for name, _, read in COLUMNS[question.shape]}
    with Counting() as progress:
        rows = [row for row in pages.all(progress) if _fits(row, readers, question)]
    arranged = ordered(rows, readers[column], down=question.sort != column) if column else rows
    return pages_of(arranged, of=pages)


def _narrows(dialect: Dialect, question: Question) -> bool:
    return dialect.narrows(question.kind, [name for name, _ in question.where])


def _check_columns(question: Question) -> None:
    known = [name for name, _, _ in COLUMNS[question.shape]]
    column = (question.sort or "").removeprefix("-")
    asked = [*(name for name, _ in question.where), *([column] if column else [])]
    wrong = next((name for name in asked if name not in known), None)
    if wrong is not None:
        raise InvalidArgument(f"{question.kind} has no column {wrong!r}.", f"Choose one of {', '.join(known)}.")


def _fits(row: Any, readers: Mapping[str, Callable[[Any], Any]], question: Question) -> bool:
    for name, wanted in question.where:
        value = readers[name](row)
        if not fits(None if missing(value) else value, wanted):
            return False
    if question.text and not holds(row, readers.values(), question.text):
        return False
    if question.since is None:
        return True
    times = [readers[name](row) for name, dtype, _ in COLUMNS[question.shape] if dtype == "time"]
    known = [time for time in times if time is not None]
    return bool(known) and (datetime.now(timezone.utc) - max(known)).total_seconds() <= question.since


def holds(row: Any, readers: Iterable[Callable[[Any], Any]], text: str) -> bool:
    """Whether a record has a text in one of its columns, whatever its case."""
    return any(text.casefold() in str(read(row) or "").casefold() for read in readers)


def ordered(rows: Sequence[Any], read: Callable[[Any], Any], *, down: bool) -> list[Any]:
    """Sort records by a column; what is missing comes last."""
    known = [row for row in rows if not missing(read(row))]
    blank = [row for row in rows if missing(read(row))]
    return sorted(known, key=lambda row: _order(read(row)), reverse=down) + blank


def _order(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _found(session: Session, question: Question) -> Pages[Any]:
    from aero_jupyter.notebook.progress import scanned

    query = question.query or ""
    return scanned(session.client, query) if question.scan else session.client.search(query)


def _versions(session: Session, question: Question) -> list[Any]:
    if not question.query:
        raise InvalidArgument("Versions are of one data, and none is named.", "Write frame('version', NAME).")
    return session.client.versions(session.client.resolve_data(question.query).id)


def _runs(session: Session, question: Question, limit: int | None) -> Pages[Any]:
    if session.client.dialect.runs:
        return _listed(session, question)
    flow = session.client.resolve_flow(question.query) if question.query else None
    return pages_of(session.runs(limit or 100, flow))
