"""Where each box of a graph stands, and by which points a long line goes around the boxes between."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from aero_jupyter.notebook.panels.graph import Graph, Line

Place = tuple[int, float]
#: A box, by its id; or a point that the long lines of a box go by, by its id and the column.
Item = tuple[str, int | None]

_SWEEPS = 5
#: How far apart two items of a column stand at least, in rows: by how many of the two are points.
_APART = (1.0, 0.65, 0.2)


@dataclass(frozen=True)
class Places:
    """Columns and rows; row 0 is the uppermost.

    Attributes
    ----------
    boxes : mapping
        The place of each box, by its id.
    points : mapping
        The points that a line goes by, one for each column between its ends.
    """

    boxes: Mapping[str, Place]
    points: Mapping[Line, Sequence[Place]]


def columns_of(graph: Graph) -> list[list[str]]:
    """Give the boxes by column: sources left, results right; a circle of flows stands in one column."""
    circles = nx.condensation(nx.DiGraph(graph.to_networkx()))
    order = {id: number for number, id in enumerate(graph.boxes)}
    return [
        sorted((id for circle in generation for id in circles.nodes[circle]["members"]), key=order.__getitem__)
        for generation in nx.topological_generations(circles)
    ]


def placed(graph: Graph) -> dict[str, Place]:
    """Give each box its column and its row: sources left, results right, neighbours at the same height."""
    return dict(places_of(graph).boxes)


def places_of(graph: Graph) -> Places:
    """Place the boxes, and the points that lines over several columns go by (Sugiyama, Tagawa and Toda 1981).

    The columns are networkx's topological generations; their order is found by the barycentre method, and each item
    then stands as near to its neighbours as the others in its column let it: isotonic regression by pooling adjacent
    violators (Barlow et al. 1972). The long lines of one box share their points.
    """
    by_column = columns_of(graph)
    column = {id: number for number, ids in enumerate(by_column) for id in ids}
    points = {
        line: [(line.start, number) for number in range(column[line.start] + 1, column[line.end])]
        for line in graph.lines
    }
    linked: nx.DiGraph[Item] = nx.DiGraph()
    linked.add_nodes_from((id, None) for id in graph.boxes)
    for line, between in points.items():
        if line.start != line.end:
            nx.add_path(linked, [(line.start, None), *between, (line.end, None)])
    columns: list[list[Item]] = [[(id, None) for id in ids] for ids in by_column]
    for point in dict.fromkeys(point for between in points.values() for point in between):
        columns[point[1]].append(point)
    _order(columns, linked, lambda item: (graph.boxes[item[0]].name, item[0]))
    heights = _heights(columns, linked)
    top = min(heights.values(), default=0.0)
    return Places(
        {id: (column[id], heights[id, None] - top) for items in columns for id, at in items if at is None},
        {line: [(point[1], heights[point] - top) for point in between] for line, between in points.items()},
    )


def _sweeps(
    columns: list[list[Item]], linked: nx.DiGraph[Item], count: int, back: bool
) -> Iterable[tuple[list[Item], Callable[[Item], Iterable[Item]]]]:
    """Go through the columns, there and back: each with what stands before it in that direction."""
    for sweep in range(count):
        leftwards = (sweep % 2 == 0) == back
        for column in reversed(columns) if leftwards else columns:
            yield column, linked.successors if leftwards else linked.predecessors


def _order(columns: list[list[Item]], linked: nx.DiGraph[Item], name: Callable[[Item], tuple[str, str]]) -> None:
    rows = {item: row for column in columns for row, item in enumerate(column)}
    for column, beside in _sweeps(columns, linked, _SWEEPS, back=False):
        wanted = {item: _barycentre([rows[each] for each in beside(item)], rows[item]) for item in column}
        column.sort(key=lambda item, wanted=wanted: (wanted[item], name(item)))  # type: ignore[misc]
        rows.update({item: row for row, item in enumerate(column)})


def _heights(columns: list[list[Item]], linked: nx.DiGraph[Item]) -> dict[Item, float]:
    offsets = {id(column): _offsets(column) for column in columns}
    heights = dict(each for column in columns for each in zip(column, offsets[id(column)], strict=True))
    for column, beside in _sweeps(columns, linked, _SWEEPS * 2, back=True):
        wanted = [_barycentre([heights[each] for each in beside(item)], heights[item]) for item in column]
        heights.update(zip(column, _spaced(wanted, offsets[id(column)]), strict=True))
    return heights


def _offsets(column: Collection[Item]) -> list[float]:
    """Give how far below the first each item of a column stands at least."""
    found: list[float] = []
    before: Item | None = None
    for item in column:
        points = 0 if before is None else (before[1] is not None) + (item[1] is not None)
        found.append(found[-1] + _APART[points] if found else 0.0)
        before = item
    return found


def _barycentre(rows: Sequence[float], own: float) -> float:
    return statistics.fmean(rows) if rows else float(own)


def _spaced(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Give heights in this order, as far apart as they must be at least, as near to what is wanted as can be."""
    pools: list[tuple[float, int]] = []
    for height, offset in zip(wanted, offsets, strict=True):
        mean, count = height - offset, 1
        while pools and pools[-1][0] >= mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [height + offset for height, offset in zip(flat, offsets, strict=True)]
