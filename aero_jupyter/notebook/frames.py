"""Records as a DataFrame that knows where it came from and how to get the rest."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.columns import COLUMNS, columns_of
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import clock, options
from aero_jupyter.notebook.progress import Counting
from aero_jupyter.notebook.table import as_html, as_text

if TYPE_CHECKING:
    from aero_jupyter.notebook.frame_tools import FrameTools
    from aero_jupyter.session import Session

#: Rows that a frame begins with.
LIMIT = 50


class AeroFrame(pd.DataFrame):
    """A DataFrame of records; whatever is made from it is a plain DataFrame.

    ``attrs`` tell ``server``, ``kind``, ``query``, the time ``asked`` (ISO text in UTC) and whether the rows are
    ``complete``; and ``where``, ``since``, ``text`` and ``sort`` where they were given. ``aero`` gets the rest, asks
    again, and opens a row. Once it is changed in place it is shown as it is, without the server's pages; copied or
    pickled it is a plain DataFrame.
    """

    _internal_names = [*pd.DataFrame._internal_names, "_listing", "_rows", "_pager"]  # type: ignore[attr-defined]  # noqa: RUF012
    _internal_names_set = set(_internal_names)  # noqa: RUF012

    _listing: Listing | None = None
    _rows: Sequence[Any] = ()
    _pager: Any = None

    def __reduce__(self) -> str | tuple[Any, ...]:
        plain = pd.DataFrame(self)
        plain.attrs = dict(self.attrs)
        return copy.copy, (plain,)

    @property
    def aero(self) -> FrameTools:
        """What can be done with these records."""
        from aero_jupyter.notebook.frame_tools import FrameTools

        return FrameTools(self)

    def as_bundle(self, about: str, mark: str) -> dict[str, str]:
        """Write it as text and as HTML that its live table finds by a mark."""
        now = self._now()
        return {"text/plain": as_text(self, about, now), "text/html": as_html(self, about, now, mark)}

    def _ipython_display_(self) -> None:
        from aero_jupyter.notebook.frontend import front_end

        if self._listing is None or options.plain or front_end() != "widgets" or self.is_changed:
            # IPython goes on to the other forms.
            raise NotImplementedError
        from aero_jupyter.notebook.grid import show

        before, self._pager = self._pager, show(self, self._listing)
        if before is not None:
            # Two tables of one frame have one selection.
            self._pager._chosen = before._chosen
            self._pager.show()

    def _repr_html_(self) -> str:
        return as_html(self._shown(), self._about(), self._now())

    def __repr__(self) -> str:
        return as_text(self._shown(), self._about(), self._now())

    def _shown(self) -> pd.DataFrame:
        rows = self.head(options.max_rows)
        # An index that was made of a column is shown as one.
        return rows.reset_index() if any(name not in (None, *rows) for name in rows.index.names) else rows

    def _now(self) -> datetime:
        asked = self.attrs.get("asked")
        return datetime.fromisoformat(asked) if asked else datetime.now(timezone.utc)

    @property
    def is_changed(self) -> bool:
        """Whether it was changed since it was made, and shows something else than the server's records."""
        if self._listing is None:
            return False
        return not pd.DataFrame(columns_of(self._listing.question.shape, self._rows)).equals(self)

    def _about(self) -> str:
        return " · ".join([*self._covered(), f"as of {clock(self._now())}"])

    def _covered(self) -> list[str]:
        listing, shown, changed = self._listing, min(len(self), options.max_rows), self.is_changed
        is_whole = changed or listing is None or self.attrs.get("complete", True)
        total = len(self) if is_whole or listing is None else listing.pages.total
        if shown == total:
            told = "1 row" if shown == 1 else f"{shown} rows"
        else:
            told = f"{f'1–{shown}' if shown else 0} of {f'{len(self)}+' if total is None else total} rows"
        return [told, *(["changed here"] if changed else self._unsorted())]

    def _unsorted(self) -> list[str]:
        """Say it where the server does not tell what the rows should be sorted by."""
        column = (self._listing.question.sort or "").removeprefix("-") if self._listing else ""
        is_told = column not in self or len(self) == 0 or self[column].notna().any()
        if self._listing is None or is_told or self._listing.session.client.dialect.filters:
            return []
        return [f"not sorted: this server does not tell {column}"]


