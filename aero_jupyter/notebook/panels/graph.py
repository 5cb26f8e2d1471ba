"""Lineage as a graph: boxes of data, lines of flows; laid out here, so that every form of it shows the same."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import networkx as nx

from aero_jupyter.client.lineage import Lineage, Link
from aero_jupyter.core.models import Data, Version
from aero_jupyter.notebook.words import ago

#: Boxes above which chains are drawn as one.
MOST_BOXES = 60
_SWEEPS = 5


@dataclass(frozen=True)
class Box:
    """One data, or one version of it.

    Attributes
    ----------
    id : str
        The data's id; with the version's number, where versions are told.
    name : str
    about : str
        "v5, 3 h ago"; empty where versions are not told.
    notes : tuple of str
        "you are here", and what is stale.
    is_here, is_stale, has_failed : bool
        Whether it was asked for; whether what was used is not the newest; whether the last run that makes it failed.
    holds : int
        How many boxes it stands for.
    """

    id: str
    name: str
    about: str = ""
    notes: tuple[str, ...] = ()
    is_here: bool = False
    is_stale: bool = False
    holds: int = 1
    has_failed: bool = False

    @property
    def title(self) -> str:
        """Everything about it, on one line."""
        return " · ".join(part for part in (f"{self.name} {self.about}".strip(), *self.notes) if part)


@dataclass(frozen=True)
class Line:
    """A flow between two boxes, by its name."""

    start: str
    end: str
    flow: str


@dataclass(frozen=True)
class Graph:
    """Boxes by id, and the lines between them; sources first."""

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Give it as a graph of networkx; boxes and lines carry their fields as attributes."""
        made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for box in self.boxes.values():
            made.add_node(box.id, **{name: value for name, value in vars(box).items() if name != "id"})
        for line in self.lines:
            made.add_edge(line.start, line.end, flow=line.flow)
        return made

    def to_mermaid(self) -> str:
        """Write it as a Mermaid flowchart."""
        ids = {id: f"n{number}" for number, id in enumerate(self.boxes)}
        boxes = [f'    {ids[box.id]}["{_mermaid(box.title)}"]' for box in self.boxes.values()]
        lines = [f'    {ids[each.start]} -->|"{_mermaid(each.flow)}"| {ids[each.end]}' for each in self.lines]
        marks = [f"    class {ids[box.id]} here" for box in self.boxes.values() if box.is_here]
        marks += [f"    class {ids[box.id]} stale" for box in self.boxes.values() if box.is_stale]
        styles = ["    classDef here stroke-width:3px", "    classDef stale stroke-dasharray:4"] if marks else []
        return "\n".join(["flowchart LR", *boxes, *lines, *styles, *marks, ""])


def graph_of(lineage: Lineage) -> Graph:
    """Draw the boxes and lines of a lineage; a flow without inputs or outputs has no line."""
    boxes: dict[str, Box] = {}
    lines: dict[Line, None] = {}
    ends = [*(each for link in lineage.links for each in (*link.used, *link.made)), _asked(lineage)]
    for end in ends:
        box = _box(end, lineage)
        boxes[box.id] = boxes.get(box.id, box)
    for link in lineage.links:
        for made in link.made if _failed(link) else ():
            if _is_newest(made):
                box = boxes[_id(made)]
                boxes[box.id] = replace(box, has_failed=True, notes=(*box.notes, _FAILED_WORDS))
        for used in link.used:
            if stale := _stale(used):
                box = boxes[_id(used)]
                boxes[box.id] = replace(
                    box, is_stale=True, notes=(*box.notes, *(() if stale in box.notes else (stale,)))
                )
            lines.update(dict.fromkeys(Line(_id(used), _id(made), _flow(link)) for made in link.made))
    return Graph(boxes, tuple(lines))


def _asked(lineage: Lineage) -> Data | Version:
    ends = [each for link in lineage.links for each in (*link.made, *link.used)]
    for each in ends:
        if isinstance(each, Version) and (each.data_id, each.version) == (lineage.data.id, lineage.version):
            return each
    if lineage.version is None:
        return lineage.data
    return Version("", lineage.data.id, lineage.version, data=lineage.data)


def _id(end: Data | Version) -> str:
    return f"{end.data_id}:{end.version}" if isinstance(end, Version) else end.id


def _box(end: Data | Version, lineage: Lineage) -> Box:
    if isinstance(end, Data):
        is_here = end.id == lineage.data.id
        return Box(end.id, end.name, notes=("you are here",) * is_here, is_here=is_here)
    is_here = (end.data_id, end.version) == (lineage.data.id, lineage.version)
    when = f", {ago(end.created_at)}" if end.created_at else ""
    name = end.data.name if end.data else end.data_id[:8]
    return Box(_id(end), name, f"v{end.version}{when}", ("you are here",) * is_here, is_here)


def _stale(used: Data | Version) -> str:
    newest = used.data.raw.get("newest_version") if isinstance(used, Version) and used.data else None
    if not isinstance(used, Version) or not isinstance(newest, int) or newest <= used.version:
        return ""
    return f"v{used.version} used, v{newest} exists"


_FAILED_WORDS = "last run failed"


def _failed(link: Link) -> bool:
    return link.flow is not None and link.flow.raw.get("last_state") == "failed"


