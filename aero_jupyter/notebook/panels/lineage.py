"""Where a number came from, and what was made of it: drawn, listed, and as a graph to go on with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.notebook.code import called
from aero_jupyter.notebook.options import clock
from aero_jupyter.notebook.panels import graph as graphs
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Message, TreePanel
from aero_jupyter.notebook.panels.drawing import as_svg, drawing
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.words import size_of

if TYPE_CHECKING:
    import networkx as nx

    from aero_jupyter.client import AeroClient
    from aero_jupyter.session import Session

_NUMBERED = re.compile(r"(.+)@v?(\d+)")


@dataclass(frozen=True)
class Traced:
    """What a lineage shows.

    Attributes
    ----------
    data_id : str
    version : int or None
        None stands for all versions together.
    opened : str or None
        The id of the box that is open.
    unfolded : tuple of str
        The ids of boxes whose chains are shown whole.
    """

    data_id: str
    version: int | None = None
    opened: str | None = None
    unfolded: tuple[str, ...] = ()


class LineageView(TreePanel):
    """The lineage of a data or a version, as it was when asked for.

    Attributes
    ----------
    lineage : Lineage
        The links themselves.
    """

    def __init__(self, session: Session, lineage: Lineage, **options: Any) -> None:
        super().__init__(session, **options)
        self._told: list[str] = []
        self._opened: str | None = None
        self._unfolded: tuple[str, ...] = ()
        self._take(lineage)

    def _take(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.asked = datetime.now(timezone.utc)
        self._graph = graphs.graph_of(lineage)
        self.label = self._heading()

    @property
    def value(self) -> Traced:
        """What it shows."""
        return Traced(self.lineage.data.id, self.lineage.version, self._opened, self._unfolded)

    def expression(self) -> str:
        """Write the call that makes it."""
        version = "" if self.lineage.version is None else f"@{self.lineage.version}"
        return called("lineage", self.lineage.data.id + version, opened=self._opened, unfolded=self._unfolded)

    def to_mermaid(self) -> str:
        """Write it as a Mermaid flowchart, whole."""
        return self._graph.to_mermaid()

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Give it as a graph of networkx, whole: nodes are data or versions, edges carry the flow's name."""
        return self._graph.to_networkx()

    def nodes(self) -> list[Node | None]:
        """Describe what is to be seen."""
        shown = graphs.collapsed(self._graph, opened=self._unfolded)
        drawn = drawing(shown, self._heading())
        listed = graphs.as_list(shown)
        return [
            trees.text(self._heading(), "strong"),
            trees.picture(drawn, as_svg(drawn)),
            self._open_box(),
            trees.fold("The same as a list", trees.nested(listed)),
            trees.row(
                trees.button("Refresh", "refresh"),
                trees.copy("Copy as code", self.as_code(), "the code"),
                trees.copy("Copy as Mermaid", self.to_mermaid(), "the Mermaid text"),
            ),
            trees.text(self._about(), "meta"),
        ]

    def said(self) -> str:
        """Say which box is open."""
        return " ".join(self._told)

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
        """Open a box, by its id; what is told of it stands below the drawing."""
        self._open(id)

    def _open_box(self) -> Node | None:
        if self._opened is None:
            return None
        return trees.group(
            self._told[0] if self._told else "",
            *(trees.text(line) for line in self._told[1:]),
            trees.row(
                trees.button("Lineage from here", "here"),
                trees.button("Use as input", "carry", what="use"),
                trees.button("Runs", "carry", what="runs"),
                trees.button("Close", "close"),
            ),
        )

    def _open(self, id: str) -> None:
        box = self._graph.boxes.get(id)
        if box is None:
            raise UnknownName("This box is not here any more.", "Press Refresh.")
        self._opened = id
        data_id, _, number = id.partition(":")
        client = self._session.client
        data = client.get_data(data_id)
        told = [box.title, data.description or "", f"source {data.url}" if data.url else ""]
        if number:
            version = client.version(data_id, int(number))
            size = size_of(version.file.size) if version.file and version.file.size is not None else ""
            when = f"{version.created_at:%Y-%m-%d %H:%M:%S} UTC" if version.created_at else ""
            told += [" · ".join(part for part in (when, size, f"checksum {(version.checksum or '')[:16]}") if part)]
        read = f", version={number}" if number else ""
        self._told = [*(line for line in told if line), f"aero.read({data.name or data.id!r}{read})"]
        self.came(data)

    def _close(self) -> None:
        self._opened, self._told = None, []
        self.show()

    def _unfold(self, id: str) -> None:
        self._unfolded = (*self._unfolded, id)
        self.show()

    def unfold(self, ids: Sequence[str]) -> None:
        """Show chains whole, by the ids of their boxes."""
        self._unfolded = tuple(ids)

    def _refresh(self) -> None:
        self._take(self._session.client.lineage(self.lineage.data.id, self.lineage.version))

    def _move(self) -> None:
        if self._opened is not None:
            data_id, _, number = self._opened.partition(":")
            self._take(self._session.client.lineage(data_id, int(number) if number else None))
            self._opened, self._told, self._unfolded = None, [], ()

    def _carried(self, what: str) -> None:
        if self._opened is not None:
            self.carry(what, self._session.client.get_data(self._opened.partition(":")[0]))

    def _heading(self) -> str:
        version = "" if self.lineage.version is None else f" v{self.lineage.version}"
        return f"Lineage of {self.lineage.data.name}{version}"

    def _about(self) -> str:
        told = (
            "by version" if self.lineage.by_version else "by flow: this server does not tell which versions were used"
        )
        boxes, flows = len(self._graph.boxes), len({link.flow_id for link in self.lineage.links})
        return f"{boxes} data, {flows} flow{'s' * (flows != 1)} · {told} · as of {clock(self.asked)}"


