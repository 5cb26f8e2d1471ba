"""Folding of large graphs: far boxes are shown as one box until the user unfolds it."""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from aero_jupyter.notebook.panels.lineage.graph import DATA, Box, Graph, Line
from aero_jupyter.notebook.panels.lineage.layout import group_into_columns

#: Boxes above which chains are folded; also how many are shown near the subject and near an unfolded box.
MAX_BOXES = 60
#: Boxes and columns above which far boxes are folded, too.
MAX_DRAWN_BOXES, MAX_COLUMNS = 300, 40


def collapse(graph: Graph, max_boxes: int = MAX_BOXES, unfolded: Collection[str] = ()) -> Graph:
    """Fold chains of a graph with more than `max_boxes` boxes; if that is not enough, fold columns, too.

    Of a fold whose first box is in `unfolded`, `max_boxes` boxes are shown; the rest of it stays folded.
    """
    if len(graph.boxes) <= max_boxes:
        return graph
    closed = _apply_folds(graph, _chains(graph, max_boxes, ()))
    chained = _apply_folds(graph, _chains(graph, max_boxes, unfolded)) if unfolded else closed
    if len(closed.boxes) <= MAX_DRAWN_BOXES and len(group_into_columns(closed)) <= MAX_COLUMNS:
        return chained
    return _apply_folds(chained, _far_folds(chained, max_boxes, unfolded))


def _chains(graph: Graph, max_boxes: int, unfolded: Collection[str]) -> Iterator[list[str]]:
    """Yield the boxes between two ends, one chain each, in the order of the steps."""
    after: dict[str, list[str]] = {id: [] for id in graph.boxes}
    before: dict[str, list[str]] = {id: [] for id in graph.boxes}
    for line in graph.lines:
        after[line.start].append(line.end)
        before[line.end].append(line.start)
    inner = {
        id
        for id, box in graph.boxes.items()
        if len(after[id]) == len(before[id]) == 1 and box.kind == DATA and not box.marks
    }
    for id in graph.boxes:
        if id in inner and before[id][0] not in inner:
            chain = [id]
            while after[chain[-1]][0] in inner:
                chain += after[chain[-1]]
            yield from _closed_parts(chain, max_boxes, unfolded)


def _closed_parts(chain: Sequence[str], max_boxes: int, unfolded: Collection[str]) -> Iterator[list[str]]:
    """Yield the parts of a chain that stay folded."""
    part: list[str] = []
    shown = 0
    for id in chain:
        shown = max_boxes if id in unfolded else max(0, shown - 1)
        if shown:
            yield part
            part = []
        else:
            part.append(id)
    yield part


def _far_folds(graph: Graph, max_boxes: int, unfolded: Collection[str]) -> list[list[str]]:
    """Return the far boxes: by column if the column has near boxes, else all columns between two such columns."""
    neighbours = _neighbours_of(graph)
    column = {id: number for number, ids in enumerate(group_into_columns(graph)) for id in ids}
    center = next((id for id, box in graph.boxes.items() if box.is_here), next(iter(graph.boxes)))
    order = dict.fromkeys([*_nearest(neighbours, center, graph.boxes, len(graph.boxes)), *graph.boxes])
    near = set(list(order)[:max_boxes])
    folds = _folds_by_column(order, column, near)
    for id in unfolded:
        if id in graph.boxes:
            candidates = next((fold for fold in folds if id in fold), [each for each in order if each not in near])
            near.update(_nearest(neighbours, id, set(candidates), max_boxes))
            folds = _folds_by_column(order, column, near)
    return folds


def _folds_by_column(order: Iterable[str], column: Mapping[str, int], near: Collection[str]) -> list[list[str]]:
    """Return the folds, each with its nearest box first."""
    near_columns = sorted({column[id] for id in near})
    folds: dict[tuple[int, bool], list[str]] = {}
    for id in order:
        if id not in near:
            folds.setdefault((bisect(near_columns, column[id]), column[id] in near_columns), []).append(id)
    return list(folds.values())


def _neighbours_of(graph: Graph) -> dict[str, dict[str, None]]:
    neighbours: dict[str, dict[str, None]] = {id: {} for id in graph.boxes}
    for line in graph.lines:
        neighbours[line.start][line.end] = neighbours[line.end][line.start] = None
    return neighbours


def _nearest(
    neighbours: Mapping[str, Mapping[str, None]], start: str, candidates: Collection[str], count: int
) -> list[str]:
    """Return the ids that are the fewest lines away, in either direction."""
    found: list[str] = []
    seen, queue = {start}, deque([start])
    while queue and len(found) < count:
        id = queue.popleft()
        if id in candidates:
            found.append(id)
        unseen = [each for each in neighbours[id] if each not in seen]
        seen.update(unseen)
        queue.extend(unseen)
    return found


def _apply_folds(graph: Graph, folds: Iterable[Sequence[str]]) -> Graph:
    """Replace each fold by its first box."""
    first = {id: fold[0] for fold in folds if len(fold) > 1 for id in fold}
    members: dict[str, list[Box]] = {}
    for id, box in graph.boxes.items():
        members.setdefault(first.get(id, id), []).append(box)
    boxes = {id: _fold_box(id, several) if id in first else several[0] for id, several in members.items()}
    ends = ((first.get(line.start, line.start), first.get(line.end, line.end), line) for line in graph.lines)
    lines: dict[tuple[str, str], dict[Line, None]] = {}
    for start, end, line in ends:
        if start != end:
            lines.setdefault((start, end), {})[replace(line, start=start, end=end)] = None
    folded = (_merge_lines(start, end, list(several), first) for (start, end), several in lines.items())
    return Graph(boxes, tuple(line for several in folded for line in several))


def _fold_box(id: str, boxes: Sequence[Box]) -> Box:
    counts = {"stale": sum(box.is_stale for box in boxes), "failed": sum(box.has_failed for box in boxes)}
    holds = sum(box.holds for box in boxes)
    return Box(
        id,
        f"… {holds} more",
        notes=tuple(f"{count} {word}" for word, count in counts.items() if count),
        is_stale=counts["stale"] > 0,
        has_failed=counts["failed"] > 0,
        holds=holds,
    )


def _merge_lines(start: str, end: str, lines: list[Line], first: Mapping[str, str]) -> list[Line]:
    """Replace all lines between a fold and another box by one line."""
    names = list(dict.fromkeys(line.flow for line in lines))
    if len(lines) == 1 or not {start, end} & set(first.values()):
        return lines
    return [Line(start, end, names[0] if len(names) == 1 else f"{len(lines)} flows")]
