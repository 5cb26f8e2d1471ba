"""Where a Data came from, and what is made of it: by versions where the server tells them, else by flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aero_jupyter.core.models import Data, Flow, Provenance, Version


@dataclass(frozen=True)
class Link:
    """One flow between what it reads and what it makes.

    Attributes
    ----------
    flow_id : str
    flow : Flow or None
        None where the flow was deleted since.
    used, made : tuple
        Versions where the server tells which, else Data.
    """

    flow_id: str
    flow: Flow | None
    used: tuple[Version, ...] | tuple[Data, ...]
    made: tuple[Version, ...] | tuple[Data, ...]


@dataclass(frozen=True)
class Lineage:
    """The links that lead to a Data, and on from it, sources first.

    Attributes
    ----------
    data : Data
    version : int or None
        The version asked about; None where the links are of flows.
    by_version : bool
        Whether the links tell which versions were used, or only which Data the flows read and make.
    """

    data: Data
    version: int | None
    by_version: bool
    links: tuple[Link, ...]


def of_flows(data: Data, flows: Sequence[Flow]) -> Lineage:
    """Rebuild lineage from what the flows read and make."""
    up = _walk([data.id], flows, lambda flow: _ids(flow.outputs), lambda flow: _ids(flow.inputs))
    down = _walk([data.id], flows, lambda flow: _ids(flow.inputs), lambda flow: _ids(flow.outputs))
    ordered = dict.fromkeys([*reversed(up), *down])
    return Lineage(data, None, False, tuple(Link(f.id, f, f.inputs, f.outputs) for f in map(_by_id(flows), ordered)))


def _ids(several: Iterable[Data]) -> set[str]:
    return {each.id for each in several}


def _by_id(flows: Sequence[Flow]) -> Callable[[str], Flow]:
    return {flow.id: flow for flow in flows}.__getitem__


def _walk(
    start: Iterable[str], flows: Sequence[Flow], touches: Callable[[Flow], set[str]], leads: Callable[[Flow], set[str]]
) -> list[str]:
    """Give the ids of the flows met, nearest first; a circle is walked once."""
    met: dict[str, None] = {}
    edge = set(start)
    while edge:
        new = [flow for flow in flows if flow.id not in met and touches(flow) & edge]
        met.update(dict.fromkeys(flow.id for flow in new))
        edge = set().union(*map(leads, new))
    return list(met)


def of_versions(
    data: Data,
    version: int,
    made_by: Callable[[str, int], Sequence[Provenance]],
    used_in: Callable[[str, int], Sequence[Provenance]],
    flows: Sequence[Flow],
) -> Lineage:
    """Follow provenance from one version back to its sources, and on to what was made of it.

    Parameters
    ----------
    made_by, used_in : callable
        Give the records that made a version of a Data, and that used it, by id and number.
    flows : sequence of Flow
        The flows there are.
    """
    known = {flow.id: flow for flow in flows}
    up = _records((data.id, version), made_by, lambda record: record.used or ())
    down = _records((data.id, version), used_in, lambda record: record.made or ())
    ordered = {record.id: record for record in [*reversed(up), *down]}
    return Lineage(data, version, True, tuple(_link(record, known) for record in ordered.values()))


def _records(
    start: tuple[str, int],
    next_of: Callable[[str, int], Sequence[Provenance]],
    leads: Callable[[Provenance], Sequence[Version]],
) -> list[Provenance]:
    """Give the records met, nearest first; each version is asked about once."""
    met: dict[str, Provenance] = {}
    asked: set[tuple[str, int]] = set()
    edge = {start: None}
    while edge:
        asked.update(edge)
        records = [record for id, number in edge for record in next_of(id, number) if record.id not in met]
        met.update({record.id: record for record in records})
        ends = ((each.data_id, each.version) for record in records for each in leads(record))
        edge = dict.fromkeys(end for end in ends if end not in asked)
    return list(met.values())


def _link(record: Provenance, flows: dict[str, Flow]) -> Link:
    return Link(record.flow_id, flows.get(record.flow_id), record.used or (), record.made or ())