def lineage(x: object, *, opened: str | None = None, unfolded: Sequence[str] = ()) -> LineageView:
    """Show where something came from, and what was made of it.

    Parameters
    ----------
    x : str, Data, Version, Flow, Run or DataFrame
        A name or an id, with ``@N`` for a version; or what AERO gave: a DataFrame it read knows its version.
    opened : str, optional
        The id of a box to open.
    unfolded : sequence of str
        The ids of boxes whose chains are shown whole.

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
    view.unfold(unfolded)
    if opened is not None:
        view.open(opened)
    return view


def view_of(session: Session, x: object) -> LineageView:
    """Show the lineage of something that the server of a session knows."""
    data_id, version = _start(session.client, x)
    return LineageView(session, session.client.lineage(data_id, version))


def _start(client: AeroClient, x: Any) -> tuple[str, int | None]:
    """Find the version to begin at; None stands for the newest."""
    inner = getattr(x, "flow", None) or getattr(x, "run", None)
    x = inner if isinstance(inner, (Flow, Run)) else x
    told = getattr(x, "attrs", {}).get("aero") if hasattr(x, "columns") else None
    if told:
        return str(told["data_id"]), int(told["version"])
    if isinstance(x, Version):
        return x.data_id, x.version
    if isinstance(x, Data):
        return x.id, None
    if isinstance(x, Flow):
        return _first(x.outputs or x.inputs, f"Flow {x.id[:8]}").id, None
    if isinstance(x, Run):
        version = _first(x.made or x.used or (), f"Run {x.id[:8]}")
        return version.data_id, version.version
    if isinstance(x, str) and x.strip():
        return _named(client, x.strip())
    raise InvalidArgument(
        f"A {type(x).__name__} does not say where it came from.",
        "Give a name, an id, or what aero gave: a data, version, flow, run, or a DataFrame it read.",
    )


def _first(several: Any, whose: str) -> Any:
    if not several:
        raise InvalidArgument(f"{whose} has neither inputs nor outputs yet.", "Wait for its first run.")
    return several[0]


def _named(client: AeroClient, text: str) -> tuple[str, int | None]:
    numbered = _NUMBERED.fullmatch(text)
    if numbered:
        return client.resolve_data(numbered[1]).id, int(numbered[2])
    try:
        return client.resolve_data(text).id, None
    except UnknownName as unknown:
        try:
            return _start(client, client.resolve_flow(text))
        except UnknownName:
            raise unknown from None
