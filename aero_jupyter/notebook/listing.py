"""A list of a server as a notebook looks at it: what was asked, and the records that come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.pages import Pages, pages_of
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.columns import id_of

if TYPE_CHECKING:
    from aero_jupyter.session import Session

KINDS = ("data", "flow", "prov", "run", "version")


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
        The column that the server sorts by; downwards with a ``-`` before it.
    """

    kind: str
    query: str | None = None
    scan: bool = False
    everyones: bool = False
    sort: str | None = None

    @property
    def shape(self) -> str:
        """What kind of records come."""
        return "search" if self.kind == "data" and self.query else self.kind

    def in_words(self) -> str:
        """Say it as a heading does."""
        words = {"prov": "Provenance", "flow": "Flows", "run": "Runs", "version": "Versions", "endpoint": "Endpoints"}
        return " · ".join(part for part in (words.get(self.kind, "Data"), self.query and f'"{self.query}"') if part)

    def as_code(self, limit: int | None) -> str:
        """Write the Python that asks the same."""
        asked = [repr(self.kind), *([repr(self.query)] if self.query else []), f"limit={limit}"]
        asked += [f"sort={self.sort!r}"] if self.sort else []
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
        """Whether the server sorts by a column."""
        return self.session.client.dialect.sorts(self.question.shape, column)

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
        return makers[question.shape]()
    if question.kind not in KINDS:
        raise InvalidArgument(f"There is no list of {question.kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    kind: Any = question.kind
    pages: Pages[Any] = session.client.list(kind, match=question.query, sort=question.sort)
    return pages


def _found(session: Session, question: Question) -> Pages[Any]:
    from aero_jupyter.notebook.progress import scanned

    query = question.query or ""
    return pages_of(scanned(session.client, query)) if question.scan else session.client.search(query)


def _versions(session: Session, question: Question) -> list[Any]:
    if not question.query:
        raise InvalidArgument("Versions are of one data, and none is named.", "Write frame('version', NAME).")
    return session.client.versions(session.client.resolve_data(question.query).id)


def _runs(session: Session, question: Question, limit: int | None) -> Pages[Any]:
    if session.client.dialect.runs:
        pages: Pages[Any] = session.client.list("run", match=question.query, sort=question.sort)
        return pages
    flow = session.client.resolve_flow(question.query) if question.query else None
    return pages_of(session.runs(limit or 100, flow))
