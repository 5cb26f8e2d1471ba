"""Records as a DataFrame that knows its server, and fetches more records from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any  # records of any kind

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.notebook.as_code import session_code
from aero_jupyter.notebook.formatting import printable
from aero_jupyter.notebook.settings import options
from aero_jupyter.notebook.tables.columns import Row, column_series, common_columns_of
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.tables.record_frame import RecordFrame
from aero_jupyter.notebook.widgets.progress import RowCounter

if TYPE_CHECKING:
    from aero_jupyter.notebook.widgets.cards import Card

#: Rows of a new frame.
LIMIT = 50


class AeroFrame(RecordFrame):
    """A DataFrame of records; everything that is made from it is a plain DataFrame.

    A notebook shows it as a live table over the server's pages. A frame that was changed in place is shown as a static
    table of its own rows. A copied or pickled frame is a plain DataFrame.

    Attributes
    ----------
    aero : FrameTools
        Fetches the rest, asks again, opens a row, returns the selection and the code.
    attrs : dict
        ``server``, ``kind``, ``query``, the time ``asked`` (ISO text in UTC), whether the rows are ``complete``; and
        ``where``, ``since``, ``text`` and ``sort`` where they were given.

    Examples
    --------
    >>> table = aero.frame("data")
    >>> table.attrs["complete"], table["name"].tolist()
    (True, ['sewage'])
    """

    @property
    def aero(self) -> FrameTools:
        """Tools for these records: the rest, a refresh, one row in full, the selection, the code."""
        return FrameTools(self)

    def _ipython_display_(self) -> None:
        from aero_jupyter.notebook.widgets.frontend import front_end

        if self._listing is None or options.plain or front_end() != "widgets" or self.is_changed:
            # IPython goes on to the other forms.
            raise NotImplementedError
        from aero_jupyter.notebook.tables.live_table import show

        before, self._pager = self._pager, show(self._listing, self.aero.code_of)
        if before is not None:
            # Two tables of one frame have one selection.
            self._pager._chosen = before._chosen
            self._pager.show()


class FrameTools:
    """Tools of a frame of records beyond those of a DataFrame: ``frame.aero``.

    Examples
    --------
    >>> print(aero.frame("data").aero.as_code())
    import aero_jupyter as aero
    ...
    aero.frame('data', limit=...)
    """

    def __init__(self, frame: AeroFrame) -> None:
        self._frame = frame
        self._listing: QueryResult | None = frame._listing

    def __repr__(self) -> str:
        return printable(f"<the tools of a frame: {self._result().question.in_words()}>")

    def all(self) -> AeroFrame:
        """Fetch everything as a frame of its own. An interrupt ends it with the rows fetched so far.

        Returns
        -------
        AeroFrame

        Raises
        ------
        InvalidArgument
            If the frame does not know which server it came from.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> aero.frame("data", limit=0).aero.all()["name"].tolist()
        ['sewage']
        """
        return frame_from(self._result(), None)

    def refresh(self) -> AeroFrame:
        """Ask the server again for as many rows.

        Returns
        -------
        AeroFrame

        Raises
        ------
        InvalidArgument
            If the frame does not know which server it came from.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> len(aero.frame("data").aero.refresh())
        1
        """
        return frame_from(self._result().again(), max(len(self._frame), LIMIT))

    @property
    def selected(self) -> pd.DataFrame:
        """The rows that were selected in the table, in the order they were."""
        listing = self._result()
        rows = self._frame._pager.selected if self._frame._pager is not None else []
        return pd.DataFrame(common_columns_of(listing.question.shape, rows))

    def open(self, row: int | str) -> Card:
        """Show one record in full.

        Parameters
        ----------
        row : int or str
            Its position in the frame, its name or its id.

        Returns
        -------
        Card

        Raises
        ------
        UnknownName
            If the frame has no such row.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> print(aero.frame("data").aero.open("sewage"))
        sewage
        ...
        """
        from aero_jupyter.notebook.tables.record_detail import detail_of

        return detail_of(self._result(), self._row(row))

    def as_code(self) -> str:
        """Return the Python that makes this frame.

        Returns
        -------
        str

        Raises
        ------
        InvalidArgument
            If the frame does not know which server it came from.

        Examples
        --------
        >>> print(aero.frame("data").aero.as_code())
        import aero_jupyter as aero
        ...
        aero.frame('data', limit=...)
        """
        return self.code_of(self._result())

    def code_of(self, listing: QueryResult) -> str:
        """Return the Python that makes a frame of a listing, as long as this one.

        Parameters
        ----------
        listing : QueryResult

        Returns
        -------
        str
        """
        session = listing.session
        limit = None if self._frame.attrs["complete"] else len(self._frame)
        return f"{session_code(session)}{listing.question.as_code(limit)}\n"

    def _row(self, row: int | str) -> Any:
        listing, rows = self._result(), self._frame._rows
        position = self._frame._position(row)
        if not self._frame.is_changed:
            return rows[position]
        id = self._frame._ids()[position]
        found = next((each for each in rows if listing.id_of(each) == id), None)
        if found is None:
            raise UnknownName("That row is no longer a record of the server.", "Open a record by its id.")
        return found

    def _result(self) -> QueryResult:
        if self._listing is None:
            raise InvalidArgument(
                "The origin of this frame is not known.",
                "Create it again with aero.frame, such as aero.frame('data').",
            )
        return self._listing


def frame_from(listing: QueryResult, limit: int | None) -> AeroFrame:
    """Build a frame from the first records of a query result."""
    if limit is None:
        return _whole(listing)
    rows = listing.pages.first(limit)
    return framed(listing, rows, complete=listing.pages.is_complete and listing.pages.total == len(rows))


def _whole(listing: QueryResult) -> AeroFrame:
    """Build a frame of all records; if interrupted, of those fetched so far."""
    try:
        with RowCounter() as progress:
            rows = listing.pages.all(progress)
    except KeyboardInterrupt:
        return framed(listing, listing.pages.loaded_items(), complete=False)
    return framed(listing, rows, complete=listing.pages.is_complete)


def framed(listing: QueryResult | None, rows: Sequence[Row], *, shape: str = "", complete: bool = True) -> AeroFrame:
    """Build a frame of records at hand; `shape` names their kind if there is no query result."""
    frame = AeroFrame(column_series(listing.question.shape if listing else shape, rows))
    frame._listing, frame._rows, frame._pager = listing, rows, None
    asked_at = listing.asked if listing else datetime.now(timezone.utc)
    frame.attrs |= {"asked": asked_at.isoformat(), "complete": complete}
    if listing:
        question = listing.question
        server = listing.session.client.base_url
        frame.attrs |= {"server": server, "kind": question.kind, "query": question.query, **question.narrowing}
    return frame
