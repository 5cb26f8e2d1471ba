"""Layout of a graph: the positions of its boxes, and the points by which long lines pass the boxes between."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from aero_jupyter.notebook.panels.lineage.graph import Graph, Line

Position = tuple[int, float]
#: A box: its id and None; or a point of the long lines that start at a box: its id and the column.
Item = tuple[str, int | None]

_SWEEPS = 5
#: Minimum distance between two items of a column, in rows, by how many of the two are points.
_MIN_DISTANCES = (1.0, 0.65, 0.2)


@dataclass(frozen=True)
class Layout:
    """Positions as columns and rows; row 0 is the topmost.

    Attributes
    ----------
    boxes : mapping
        The position of each box, by its id.
    points : mapping
        The points of each line, one for each column between its ends.
    """

    boxes: Mapping[str, Position]
    points: Mapping[Line, Sequence[Position]]


def group_into_columns(graph: Graph) -> list[list[str]]:
    """Return the boxes by column: sources left, results right; a cycle of flows shares one column."""
    condensed = nx.condensation(nx.DiGraph(graph.to_networkx()))
    order = {id: number for number, id in enumerate(graph.boxes)}
    return [
        sorted((id for component in generation for id in condensed.nodes[component]["members"]), key=order.__getitem__)
        for generation in nx.topological_generations(condensed)
    ]


def box_positions(graph: Graph) -> dict[str, Position]:
    """Return the position of each box: sources left, results right, neighbours at similar heights."""
    return dict(compute_layout(graph).boxes)


def compute_layout(graph: Graph) -> Layout:
    """Compute the positions of boxes and of the points of long lines (Sugiyama, Tagawa and Toda 1981).

    The columns are networkx's topological generations. The barycentre method orders them. Isotonic regression by
    pooling adjacent violators (Barlow et al. 1972) then moves each item as near to its neighbours as the others in its
    column allow. The long lines of one box share their points.
    """
    by_column = group_into_columns(graph)
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
    _order_columns(columns, linked, lambda item: (graph.boxes[item[0]].name, item[0]))
    heights = _compute_heights(columns, linked)
    top = min(heights.values(), default=0.0)
    return Layout(
        {id: (column[id], heights[id, None] - top) for items in columns for id, at in items if at is None},
        {line: [(point[1], heights[point] - top) for point in between] for line, between in points.items()},
    )


def _sweeps(
    columns: list[list[Item]], linked: nx.DiGraph[Item], count: int, back: bool
) -> Iterable[tuple[list[Item], Callable[[Item], Iterable[Item]]]]:
    """Yield the columns rightwards and leftwards, each with its neighbours in the previous column."""
    for sweep in range(count):
        leftwards = (sweep % 2 == 0) == back
        for column in reversed(columns) if leftwards else columns:
            yield column, linked.successors if leftwards else linked.predecessors


def _order_columns(
    columns: list[list[Item]], linked: nx.DiGraph[Item], name: Callable[[Item], tuple[str, str]]
) -> None:
    rows = {item: row for column in columns for row, item in enumerate(column)}
    for column, neighbours in _sweeps(columns, linked, _SWEEPS, back=False):
        wanted = {item: _barycentre([rows[each] for each in neighbours(item)], rows[item]) for item in column}
        column.sort(key=lambda item, wanted=wanted: (wanted[item], name(item)))  # type: ignore[misc]
        rows.update({item: row for row, item in enumerate(column)})


def _compute_heights(columns: list[list[Item]], linked: nx.DiGraph[Item]) -> dict[Item, float]:
    offsets = {id(column): _offsets(column) for column in columns}
    heights = dict(each for column in columns for each in zip(column, offsets[id(column)], strict=True))
    for column, neighbours in _sweeps(columns, linked, _SWEEPS * 2, back=True):
        wanted = [_barycentre([heights[each] for each in neighbours(item)], heights[item]) for item in column]
        heights.update(zip(column, _spread(wanted, offsets[id(column)]), strict=True))
    return heights


def _offsets(column: Collection[Item]) -> list[float]:
    """Return the minimum distance of each item of a column from the first."""
    found: list[float] = []
    before: Item | None = None
    for item in column:
        points = 0 if before is None else (before[1] is not None) + (item[1] is not None)
        found.append(found[-1] + _MIN_DISTANCES[points] if found else 0.0)
        before = item
    return found


def _barycentre(rows: Sequence[float], own: float) -> float:
    return statistics.fmean(rows) if rows else float(own)


def _spread(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Return heights in this order that keep the minimum distances and are nearest to the desired ones."""
    pools: list[tuple[float, int]] = []
    for height, offset in zip(wanted, offsets, strict=True):
        mean, count = height - offset, 1
        while pools and pools[-1][0] >= mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [height + offset for height, offset in zip(flat, offsets, strict=True)]
