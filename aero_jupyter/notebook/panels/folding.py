"""A large graph folded: what is far from where somebody is stands as one box, until it is opened."""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from aero_jupyter.notebook.panels.graph import DATA, Box, Graph, Line
from aero_jupyter.notebook.panels.placing import columns_of

#: Boxes above which chains are drawn as one, and how many are shown near where somebody is, or has opened a fold.
MOST_BOXES = 60
#: Boxes and columns above which whatever is far is folded, too.
MOST_DRAWN, MOST_COLUMNS = 300, 40


def collapsed(graph: Graph, most: int = MOST_BOXES, opened: Collection[str] = ()) -> Graph:
    """Draw chains as one box where there are more than `most` boxes, and where that is not enough, columns too.

    A fold whose first box is among `opened` gives `most` of its boxes; what is left of it stays a fold.
    """
    if len(graph.boxes) <= most:
        return graph
    closed = _folded(graph, _chains(graph, most, ()))
    chained = _folded(graph, _chains(graph, most, opened)) if opened else closed
    if len(closed.boxes) <= MOST_DRAWN and len(columns_of(closed)) <= MOST_COLUMNS:
        return chained
    return _folded(chained, _far(chained, most, opened))


def _chains(graph: Graph, most: int, opened: Collection[str]) -> Iterator[list[str]]:
    """Give what lies between two ends, a step each, in the order of the steps."""
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
            yield from _closed(chain, most, opened)


def _closed(chain: Sequence[str], most: int, opened: Collection[str]) -> Iterator[list[str]]:
    """Give what of a chain stays closed."""
    left: list[str] = []
    shown = 0
    for id in chain:
        shown = most if id in opened else max(0, shown - 1)
        if shown:
            yield left
            left = []
        else:
            left.append(id)
    yield left


def _far(graph: Graph, most: int, opened: Collection[str]) -> list[list[str]]:
    """Give what is far: by column where one has boxes that are near, else all columns between two such as one."""
    beside = _beside(graph)
    column = {id: number for number, ids in enumerate(columns_of(graph)) for id in ids}
    here = next((id for id, box in graph.boxes.items() if box.is_here), next(iter(graph.boxes)))
    order = dict.fromkeys([*_nearest(beside, here, graph.boxes, len(graph.boxes)), *graph.boxes])
    near = set(list(order)[:most])
    folds = _by_column(order, column, near)
    for id in opened:
        if id in graph.boxes:
            among = next((fold for fold in folds if id in fold), [each for each in order if each not in near])
            near.update(_nearest(beside, id, set(among), most))
            folds = _by_column(order, column, near)
    return folds


def _by_column(order: Iterable[str], column: Mapping[str, int], near: Collection[str]) -> list[list[str]]:
    """Give the folds, each with the box first that is nearest."""
    kept = sorted({column[id] for id in near})
    folds: dict[tuple[int, bool], list[str]] = {}
    for id in order:
        if id not in near:
            folds.setdefault((bisect(kept, column[id]), column[id] in kept), []).append(id)
    return list(folds.values())


def _beside(graph: Graph) -> dict[str, dict[str, None]]:
    beside: dict[str, dict[str, None]] = {id: {} for id in graph.boxes}
    for line in graph.lines:
        beside[line.start][line.end] = beside[line.end][line.start] = None
    return beside


def _nearest(beside: Mapping[str, Mapping[str, None]], start: str, among: Collection[str], most: int) -> list[str]:
    """Give the ids that are the fewest lines away, whichever way these point."""
    found: list[str] = []
    met, edge = {start}, deque([start])
    while edge and len(found) < most:
        id = edge.popleft()
        if id in among:
            found.append(id)
        new = [each for each in beside[id] if each not in met]
        met.update(new)
        edge.extend(new)
    return found


def _folded(graph: Graph, folds: Iterable[Sequence[str]]) -> Graph:
    """Let the first box of each fold stand for all of it."""
    first = {id: fold[0] for fold in folds if len(fold) > 1 for id in fold}
    members: dict[str, list[Box]] = {}
    for id, box in graph.boxes.items():
        members.setdefault(first.get(id, id), []).append(box)
    boxes = {id: _fold(id, several) if id in first else several[0] for id, several in members.items()}
    ends = ((first.get(line.start, line.start), first.get(line.end, line.end), line) for line in graph.lines)
    lines: dict[tuple[str, str], dict[Line, None]] = {}
    for start, end, line in ends:
        if start != end:
            lines.setdefault((start, end), {})[replace(line, start=start, end=end)] = None
    folded = (_joined(start, end, list(several), first) for (start, end), several in lines.items())
    return Graph(boxes, tuple(line for several in folded for line in several))


def _fold(id: str, boxes: Sequence[Box]) -> Box:
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


def _joined(start: str, end: str, lines: list[Line], first: Mapping[str, str]) -> list[Line]:
    """Let one line stand for all between a fold and another box."""
    names = list(dict.fromkeys(line.flow for line in lines))
    if len(lines) == 1 or not {start, end} & set(first.values()):
        return lines
    return [Line(start, end, names[0] if len(names) == 1 else f"{len(lines)} flows")]
