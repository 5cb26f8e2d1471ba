"""Lineage as a graph: boxes of data, lines of flows; every form of it shows the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import networkx as nx

#: What a box stands for.
DATA, SOURCE, NOTHING = "data", "source", "nothing"


@dataclass(frozen=True)
class Box:
    """One data, or one version of it; or where data come from.

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
    kind : str
        "data", "source" (an address that is pulled), or "nothing" (a flow has no input, or no output).
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
        """Everything about it, on one line."""
        return " · ".join(part for part in (f"{self.name} {self.about}".strip(), *self.notes) if part)

    @property
    def marks(self) -> list[str]:
        """Give what it is drawn as."""
        kinds = (("here", self.is_here), ("stale", self.is_stale), ("failed", self.has_failed))
        return [name for name, is_so in kinds if is_so]


@dataclass(frozen=True)
class Line:
    """A flow between two boxes, by its name; without an id where it stands for several flows."""

    start: str
    end: str
    flow: str
    flow_id: str = ""


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
            made.add_edge(line.start, line.end, flow=line.flow, flow_id=line.flow_id)
        return made

    def to_mermaid(self) -> str:
        """Write it as a Mermaid flowchart."""
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
    words = _mermaid(box.title)
    return f'["{words}"]' if box.kind == DATA else f'(["{words}"])'


def _mermaid(text: str) -> str:
    return "".join(f"#{ord(char)};" if char in '#"<>&;`\\|' or ord(char) < 32 else char for char in text)
