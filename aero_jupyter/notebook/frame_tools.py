"""What a frame of records can do beyond being a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.notebook.code import where_code
from aero_jupyter.notebook.columns import common_columns_of
from aero_jupyter.notebook.listing import Listing

if TYPE_CHECKING:
    from aero_jupyter.notebook.frames import AeroFrame
    from aero_jupyter.notebook.views import Card


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
        from aero_jupyter.notebook.frames import frame_from

        return frame_from(self._asked(), None)

    def refresh(self) -> AeroFrame:
        """Ask the server again for as many rows."""
        from aero_jupyter.notebook.frames import LIMIT, frame_from

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
        listing, rows = self._asked(), self._frame._rows
        ids = [str(id) for id in _column(self._frame, "id")]
        place = self._place(row, ids)
        if not self._frame.is_changed:
            return rows[place]
        found = next((each for each in rows if listing.id_of(each) == ids[place]), None)
        if found is None:
            raise UnknownName("That row is none of the server's any more.", "Open it by an id that came from there.")
        return found

    def _place(self, row: int | str, ids: list[str]) -> int:
        if isinstance(row, str):
            columns = ids, list(_column(self._frame, "name"))
            places = [values.index(row) for values in columns if row in values]
            if not places:
                raise UnknownName(f"This frame has no row {row!r}.", "Give a position, a name or an id that it has.")
            return places[0]
        if not -len(ids) <= row < len(ids):
            raise UnknownName(f"This frame has {len(ids)} rows, and no row {row}.", "Rows count from 0.")
        return row

    def _asked(self) -> Listing:
        if self._listing is None:
            raise InvalidArgument("This frame does not know where it came from.", "Make it anew with aero.frame(…).")
        return self._listing


def _column(frame: AeroFrame, name: str) -> Iterable[Any]:
    """Give a column, also where it was made the index."""
    if name in frame:
        return frame[name]
    return frame.index if frame.index.name == name else ()
