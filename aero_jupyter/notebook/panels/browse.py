"""The catalogue, to look through: each row can be carried on."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from aero_jupyter.core.models import Data
from aero_jupyter.notebook.code import called
from aero_jupyter.notebook.listing import Question
from aero_jupyter.notebook.paging import Pager, View
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
    """

    query: str | None = None
    sort: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    selected: tuple[str, ...] = ()


class CataloguePager(Pager):
    """Pages of data whose open row can be carried on."""

    def links(self, row: Any) -> list[View]:
        """Give the buttons of an open row."""
        return [{"what": what, "text": words} for what, words in LINKS.items()]


class Browse(GridPanel):
    """The catalogue as a panel."""

    @property
    def value(self) -> Looked:
        """What it shows."""
        question = self.question
        if self._live is None:
            return Looked(question.query, question.sort, dict(question.where), self._selected)
        chosen = self._live.pager.selected
        ids = tuple(str(row.id if isinstance(row, Data) else row.get("data_id") or row.get("id")) for _, row in chosen)
        return Looked(question.query, question.sort, dict(question.where), ids)

    def expression(self) -> str:
        """Write the call that makes it."""
        value = self.value
        first = [value.query] if value.query else []
        return called("browse", *first, sort=value.sort, where=value.where, selected=value.selected)

    def __init__(self, session: Session, question: Question, selected: tuple[str, ...] = ()) -> None:
        super().__init__(session, question)
        self._selected = selected
        self.pager_type = self._pager

    def _pager(self, *args: Any, **kwargs: Any) -> CataloguePager:
        pager = CataloguePager(*args, **kwargs)
        pager.choose([self._session.client.get_data(id) for id in self._selected])
        return pager

    def carried(self, what: str, row: Any) -> None:
        """Carry an open row on, or load it here."""
        client = self._session.client
        data = row if isinstance(row, Data) else client.get_data(str(row.get("data_id") or row.get("id")))
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

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    return Browse(current(), Question("data", query, sort=sort, where=tuple((where or {}).items())), selected)
