"""The lineage of a dataset or a version, as a drawing, a list and a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.panels.base import Message
from aero_jupyter.notebook.panels.lineage.builder import graph_of
from aero_jupyter.notebook.panels.lineage.drawing import LineageDrawing
from aero_jupyter.notebook.panels.lineage.resolve import fetch_again
from aero_jupyter.notebook.panels.lineage.selection import SelectedNode, select_node
from aero_jupyter.notebook.panels.lineage.state import LineageState
from aero_jupyter.notebook.panels.lineage.words import heading_of, start_of, summary_of
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    import networkx as nx

    from aero_jupyter.session.session import Session


class LineageView(TreePanel):
    """The lineage of a dataset or a version, as it was when it was fetched; `lineage` makes it.

    Attributes
    ----------
    lineage : Lineage
        The links.
    ask_another : callable, optional
        Asks for another dataset in place of this lineage; None where the lineage stands alone.

    Examples
    --------
    >>> print(aero.lineage("sewage@1"))
    Lineage of sewage v1
    http://127.0.0.1:...
    ...clean → sewage v1, ...
    ...
    """

    def __init__(self, session: Session, lineage: Lineage) -> None:
        super().__init__(session)
        self.ask_another: Callable[[], None] | None = None
        self._selected: SelectedNode | None = None
        self._drawing: LineageDrawing
        self._set_lineage(lineage)

    def _set_lineage(self, lineage: Lineage, *, keep: bool = False) -> None:
        """Take over a lineage; `keep` keeps the folds, the selection and the search."""
        self.lineage = lineage
        self.fetched_at = datetime.now(timezone.utc)
        self.label = heading_of(lineage)
        drawing = LineageDrawing(graph_of(lineage), self.label)
        if keep:
            drawing.adopt(self._drawing)
        self._drawing = drawing

    @property
    def value(self) -> LineageState:
        """The state that the panel shows."""
        lineage, drawing = self.lineage, self._drawing
        run, opened = (each.id if each else None for each in (lineage.run, self._selected))
        return LineageState(lineage.data.id, lineage.version, opened, drawing.unfolded, run, drawing.search)

    def expression(self) -> str:
        """Return the call that builds the panel."""
        now = self.value
        return called("lineage", start_of(self.lineage), opened=now.opened, unfolded=now.unfolded, search=now.search)

    def to_mermaid(self) -> str:
        """Return the whole lineage as a Mermaid flowchart.

        Returns
        -------
        str

        Examples
        --------
        >>> print(aero.lineage("sewage").to_mermaid())
        flowchart LR
            n0(["http://127.0.0.1:.../sewage.csv"])
            n1["sewage v1, ..."]
            n0 -->|"clean"| n1
        ...
        """
        return self._drawing.graph.to_mermaid()

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Return the whole lineage as a graph of networkx.

        Returns
        -------
        MultiDiGraph
            Nodes are datasets or versions, and the sources that they were downloaded from; edges carry the flow's name
            and id.

        Examples
        --------
        >>> graph = aero.lineage("sewage").to_networkx()
        >>> sorted(data["name"] for _, data in graph.nodes(data=True))[-1]
        'sewage'
        """
        return self._drawing.graph.to_networkx()

    def nodes(self) -> list[Node | None]:
        """Return the nodes of the tree."""
        drawing = self._drawing
        return [
            trees.text(self.label, "strong"),
            drawing.picture(),
            drawing.match_count(),
            self._selected.node() if self._selected else None,
            drawing.outline(),
            trees.row(
                trees.button("Refresh", "refresh"),
                trees.button("Another dataset", "another") if self.ask_another else None,
                trees.copy("Copy as code", self.as_code(), "the code"),
                drawing.mermaid_button(),
            ),
            trees.text(f"{summary_of(self.lineage, drawing.graph)} · {self.as_of()}", "meta"),
        ]

    def screen_reader_text(self) -> str:
        """Return the text of the selected node."""
        return " ".join(self._selected.lines) if self._selected else ""

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {
            "open": lambda message: self._open_box(str(message.get("id"))),
            "set": lambda message: self.find(str(message.get("value") or "")),
            "next": lambda _: self._open_box(self._drawing.next_match() or ""),
            "close": lambda _: self._deselect(),
            "refresh": lambda _: self.run_in_background(self._refresh),
            "another": lambda _: self.run_in_background(self.ask_another) if self.ask_another else None,
            "here": lambda _: self.run_in_background(self._center_on_selected),
            "carry": lambda message: self._navigate_from_selected(str(message.get("what"))),
        }

    @property
    def polled(self) -> LineageView | None:
        """The lineage on a local AERO; on other servers it takes many requests."""
        return self if self._session.is_local else None

    def look(self) -> bool:
        """Show new versions, failures and flows; return whether the server answered."""
        try:
            fresh = fetch_again(self._session.client, self.lineage)
        except AeroError:
            return False
        if graph_of(fresh) != self._drawing.graph:
            self._set_lineage(fresh, keep=True)
            self.show()
        return True

    def open(self, id: str) -> None:
        """Select a box or a flow; its details are shown below the drawing.

        Parameters
        ----------
        id : str
            Id of the box or of the flow.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> view = aero.lineage("sewage")
        >>> view.open(next(iter(view.to_networkx())))
        """
        self._drawing.selected = id
        self._selected = select_node(self._session, self._drawing.graph, id)
        self.resolve_waiters(self._selected.subject)

    def _deselect(self) -> None:
        self._selected = self._drawing.selected = None
        self.show()

    def _open_box(self, id: str) -> None:
        """Unfold a fold; select any other box, or a flow."""
        drawing = self._drawing
        if drawing.is_fold(id):
            drawing.unfold((*drawing.unfolded, id))
            self.show()
        elif id:
            # The drawing shows the selection before the details have been fetched.
            drawing.selected = id
            self.run_in_background(lambda: self.open(id))

    def find(self, text: str) -> None:
        """Mark the boxes that contain a text, or that a flow with this name made.

        Parameters
        ----------
        text : str
            Any part of a name, a version or a state; an empty text marks nothing.

        Examples
        --------
        >>> view = aero.lineage("sewage")
        >>> view.find("sew")
        >>> view.value.search
        'sew'
        """
        self._drawing.search = text
        self.show()

    def unfold(self, ids: Sequence[str]) -> None:
        """Unfold boxes, in this order.

        Parameters
        ----------
        ids : sequence of str
            Ids of folded boxes.

        Examples
        --------
        >>> aero.lineage("sewage").unfold([])
        """
        self._drawing.unfold(ids)

    def _refresh(self) -> None:
        self._set_lineage(fetch_again(self._session.client, self.lineage), keep=True)
        self._drawing.turn()

    def _center_on_selected(self) -> None:
        if (selected := self._selected) and isinstance(selected.subject, Data):
            self._set_lineage(self._session.client.lineage(selected.subject.id, selected.version))
            self._selected = None

    def _navigate_from_selected(self, action: str) -> None:
        if (selected := self._selected) and selected.subject:
            self.navigate(action, selected.subject)
