"""Lineage views of names, ids and objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import NotFound, UnknownName
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.panels.lineage.resolve import has_lineage, lineage_of

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def lineage(x: object, *, opened: str | None = None, unfolded: Sequence[str] = (), search: str = "") -> LineageView:
    """Show where something came from, and what was made from it.

    Parameters
    ----------
    x : str, Data, Version, Flow, Run, DataFrame or Series
        A name or an id, with ``@N`` for a version; or a record; or a table that AERO read, or a column of one, which
        know their version.
    opened : str, optional
        Id of a box or of a flow to open.
    unfolded : sequence of str
        Ids of folded parts to open.
    search : str
        Text whose boxes are marked.

    Returns
    -------
    LineageView
        A panel; ``.lineage`` holds the links.

    Raises
    ------
    InvalidArgument
        If AERO did not make the table.
    UnknownName
        If there is no such dataset, flow or run.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> table = aero.read("sewage")
    >>> aero.lineage(table).value.version
    1
    """
    from aero_jupyter.session import current

    view = view_of(current(), x)
    if unfolded:
        view.unfold(unfolded)
    if opened is not None:
        view.open(opened)
    if search:
        view.find(search)
    return view


def view_of(session: Session, x: object) -> LineageView:
    """Build the lineage view of a name, an id or an object."""
    return LineageView(session, lineage_of(session.client, x))


def view_in(session: Session, text: str, names: Mapping[str, object]) -> LineageView:
    """Build the lineage view of a text: a name on the server, else a variable of the notebook."""
    try:
        return view_of(session, text)
    except (UnknownName, NotFound):
        if not has_lineage(names.get(text)):
            raise
        return view_of(session, names[text])
