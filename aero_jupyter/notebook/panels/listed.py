"""A graph as a nested list, sources outermost: the same as the drawing, in words."""

from __future__ import annotations

from collections.abc import Iterator

from aero_jupyter.notebook.panels.graph import Graph, Line

#: How deep a line stands at most; beyond, its depth is said.
DEEPEST = 8


def as_list(graph: Graph) -> list[tuple[int, str]]:
    """Give it as a nested list, sources outermost: how deep each line stands, and its words.

    What was listed before is named again, and not gone into. Beyond `DEEPEST`, a line says at which step it stands.
    """
    return [
        (depth, words) if depth <= DEEPEST else (DEEPEST, f"step {depth}: {words}") for depth, words in _listed(graph)
    ]


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