def _is_newest(made: Data | Version) -> bool:
    return isinstance(made, Data) or made.data is None or made.data.raw.get("newest_version") == made.version


def _flow(link: Link) -> str:
    named = link.flow and (link.flow.function_name or link.flow.description)
    return named or f"flow {link.flow_id[:8]}{'' if link.flow else ' (deleted)'}"


def collapsed(graph: Graph, most: int = MOST_BOXES, opened: Collection[str] = ()) -> Graph:
    """Draw chains as one box where there are more than `most`: what lies between two ends, a step each.

    Chains whose first box is among `opened` stay as they are.
    """
    if len(graph.boxes) <= most:
        return graph
    linked = graph.to_networkx()
    inner = [
        id
        for id, box in graph.boxes.items()
        if linked.in_degree(id) == 1
        and linked.out_degree(id) == 1
        and not (box.is_here or box.is_stale or box.has_failed)
    ]
    chains = [chain for chain in nx.weakly_connected_components(linked.subgraph(inner)) if len(chain) > 1]
    chains = [chain for chain in chains if not chain.intersection(opened)]
    # The first of its boxes stands for a chain, in its place.
    stands = {id: next(each for each in graph.boxes if each in chain) for chain in chains for id in chain}
    size = {stands[next(iter(chain))]: len(chain) for chain in chains}
    boxes = {
        id: replace(box, name=f"… {size[id]} more", about="", holds=size[id]) if id in size else box
        for id, box in graph.boxes.items()
        if stands.get(id, id) == id
    }
    lines = (
        Line(stands.get(line.start, line.start), stands.get(line.end, line.end), line.flow) for line in graph.lines
    )
    return Graph(boxes, tuple(dict.fromkeys(line for line in lines if line.start != line.end)))


def placed(graph: Graph) -> dict[str, tuple[int, float]]:
    """Give each box its column and its row: sources left, results right, neighbours at the same height.

    A circle of flows stands in one column. The columns are networkx's topological generations; their order is found by
    the barycentre method (Sugiyama, Tagawa and Toda 1981), and each box then stands as near to its neighbours as the
    others in its column let it: isotonic regression by pooling adjacent violators (Barlow et al. 1972).
    """
    linked: nx.DiGraph[str] = nx.DiGraph(graph.to_networkx())
    circles = nx.condensation(linked)
    order = {id: number for number, id in enumerate(graph.boxes)}
    columns = [
        sorted((id for circle in generation for id in circles.nodes[circle]["members"]), key=order.__getitem__)
        for generation in nx.topological_generations(circles)
    ]
    rows = {id: row for column in columns for row, id in enumerate(column)}
    for sweep in range(_SWEEPS):
        beside = linked.predecessors if sweep % 2 == 0 else linked.successors
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {id: _barycentre([rows[each] for each in beside(id)], rows[id]) for id in column}
            column.sort(key=lambda each: (wanted[each], graph.boxes[each].name, each))
            rows.update({id: row for row, id in enumerate(column)})
    heights: dict[str, float] = {id: float(row) for id, row in rows.items()}
    for sweep in range(_SWEEPS * 2):
        beside = linked.successors if sweep % 2 == 0 else linked.predecessors
        for column in reversed(columns) if sweep % 2 == 0 else columns:
            wanted = {id: _barycentre([heights[each] for each in beside(id)], heights[id]) for id in column}
            heights.update(zip(column, _spaced([wanted[id] for id in column]), strict=True))
    top = min(heights.values(), default=0.0)
    return {id: (number, heights[id] - top) for number, column in enumerate(columns) for id in column}


def _barycentre(rows: Sequence[float], own: float) -> float:
    return statistics.fmean(rows) if rows else float(own)


def _spaced(wanted: Sequence[float]) -> list[float]:
    """Give heights in this order, one apart at least, as near to what is wanted as can be."""
    pools: list[tuple[float, int]] = []
    for number, height in enumerate(wanted):
        mean, count = height - number, 1
        while pools and pools[-1][0] >= mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [height + number for number, height in enumerate(flat)]


def as_list(graph: Graph) -> list[tuple[int, str]]:
    """Give it as a nested list, sources outermost: how deep each line stands, and its words.

    What was listed before is named again, and not gone into.
    """
    return list(_listed(graph))


def _listed(graph: Graph) -> Iterator[tuple[int, str]]:
    following: dict[str, list[Line]] = {id: [] for id in graph.boxes}
    reached: set[str] = set()
    for line in graph.lines:
        following[line.start].append(line)
        reached.add(line.end)
    seen: set[str] = set()
    # A circle has no beginning: it is listed from its first box.
    for root in (*(id for id in graph.boxes if id not in reached), *graph.boxes):
        if root in seen:
            continue
        open_lines: list[tuple[int, str, str]] = [(0, "", root)]
        while open_lines:
            depth, flow, id = open_lines.pop()
            again = " (see above)" if id in seen and following[id] else ""
            yield depth, f"{f'{flow} → ' if flow else ''}{graph.boxes[id].title}{again}"
            if id not in seen:
                seen.add(id)
                open_lines += [(depth + 1, line.flow, line.end) for line in reversed(following[id])]


def _mermaid(text: str) -> str:
    return "".join(f"#{ord(char)};" if char in '#"<>&;`\\|' or ord(char) < 32 else char for char in text)
