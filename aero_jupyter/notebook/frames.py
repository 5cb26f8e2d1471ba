"""Records as a DataFrame that knows where it came from and how to get the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.notebook.code import where_code
from aero_jupyter.notebook.columns import columns_of, common_columns_of
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import moment, options
from aero_jupyter.notebook.progress import Counting
from aero_jupyter.notebook.table import as_html, as_text

if TYPE_CHECKING:
    from aero_jupyter.notebook.views import Card

#: Rows that a frame begins with.
LIMIT = 50


class AeroFrame(pd.DataFrame):
    """A DataFrame of records; whatever is made from it is a plain DataFrame.

    ``attrs`` tell ``server``, ``kind``, ``query``, the time ``asked`` (ISO text in UTC) and whether the rows are
    ``complete``. ``aero`` gets the rest, asks again, and opens a row.
    """

    _internal_names = [*pd.DataFrame._internal_names, "_listing", "_rows", "_pager"]  # type: ignore[attr-defined]  # noqa: RUF012
    _internal_names_set = set(_internal_names)  # noqa: RUF012

    _listing: Listing | None
    _rows: Sequence[Any]
    _pager: Any

    @property
    def aero(self) -> FrameTools:
        """What can be done with these records."""
        return FrameTools(self)

    def as_bundle(self, about: str, mark: str) -> dict[str, str]:
        """Write it as text and as HTML that its live table finds by a mark."""
        now = self._now()
        return {"text/plain": as_text(self, about, now), "text/html": as_html(self, about, now, mark)}

    def _ipython_display_(self) -> None:
        from aero_jupyter.notebook.frontend import front_end

        listing: Listing | None = getattr(self, "_listing", None)
        if listing is None or options.plain or front_end() != "widgets":
            # IPython goes on to the other forms.
            raise NotImplementedError
        from aero_jupyter.notebook.grid import show

        self._pager = show(self, listing)

    def _repr_html_(self) -> str:
        return as_html(self.head(options.max_rows), self._about(), self._now())

    def __repr__(self) -> str:
        return as_text(self.head(options.max_rows), self._about(), self._now())

    def _now(self) -> datetime:
        asked = self.attrs.get("asked")
        return datetime.fromisoformat(asked) if asked else datetime.now(timezone.utc)

    def _about(self) -> str:
        listing: Listing | None = getattr(self, "_listing", None)
        where = f" · {listing.session.name}" if listing else ""
        return f"{self._covered()} · as of {moment(self._now())}{where}"

    def _covered(self) -> str:
        listing: Listing | None = getattr(self, "_listing", None)
        shown, complete = min(len(self), options.max_rows), self.attrs.get("complete", True)
        total = len(self) if complete or listing is None else listing.pages.total
        if shown == total:
            return "1 row" if shown == 1 else f"{shown} rows"
        return f"The first {shown} of {'more' if total is None else total} rows"


class FrameTools:
    """What a frame of records can do beyond being a DataFrame."""

    def __init__(self, frame: AeroFrame) -> None:
        self._frame = frame
        self._listing: Listing | None = frame._listing

    def __repr__(self) -> str:
        return f"<the tools of a frame: {self._asked().question.in_words()}>"

    def all(self) -> AeroFrame:
        """Fetch everything; give it as a frame of its own. When interrupted, it holds what had come by then.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.
        """
        pages = self._asked().pages
        try:
            with Counting() as progress:
                rows = pages.all(progress)
        except KeyboardInterrupt:
            return framed(self._asked(), pages.so_far(), complete=False)
        return framed(self._asked(), rows, complete=pages.complete)

    def refresh(self) -> AeroFrame:
        """Ask the server again for as many rows."""
        return frame_from(self._asked().again(), max(len(self._frame), LIMIT))

    @property
    def selected(self) -> pd.DataFrame:
        """The rows that were selected in the table, in the order they were."""
        listing = self._asked()
        rows = self._frame._pager.selected if self._frame._pager is not None else []
        return pd.DataFrame(common_columns_of(listing.question.shape, rows))

    def open(self, row: int | str) -> Card:
        """Show one record in full.

        Parameters
        ----------
        row : int or str
            Its position in the frame, its name or its id.

        Raises
        ------
        UnknownName
            If the frame has no such row.
        """
        from aero_jupyter.notebook.detail import detail_of

        return detail_of(self._asked(), self._row(row))

    def as_code(self) -> str:
        """Write the Python that makes this frame."""
        return self.code_of(self._asked())

    def code_of(self, listing: Listing) -> str:
        """Write the Python that makes a frame of a listing, as long as this one."""
        session = listing.session
        limit = None if self._frame.attrs["complete"] else len(self._frame)
        return f"{where_code(session)}{listing.question.as_code(limit)}\n"

    def _row(self, row: int | str) -> Any:
        rows = self._frame._rows
        if isinstance(row, str):
            listing = self._asked()
            columns = [listing.id_of(each) for each in rows], list(self._frame.get("name", ()))
            places = [names.index(row) for names in columns if row in names]
            if not places:
                raise UnknownName(f"This frame has no row {row!r}.", "Give a position, a name or an id that it has.")
            return rows[places[0]]
        if not -len(rows) <= row < len(rows):
            raise UnknownName(f"This frame has {len(rows)} rows, and no row {row}.", "Rows count from 0.")
        return rows[row]

    def _asked(self) -> Listing:
        if self._listing is None:
            raise InvalidArgument("This frame does not know where it came from.", "Make it anew with aero.frame(…).")
        return self._listing


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
    InvalidArgument, UnknownName
        If there is no such kind, query or data.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    question = Question(kind, query, scan, sort=sort, where=tuple((where or {}).items()), since=since, text=text)
    return frame_from(Listing(current(), question, limit=limit), limit)


def frame_from(listing: Listing, limit: int | None) -> AeroFrame:
    """Make a frame of the first records of a listing."""
    if limit is None:
        with Counting() as progress:
            rows = listing.pages.all(progress)
        return framed(listing, rows, complete=listing.pages.complete)
    rows = list(islice(listing.pages, limit))
    return framed(listing, rows, complete=len(rows) < limit or listing.pages.total == len(rows))


def framed(listing: Listing | None, rows: Sequence[Any], *, shape: str = "", complete: bool = True) -> AeroFrame:
    """Make a frame of records that are here; `shape` names their kind where no listing does."""
    made = AeroFrame(columns_of(listing.question.shape if listing else shape, rows))
    made._listing, made._rows, made._pager = listing, rows, None
    asked = listing.asked if listing else datetime.now(timezone.utc)
    made.attrs |= {"asked": asked.isoformat(), "complete": complete}
    if listing:
        question = listing.question
        server = listing.session.client.base_url
        made.attrs |= {"server": server, "kind": question.kind, "query": question.query}
    return made
