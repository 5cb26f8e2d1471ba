"""The catalogue of datasets as a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any  # arguments of another class

from aero_jupyter.core.errors import AeroError, NotFound
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.panels import table_state
from aero_jupyter.notebook.panels.table_panel import TablePanel
from aero_jupyter.notebook.settings import options
from aero_jupyter.notebook.tables.loading import load_into_notebook
from aero_jupyter.notebook.tables.page_view import PageState
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.tables.selection import version_id
from aero_jupyter.notebook.tables.table_view import Action
from aero_jupyter.notebook.widgets.callbacks import callback

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Actions on an open row.
ROW_ACTIONS = {"page": "Page", "use": "Use as input", "load": "Load", "lineage": "Lineage", "runs": "Runs"}


@dataclass(frozen=True)
class CatalogueState:
    """State of a catalogue panel.

    Attributes
    ----------
    query : str or None
        The search.
    sort : str or None
        The column to sort by, with a "-" before it for descending.
    where : mapping of str to str
        Columns and the values that they must have.
    selected : tuple of str
        Ids of the selected rows.
    page, size : int
        The page, counted from 1, and rows per page.
    opened : str or None
        Id of the open dataset.
    """

    query: str | None = None
    sort: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    selected: tuple[str, ...] = ()
    page: int = 1
    size: int = field(default_factory=lambda: options.page_size)
    opened: str | None = None


class CataloguePager(Pager):
    """Pages of datasets; an open row has actions."""

    can_use = True
    selection_code = "panel.value.selected"
    news_after = None

    def start(self) -> None:
        """Show the first page, and open the dataset that is to be open."""
        super().start()
        if self.opened is not None:
            self._begin(self._open_dataset)

    @callback
    def _open_dataset(self) -> None:
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

    def look(self) -> bool:
        """Show registrations and new versions; return whether the server answered."""
        generation, listing, page_state = self._generation, self.listing, self.place
        if self._busy or not listing.is_read_by_page:
            return True
        fresh = listing.again()
        try:
            rows = list(fresh.pages.between(*self._span(page_state)))
        except AeroError:
            return False
        with self._lock:
            # The pages that are loaded stay, if nothing has changed.
            is_same = rows == self._rows and fresh.pages.end == listing.pages.end
            if is_same or self._busy or generation != self._generation:
                return True
            self.listing = fresh
            self._put(rows)
        self.show()
        return True

    # A row of a search is the server's JSON, any other row a record.
    def links(self, row: object) -> list[Action]:
        """Return the buttons of an open row."""
        return [{"what": action, "text": label} for action, label in ROW_ACTIONS.items()]


class Browse(TablePanel):
    """The catalogue as a panel; `browse` makes it.

    Examples
    --------
    >>> panel = aero.browse("sewage", sort="-updated")
    >>> panel.value.query, panel.value.sort
    ('sewage', '-updated')
    >>> print(panel.as_code())
    import aero_jupyter as aero
    ...
    aero.browse('sewage', sort='-updated')
    """

    def __init__(
        self,
        session: Session,
        query: ListQuery,
        selected: tuple[str, ...] = (),
        *,
        page_state: PageState | None = None,
        opened: str | None = None,
    ) -> None:
        super().__init__(session, query)
        self._selected_ids = selected
        self._page_state = page_state or PageState(size=options.page_size)
        self._opened_id = opened
        self.pager_type = self._build_pager

    # The arguments are those of `Pager`.
    def _build_pager(self, listing: QueryResult, *args: Any, **kwargs: Any) -> CataloguePager:
        page_state, sort = self._page_state, table_state.format_sort(listing.question, self._page_state)
        if page_state.sort and listing.can_sort(page_state.sort[0]):
            listing, page_state = listing.again(replace(listing.question, sort=sort)), replace(page_state, sort=None)
        pager = CataloguePager(listing, *args, **kwargs)
        pager.place, pager.opened = page_state, self._opened_id
        pager.choose([self._session.client.get_data(id) for id in self._selected_ids])
        return pager

    @property
    def polled(self) -> CataloguePager | None:
        """The pager of the catalogue."""
        pager = None if self._live is None else self._live.pager
        return pager if isinstance(pager, CataloguePager) else None

    @property
    def value(self) -> CatalogueState:
        """The state that the panel shows."""
        query, page_state, opened, selected = self.query, self._page_state, self._opened_id, self._selected_ids
        if self._live is not None:
            pager = self._live.pager
            page_state, opened = pager.place, pager.opened
            selected = tuple(version_id(row)[0] for _, row in pager.selected)
        sort, page, size = table_state.format_sort(query, page_state), page_state.page, page_state.size
        return CatalogueState(query.query, sort, dict(query.where), selected, page, size, opened)

    def expression(self) -> str:
        """Return the call that builds the panel."""
        value = self.value
        named = {"sort": value.sort, "where": value.where, "selected": value.selected}
        page = table_state.page_arguments(value.page, value.size)
        return called("browse", *([value.query] if value.query else []), **named, **page, opened=value.opened)

    # A row of a search is the server's JSON, any other row a record.
    def navigate_from_row(self, action: str, row: object) -> None:
        """Open another panel about a dataset, or load the dataset into the notebook."""
        client = self._session.client
        data = row if isinstance(row, Data) else client.get_data(version_id(row)[0])
        self.resolve_waiters((action, data))
        if action == "load":
            assert self._live is not None
            self._live.pager.note(load_into_notebook(client, data))
        else:
            self.navigate(action, data)


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
    """Browse the catalogue, with the mouse or the keyboard.

    Parameters
    ----------
    query : str, optional
        A search, as for ``%aero_search``.
    sort : str, optional
        The column to sort by, with a ``-`` before it for descending.
    where : mapping of str to str, optional
        Column to the value that it must have; ``*`` matches anything.
    selected : tuple of str
        Ids of the rows that are selected at the start.
    page : int
        The page to start with, counted from 1.
    size : int, optional
        Rows per page: 15, 30 or 60.
    opened : str, optional
        Id of a dataset to open.

    Returns
    -------
    Browse
        A panel; ``.value`` is what it shows.

    Raises
    ------
    InvalidArgument
        If there is no such column, page or size.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> aero.browse("sewage").value.page
    1
    """
    from aero_jupyter.session import current

    list_query = ListQuery("data", query, where=tuple((where or {}).items()))
    list_query = replace(list_query, sort=table_state.server_sort(list_query.shape, sort))
    page_state = table_state.parse_page_state(list_query, sort, page, size)
    return Browse(current(), list_query, selected, page_state=page_state, opened=opened)