def frame(
    kind: str,
    query: str | None = None,
    *,
    limit: int | None = LIMIT,
    sort: str | None = None,
    where: Mapping[str, str] | None = None,
    since: int | None = None,
    text: str = "",
    scan: bool = False,
) -> AeroFrame:
    """List records of the server in use as a DataFrame.

    Parameters
    ----------
    kind : str
        "data", "flow", "prov", "run" or "version".
    query : str, optional
        Of data, what to search for; of versions, the name or id of their data; of the others, a name, a flow's id or
        the beginning of an id, where the server can narrow its lists.
    limit : int or None
        Rows to begin with; None means all.
    sort : str, optional
        The column to sort by, downwards with a "-" before it; the newest first by default.
    where : mapping of str to str, optional
        Columns and what they must be; "*" stands for anything.
    since : int, optional
        Seconds; only what is newer.
    text : str
        What one of the columns must hold, whatever its case.
    scan : bool
        Whether to search by reading the whole catalogue, for servers whose search is broken.

    Raises
    ------
    InvalidArgument
        If there is no such kind, query or data.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    question = Question(kind, query, scan, sort=sort, where=tuple((where or {}).items()), since=since, text=text)
    return frame_of(current(), question, limit)


def frame_of(session: Session, question: Question, limit: int | None) -> AeroFrame:
    """Make a frame of what a session's server answers to a question.

    Raises
    ------
    InvalidArgument, UnknownName
        If it makes no sense, or the server does not tell what it is about.
    ClientError
        If the server refuses or does not answer.
    """
    if limit is not None and limit < 0:
        raise InvalidArgument(f"A limit of {limit} rows makes no sense.", "Give 0 or more, or None for all.")
    if question.since is not None and not _tells_when(session, question):
        raise InvalidArgument("This server does not tell when its records were made or changed.", "Leave since out.")
    return frame_from(Listing(session, question, limit=limit), limit)


def _tells_when(session: Session, question: Question) -> bool:
    """Whether the first records of a kind that is always made at some time tell a time."""
    kind: Any = question.shape
    if kind not in ("data", "prov") or session.client.dialect.filters:
        return True
    rows = session.client.list(kind).page(1)
    return not rows or any(read(row) for row in rows for _, dtype, read in COLUMNS[kind] if dtype == "time")


def frame_from(listing: Listing, limit: int | None) -> AeroFrame:
    """Make a frame of the first records of a listing."""
    if limit is None:
        return _whole(listing)
    rows = listing.pages.first(limit)
    return framed(listing, rows, complete=listing.pages.complete and listing.pages.total == len(rows))


def _whole(listing: Listing) -> AeroFrame:
    """Make a frame of all records; when interrupted, of what had come by then."""
    try:
        with Counting() as progress:
            rows = listing.pages.all(progress)
    except KeyboardInterrupt:
        return framed(listing, listing.pages.so_far(), complete=False)
    return framed(listing, rows, complete=listing.pages.complete)


def framed(listing: Listing | None, rows: Sequence[Any], *, shape: str = "", complete: bool = True) -> AeroFrame:
    """Make a frame of records that are here; `shape` names their kind where no listing does."""
    made = AeroFrame(columns_of(listing.question.shape if listing else shape, rows))
    made._listing, made._rows, made._pager = listing, rows, None
    asked = listing.asked if listing else datetime.now(timezone.utc)
    made.attrs |= {"asked": asked.isoformat(), "complete": complete}
    if listing:
        question = listing.question
        server = listing.session.client.base_url
        made.attrs |= {"server": server, "kind": question.kind, "query": question.query, **_narrowing(question)}
    return made


def _narrowing(question: Question) -> dict[Hashable, Any]:
    asked = {"where": dict(question.where), "since": question.since, "text": question.text, "sort": question.sort}
    return {name: value for name, value in asked.items() if value}
