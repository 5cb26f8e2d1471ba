"""Where a Data came from, and what is made of it: by versions where the server tells them, else by flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aero_jupyter.core.models import Data, Flow, Provenance, Run, Version

Ends = Sequence[tuple[str, int]]


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
    run : Run or None
        The run that made nothing, where it is one; what it would have made stands as Data.
    """

    flow_id: str
    flow: Flow | None
    used: tuple[Version, ...] | tuple[Data, ...]
    made: tuple[Version, ...] | tuple[Data, ...]
    run: Run | None = None


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
    is_unmade : bool
        Whether they are of flows because the Data has no version yet.
    run : Run or None
        The run asked about, where it made nothing.
    """

    data: Data
    version: int | None
    by_version: bool
    links: tuple[Link, ...]
    is_unmade: bool = False
    run: Run | None = None


@dataclass(frozen=True)
class Records:
    """What a server is asked while versions are followed.

    Attributes
    ----------
    made_by, used_in : callable
        Give the records that made a version of a Data, and that used it, by id and number.
    newest_run : callable
        Gives the newest run of a flow; None where there is none.
    """

    made_by: Callable[[str, int], Sequence[Provenance]]
    used_in: Callable[[str, int], Sequence[Provenance]]
    newest_run: Callable[[Flow], Run | None]


def has_failed(flow: Flow | None) -> bool:
    """Whether the last run of a flow failed, as far as the server tells."""
    return flow is not None and flow.raw.get("last_state") == "failed"


def newest_of(version: Version) -> int:
    """Give the number of the newest version of the same Data; the version's own where the server does not tell."""
    newest = version.data.raw.get("newest_version") if version.data else None
    return newest if isinstance(newest, int) else version.version


def of_flows(data: Data, flows: Sequence[Flow], is_unmade: bool = False) -> Lineage:
    """Rebuild lineage from what the flows read and make."""
    up = _walk([data.id], flows, lambda flow: _ids(flow.outputs), lambda flow: _ids(flow.inputs))
    down = _walk([data.id], flows, lambda flow: _ids(flow.inputs), lambda flow: _ids(flow.outputs))
    ordered = dict.fromkeys([*reversed(up), *down])
    links = tuple(Link(flow.id, flow, flow.inputs, flow.outputs) for flow in map(_by_id(flows), ordered))
    return Lineage(data, None, False, links, is_unmade)


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


def of_versions(data: Data, version: int, records: Records, flows: Sequence[Flow]) -> Lineage:
    """Follow provenance from one version back to its sources, and on to what was made of it.

    Parameters
    ----------
    flows : sequence of Flow
        The flows there are. What the last run of one of them failed to make of these versions is told too.
    """
    known = {flow.id: flow for flow in flows}
    start = ((data.id, version),)
    up = _records(start, records.made_by, lambda record: record.used or ())
    down = _records(start, records.used_in, lambda record: record.made or ())
    ordered = {record.id: record for record in [*reversed(up), *down, *_confirming(down, records)]}
    links = [_link(record, known) for record in ordered.values()]
    reached = {*start, *_ends(each for record in down for each in record.made or ())}
    return Lineage(data, version, True, (*links, *_attempts(links, reached, records, flows)))


def of_run(run: Run, data: Data, records: Records, flows: Sequence[Flow]) -> Lineage:
    """Follow what a run used back to its sources, and tell what it would have made."""
    known = {flow.id: flow for flow in flows}
    up = _records(_ends(run.used), records.made_by, lambda record: record.used or ())
    links = [_link(record, known) for record in reversed(up)]
    attempt = _attempt(run, known.get(run.flow_id))
    version = None if data.id in {each.id for each in attempt.made if isinstance(each, Data)} else run.used[0].version
    return Lineage(data, version, True, (*links, attempt), run=run)


def _records(
    start: Ends,
    next_of: Callable[[str, int], Sequence[Provenance]],
    leads: Callable[[Provenance], Sequence[Version]],
) -> list[Provenance]:
    """Give the records met, nearest first; each version is asked about once."""
    met: dict[str, Provenance] = {}
    asked: set[tuple[str, int]] = set()
    edge = dict.fromkeys(start)
    while edge:
        asked.update(edge)
        records = [record for id, number in edge for record in next_of(id, number) if record.id not in met]
        met.update({record.id: record for record in records})
        ends = _ends(each for record in records for each in leads(record))
        edge = dict.fromkeys(end for end in ends if end not in asked)
    return list(met.values())


def _ends(versions: Iterable[Version]) -> Ends:
    return [(each.data_id, each.version) for each in versions]


def _confirming(down: Sequence[Provenance], records: Records) -> list[Provenance]:
    """Give what else made a version that was made of an older one: a run on the newest may have found it unchanged."""
    older = [record for record in down if any(newest_of(each) > each.version for each in record.used or ())]
    ends = dict.fromkeys(_ends(each for record in older for each in record.made or ()))
    return [record for id, number in ends for record in records.made_by(id, number)]


def _attempts(
    links: Sequence[Link], reached: set[tuple[str, int]], records: Records, flows: Sequence[Flow]
) -> list[Link]:
    """Give what the last runs failed to make of the versions reached."""
    told = {(link.flow_id, frozenset(_ends(each for each in link.used if isinstance(each, Version)))) for link in links}
    readers = [flow for flow in flows if has_failed(flow) and _ids(flow.inputs) & {id for id, _ in reached}]
    found = []
    for flow in readers:
        run = records.newest_run(flow)
        used = frozenset(_ends(run.used)) if run and run.state == "failed" else frozenset()
        if run and used & reached and (flow.id, used) not in told:
            found.append(_attempt(run, flow))
    return found


def _link(record: Provenance, flows: dict[str, Flow]) -> Link:
    return Link(record.flow_id, flows.get(record.flow_id), record.used or (), record.made or ())


def _attempt(run: Run, flow: Flow | None) -> Link:
    return Link(run.flow_id, flow, run.used, flow.outputs if flow else (), run)
