"""The catalogue, to look through: each row can be carried on."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.errors import NotFound
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.code import called
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import options
from aero_jupyter.notebook.page import Place, View
from aero_jupyter.notebook.paging import Pager
from aero_jupyter.notebook.panels import placed
from aero_jupyter.notebook.panels.gridded import GridPanel

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: What a row can be carried on to.
LINKS = {"use": "Use as input", "load": "Load", "lineage": "Lineage", "runs": "Runs"}


@dataclass(frozen=True)
class Looked:
    """What a catalogue panel shows.

    Attributes
    ----------
    query : str or None
        What was searched for.
    sort : str or None
        The column it is sorted by, downwards with a "-" before it.
    where : mapping of str to str
        Columns and what they must be.
    selected : tuple of str
        The ids of the rows that are selected.
    page, size : int
        Which page, counted from 1, and rows a page.
    opened : str or None
        The id of the data that is open.
    """

    query: str | None = None
    sort: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    selected: tuple[str, ...] = ()
    page: int = 1
    size: int = field(default_factory=lambda: options.page_size)
    opened: str | None = None


class CataloguePager(Pager):
    """Pages of data whose open row can be carried on."""

    def start(self) -> None:
        """Turn to its page, and open the data that is to be open."""
        super().start()
        if self.opened is not None:
            self._begin(self._open_data)

    @callback
    def _open_data(self) -> None:
        id = self.opened
        if id is None:
            return
        try:
            data = self.listing.session.client.get_data(id)
        except NotFound as error:
            self.opened = None
            self.note(error.message)
            return
        detail = self._detailed(self.listing, data)
        with self._lock:
            if self.opened == id:
                self._detail, self._open_row = detail, data
        self.show()

    def links(self, row: Any) -> list[View]:
        """Give the buttons of an open row."""
        return [{"what": what, "text": words} for what, words in LINKS.items()]


class Browse(GridPanel):
    """The catalogue as a panel."""

    def __init__(
        self,
        session: Session,
        question: Question,
        selected: tuple[str, ...] = (),
        *,
        place: Place | None = None,
        opened: str | None = None,
    ) -> None:
        super().__init__(session, question)
        self._selected = selected
        self._place = place or Place(size=options.page_size)
        self._opened = opened
        self.pager_type = self._pager

    def _pager(self, listing: Listing, *args: Any, **kwargs: Any) -> CataloguePager:
        place, sort = self._place, placed.sort_of(listing.question, self._place)
        if place.sort and listing.can_sort(place.sort[0]):
            listing, place = listing.again(replace(listing.question, sort=sort)), replace(place, sort=None)
        pager = CataloguePager(listing, *args, **kwargs)
        pager.place, pager.opened = place, self._opened
        pager.choose([self._session.client.get_data(id) for id in self._selected])
        return pager

    @property
    def value(self) -> Looked:
        """What it shows."""
        question, place, opened, ids = self.question, self._place, self._opened, self._selected
        if self._live is not None:
            pager = self._live.pager
            place, opened, ids = pager.place, pager.opened, tuple(_id_of(row) for _, row in pager.selected)
        sort = placed.sort_of(question, place)
        return Looked(question.query, sort, dict(question.where), ids, place.page, place.size, opened)

    def expression(self) -> str:
        """Write the call that makes it."""
        value = self.value
        named = {"sort": value.sort, "where": value.where, "selected": value.selected}
        place = placed.written(value.page, value.size)
        return called("browse", *([value.query] if value.query else []), **named, **place, opened=value.opened)

    def carried(self, what: str, row: Any) -> None:
        """Carry an open row on, or load it here."""
        client = self._session.client
        data = row if isinstance(row, Data) else client.get_data(_id_of(row))
        self.came((what, data))
        if what == "load":
            assert self._live is not None
            self._live.pager.note(self.load(data))
        else:
            self.carry(what, data)

    def load(self, data: Data) -> str:
        """Read the newest version of a data into a variable of the notebook; say which."""
        table = self._session.client.read(data.id)
        shell: Any = get_ipython()
        names: dict[str, Any] = {} if shell is None else shell.user_ns
        name = free_name(data.name, names)
        names[name] = table
        rows, columns = table.shape
        return f"Loaded as {name}: version {table.attrs['aero']['version']}, {rows:,} rows, {columns} columns."


def _id_of(row: Any) -> str:
    return str(row.id if isinstance(row, Data) else row.get("data_id") or row.get("id"))


def free_name(text: str, names: Mapping[str, Any]) -> str:
    """Make a variable's name of a data's name, one that is not in use."""
    name = re.sub(r"\W", "_", text) or "data"
    name = f"data_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
    tried = [name, *(f"{name}_{number}" for number in range(2, len(names) + 3))]
    return next(each for each in tried if each not in names)


def browse(
    query: str | None = None,
    *,
    sort: str | None = None,
    where: Mapping[str, str] | None = None,
    selected: tuple[str, ...] = (),
    page: int = 1,
    size: int | None = None,
    opened: str | None = None,
) -> Browse:
    """Look through the catalogue, with the mouse or the keyboard.

    Parameters
    ----------
    query : str, optional
        What to search for.
    sort : str, optional
        The column to sort by, downwards with a "-" before it.
    where : mapping of str to str, optional
        Columns and what they must be; "*" stands for anything.
    selected : tuple of str
        The ids of rows that are selected from the beginning.
    page, size : int
        The page to begin with, counted from 1, and rows a page: 15, 30 or 60.
    opened : str, optional
        The id of a data to open.

    Raises
    ------
    InvalidArgument
        If there is no such column, page or size.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    question = Question("data", query, where=tuple((where or {}).items()))
    question = replace(question, sort=placed.pushed(question.shape, sort))
    place = placed.place_of(question, sort, page, size)
    return Browse(current(), question, selected, place=place, opened=opened)
