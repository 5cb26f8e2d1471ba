"""Lineage as a graph: datasets are boxes, flows are lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import networkx as nx

#: Kinds of boxes.
DATA, SOURCE, NOTHING = "data", "source", "nothing"


@dataclass(frozen=True)
class Box:
    """A dataset, a version, a source, or the missing end of a flow.

    Attributes
    ----------
    id : str
        Id of the dataset, with the number of the version if the lineage is by version.
    name : str
    about : str
        "v5, 3 h ago"; empty if the lineage is by flow.
    notes : tuple of str
        "you are here", and the reasons why it is stale or failed.
    is_here, is_stale, has_failed : bool
        Whether it is the subject of the lineage; whether a used version has a newer one; whether its last run failed.
    holds : int
        Number of boxes that it stands for; more than one for a fold.
    kind : str
        "data", "source" (a URL that is downloaded), or "nothing" (a flow without inputs or without outputs).
    """

    id: str
    name: str
    about: str = ""
    notes: tuple[str, ...] = ()
    is_here: bool = False
    is_stale: bool = False
    holds: int = 1
    has_failed: bool = False
    kind: str = DATA

    @property
    def title(self) -> str:
        """The name, the version and the notes on one line."""
        return " · ".join(part for part in (f"{self.name} {self.about}".strip(), *self.notes) if part)

    @property
    def marks(self) -> list[str]:
        """The states in which the box is drawn."""
        kinds = (("here", self.is_here), ("stale", self.is_stale), ("failed", self.has_failed))
        return [name for name, is_set in kinds if is_set]


@dataclass(frozen=True)
class Line:
    """A flow between two boxes; without an id if the line stands for several flows."""

    start: str
    end: str
    flow: str
    flow_id: str = ""


@dataclass(frozen=True)
class Graph:
    """Boxes by id, sources first, and the lines between them."""

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Return the graph as a networkx graph; boxes and lines carry their fields as attributes."""
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for box in self.boxes.values():
            graph.add_node(box.id, **{name: value for name, value in vars(box).items() if name != "id"})
        for line in self.lines:
            graph.add_edge(line.start, line.end, flow=line.flow, flow_id=line.flow_id)
        return graph

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flowchart."""
        ids = {id: f"n{number}" for number, id in enumerate(self.boxes)}
        boxes = [f"    {ids[box.id]}{_shape(box)}" for box in self.boxes.values()]
        lines = [f'    {ids[each.start]} -->|"{_mermaid(each.flow)}"| {ids[each.end]}' for each in self.lines]
        marks = [f"    class {ids[box.id]} {mark}" for box in self.boxes.values() for mark in box.marks]
        return "\n".join(["flowchart LR", *boxes, *lines, *self._styles(), *marks, ""])

    def _styles(self) -> Iterator[str]:
        used = {mark for box in self.boxes.values() for mark in box.marks}
        if used:
            yield "    classDef here stroke-width:3px"
            yield "    classDef stale stroke-dasharray:4"
        if "failed" in used:
            yield "    classDef failed stroke:#b71c1c,stroke-dasharray:1 2"


def _shape(box: Box) -> str:
    label = _mermaid(box.title)
    return f'["{label}"]' if box.kind == DATA else f'(["{label}"])'


def _mermaid(text: str) -> str:
    return "".join(f"#{ord(char)};" if char in '#"<>&;`\\|' or ord(char) < 32 else char for char in text)
