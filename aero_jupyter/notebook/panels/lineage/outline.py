"""A graph as a nested list, sources outermost."""

from __future__ import annotations

from collections.abc import Iterator

from aero_jupyter.notebook.panels.lineage.graph import Graph, Line

#: Greatest depth of the list; deeper lines are prefixed with their step.
MAX_DEPTH = 8


def as_list(graph: Graph) -> list[tuple[int, str]]:
    """Return the graph as a nested list, sources outermost: the depth and the text of each line.

    A box that was listed before is named again without its successors. Lines deeper than `MAX_DEPTH` name their step.
    """
    return [
        (depth, text) if depth <= MAX_DEPTH else (MAX_DEPTH, f"step {depth}: {text}")
        for depth, text, _ in _outline(graph)
    ]


def outline_ids(graph: Graph) -> list[str]:
    """Return the id of the box on each line of `as_list`."""
    return [id for *_, id in _outline(graph)]


def _outline(graph: Graph) -> Iterator[tuple[int, str, str]]:
    following: dict[str, list[Line]] = {id: [] for id in graph.boxes}
    reached: set[str] = set()
    for line in graph.lines:
        following[line.start].append(line)
        reached.add(line.end)
    seen: set[str] = set()
    # A cycle has no first box: it is listed from the one that comes first in the graph.
    for root in (*(id for id in graph.boxes if id not in reached), *graph.boxes):
        if root in seen:
            continue
        open_lines: list[tuple[int, str, str]] = [(0, "", root)]
        while open_lines:
            depth, flow, id = open_lines.pop()
            again = " (see above)" if id in seen and following[id] else ""
            yield depth, f"{f'{flow} → ' if flow else ''}{graph.boxes[id].title}{again}", id
            if id not in seen:
                seen.add(id)
                open_lines += [(depth + 1, line.flow, line.end) for line in reversed(following[id])]
