"""Where a number came from, and what was made of it: drawn, listed, and as a graph to go on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.core.errors import NotFound, UnknownName
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.code import called
from aero_jupyter.notebook.options import clock
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Message, TreePanel
from aero_jupyter.notebook.panels.boxes import graph_of
from aero_jupyter.notebook.panels.drawing import as_svg, drawing
from aero_jupyter.notebook.panels.folding import MOST_DRAWN, collapsed
from aero_jupyter.notebook.panels.graph import DATA
from aero_jupyter.notebook.panels.listed import as_list
from aero_jupyter.notebook.panels.starting import came_from_aero, lineage_of
from aero_jupyter.notebook.panels.told import Opened, opened_in
from aero_jupyter.notebook.panels.tree import Node

if TYPE_CHECKING:
    import networkx as nx

    from aero_jupyter.session import Session


@dataclass(frozen=True)
class Traced:
    """What a lineage shows.

    Attributes
    ----------
    data_id : str
    version : int or None
        None stands for all versions together.
    opened : str or None
        The id of the box or of the flow that is open.
    unfolded : tuple of str
        The ids of the folds that were opened.
    run : str or None
        The id of the run asked about, where it made nothing.
    """

    data_id: str
    version: int | None = None
    opened: str | None = None
    unfolded: tuple[str, ...] = ()
    run: str | None = None


class LineageView(TreePanel):
    """The lineage of a data or a version, as it was when asked for.

    Attributes
    ----------
    lineage : Lineage
        The links themselves.
    """

    def __init__(self, session: Session, lineage: Lineage, **options: Any) -> None:
        super().__init__(session, **options)
        self._opened: Opened | None = None
        self._unfolded: tuple[str, ...] = ()
        self._take(lineage)

    def _take(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.asked = datetime.now(timezone.utc)
        self._graph = graph_of(lineage)
        self.label = self._heading()
        self._draw()

    def _draw(self) -> None:
        """Lay it out: once, not each time that something else of the panel changes."""
        shown = collapsed(self._graph, opened=self._unfolded)
        drawn = drawing(shown, self._heading())
        self._drawn = (
            trees.picture(drawn, as_svg(drawn)),
            trees.fold("The same as a list", trees.nested(as_list(shown))),
            self._mermaid_button(shown.to_mermaid(), len(shown.boxes)),
        )

    def _mermaid_button(self, shown: str, count: int) -> Node:
        if len(self._graph.boxes) <= MOST_DRAWN:
            return trees.copy("Copy as Mermaid", self.to_mermaid(), "the Mermaid text")
        # Mermaid itself draws no graph as large as the whole.
        return trees.copy("Copy what is drawn as Mermaid", shown, f"the Mermaid text of {count} boxes")

    @property
    def value(self) -> Traced:
        """What it shows."""
        lineage = self.lineage
        run = lineage.run.id if lineage.run else None
        return Traced(lineage.data.id, lineage.version, self._opened.id if self._opened else None, self._unfolded, run)

    def expression(self) -> str:
        """Write the call that makes it."""
        version = "" if self.lineage.version is None else f"@{self.lineage.version}"
        start = self.lineage.run.id if self.lineage.run else self.lineage.data.id + version
        return called("lineage", start, opened=self.value.opened, unfolded=self._unfolded)

    def to_mermaid(self) -> str:
        """Write it as a Mermaid flowchart, whole."""
        return self._graph.to_mermaid()

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Give it as a graph of networkx, whole.

        Nodes are data or versions, and where these were pulled from; edges carry the flow's name and id.
        """
        return self._graph.to_networkx()

    def nodes(self) -> list[Node | None]:
        """Describe what is to be seen."""
        picture, listed, mermaid = self._drawn
        return [
            trees.text(self._heading(), "strong"),
            picture,
            self._opened.node() if self._opened else None,
            listed,
            trees.row(
                trees.button("Refresh", "refresh"),
                trees.copy("Copy as code", self.as_code(), "the code"),
                mermaid,
            ),
            trees.text(self._about(), "meta"),
        ]

    def said(self) -> str:
        """Say what is open."""
        return " ".join(self._opened.lines) if self._opened else ""

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        return {
            "open": lambda message: self.work(lambda: self._open(str(message.get("id")))),
            "unfold": lambda message: self._unfold(str(message.get("id"))),
            "close": lambda _: self._close(),
            "refresh": lambda _: self.work(self._refresh),
            "here": lambda _: self.work(self._move),
            "carry": lambda message: self._carried(str(message.get("what"))),
        }

    def open(self, id: str) -> None:
        """Open a box or a flow, by its id; what is told of it stands below the drawing."""
        self._open(id)

    def _open(self, id: str) -> None:
        self._opened = opened_in(self._session, self._graph, id)
        self.came(self._opened.subject)

    def _close(self) -> None:
        self._opened = None
        self.show()

    def _unfold(self, id: str) -> None:
        if id not in self._unfolded:
            self.unfold((*self._unfolded, id))
        self.show()

    def unfold(self, ids: Sequence[str]) -> None:
        """Open folds, by the ids of their boxes, in this order."""
        self._unfolded = tuple(ids)
        self._draw()

    def _refresh(self) -> None:
        client, asked = self._session.client, self.lineage
        self._take(client.lineage_of_run(asked.run) if asked.run else client.lineage(asked.data.id, asked.version))

    def _move(self) -> None:
        if self._opened and isinstance(self._opened.subject, Data):
            found = self._session.client.lineage(self._opened.subject.id, self._opened.version)
            self._opened, self._unfolded = None, ()
            self._take(found)

    def _carried(self, what: str) -> None:
        if self._opened and self._opened.subject:
            self.carry(what, self._opened.subject)

    def _heading(self) -> str:
        version = "" if self.lineage.version is None else f" v{self.lineage.version}"
        return f"Lineage of {self.lineage.data.name}{version}"

    def _about(self) -> str:
        lineage = self.lineage
        why = "no version yet" if lineage.is_unmade else "this server does not tell which versions were used"
        told = "by version" if lineage.by_version else f"by flow: {why}"
        boxes = sum(box.kind == DATA for box in self._graph.boxes.values())
        flows = len({link.flow_id for link in lineage.links})
        return f"{boxes} data, {flows} flow{'s' * (flows != 1)} · {told} · as of {clock(self.asked)}"


def lineage(x: object, *, opened: str | None = None, unfolded: Sequence[str] = ()) -> LineageView:
    """Show where something came from, and what was made of it.

    Parameters
    ----------
    x : str, Data, Version, Flow, Run, DataFrame or Series
        A name or an id, with ``@N`` for a version; or what AERO gave: a table it read, or a column of one, knows its
        version.
    opened : str, optional
        The id of a box or of a flow to open.
    unfolded : sequence of str
        The ids of folds to open.

    Raises
    ------
    InvalidArgument
        If that is nothing that AERO gave.
    UnknownName
        If there is no such data, flow or run.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    view = view_of(current(), x)
    if unfolded:
        view.unfold(unfolded)
    if opened is not None:
        view.open(opened)
    return view


def view_of(session: Session, x: object) -> LineageView:
    """Show the lineage of something that the server of a session knows."""
    return LineageView(session, lineage_of(session.client, x))


def view_in(session: Session, text: str, names: Mapping[str, object]) -> LineageView:
    """Show the lineage of what a text names: on the server, else among the names of a notebook."""
    try:
        return view_of(session, text)
    except (UnknownName, NotFound):
        if not came_from_aero(names.get(text)):
            raise
        return view_of(session, names[text])
