"""Where a number came from, and what was made of it: drawn, listed, and as a graph to go on with."""

from __future__ import annotations

import html
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.notebook import graph as graphs
from aero_jupyter.notebook.options import clock

if TYPE_CHECKING:
    import networkx as nx

    from aero_jupyter.client import AeroClient
    from aero_jupyter.session import Session

_NUMBERED = re.compile(r"(.+)@v?(\d+)")
_BOX = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);line-height:20px;"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color0,#fff);"
    "border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:2px;padding:8px 12px"
)
_META = "font-size:var(--jp-ui-font-size0,11px);color:var(--jp-ui-font-color2,#616161)"


class LineageView:
    """The lineage of a data or a version, as it was when asked for.

    Attributes
    ----------
    value : Lineage
        The links themselves.
    """

    def __init__(self, session: Session, lineage: Lineage) -> None:
        self.value = lineage
        self._session = session
        self._asked = datetime.now(timezone.utc)
        self._graph = graphs.graph_of(lineage)

    def __repr__(self) -> str:
        listed = graphs.as_text(graphs.as_list(graphs.collapsed(self._graph)))
        return f"{self._heading()}\n{listed}\n{self._about()}"

    def _repr_html_(self) -> str:
        drawn = graphs.collapsed(self._graph)
        picture = graphs.as_svg(drawn, self._heading())
        listed = graphs.as_html_list(graphs.as_list(drawn))
        return (
            f'<div style="{_BOX}"><div><b>{html.escape(self._heading())}</b></div>'
            f'<div tabindex="0" style="overflow:auto;max-height:480px;margin:8px 0">{picture}</div>'
            f"<details><summary>The same as a list</summary>{listed}</details>"
            f'<div style="{_META}">{html.escape(self._about())}</div></div>'
        )

    def to_mermaid(self) -> str:
        """Write it as a Mermaid flowchart, whole."""
        return self._graph.to_mermaid()

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Give it as a graph of networkx, whole: nodes are data or versions, edges carry the flow's name."""
        return self._graph.to_networkx()

    def as_code(self) -> str:
        """Write the Python that shows it."""
        version = "" if self.value.version is None else f"@{self.value.version}"
        where = "aero.local()" if self._session.is_local else f"aero.connect({self._session.client.base_url!r})"
        return f"import aero_jupyter as aero\n\n{where}\naero.lineage({self.value.data.id + version!r})\n"

    def _heading(self) -> str:
        version = "" if self.value.version is None else f" v{self.value.version}"
        return f"Lineage of {self.value.data.name}{version}"

    def _about(self) -> str:
        told = "by version" if self.value.by_version else "by flow: this server does not tell which versions were used"
        boxes, flows = len(self._graph.boxes), len({link.flow_id for link in self.value.links})
        return f"{boxes} data, {flows} flow{'s' * (flows != 1)} · {told} · as of {clock(self._asked)}"


def lineage(x: object) -> LineageView:
    """Show where something came from, and what was made of it.

    Parameters
    ----------
    x : str, Data, Version, Flow, Run or DataFrame
        A name or an id, with ``@N`` for a version; or what AERO gave: a DataFrame it read knows its version.

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

    return view_of(current(), x)


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
