"""Lineage of a dataset: by versions if the server lists them, otherwise by flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from aero_jupyter.core.decode_values import text_from
from aero_jupyter.core.models import Data, Flow, Provenance, Run, Version

VersionKeys = Sequence[tuple[str, int]]
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Link:
    """One flow between its inputs and its outputs.

    Attributes
    ----------
    flow_id : str
    flow : Flow or None
        None if the flow was deleted since.
    used, made : tuple
        Versions if the server lists them, otherwise datasets.
    run : Run or None
        The run that made nothing, if it is one; its missing outputs are listed as datasets.
    mixed : str
        Which of the inputs come from different versions of one dataset; empty if none do.
    """

    flow_id: str
    flow: Flow | None
    used: tuple[Version, ...] | tuple[Data, ...]
    made: tuple[Version, ...] | tuple[Data, ...]
    run: Run | None = None
    mixed: str = ""


@dataclass(frozen=True)
class Lineage:
    """The links that lead to a dataset and on from it, sources first.

    Attributes
    ----------
    data : Data
    version : int or None
        The traced version; None if the links are of flows.
    by_version : bool
        Whether the links relate versions, or only the datasets that the flows read and make.
    is_unmade : bool
        Whether the links are of flows because the dataset has no version yet.
    run : Run or None
        The traced run, if it made nothing.
    """

    data: Data
    version: int | None
    by_version: bool
    links: tuple[Link, ...]
    is_unmade: bool = False
    run: Run | None = None


@dataclass(frozen=True)
class LineageSource:
    """Queries to a server while the lineage of versions is traced.

    Attributes
    ----------
    made_by, used_in : callable
        Return the records that made a version of a dataset, and that used it, by id and number.
    newest_run : callable
        Returns the newest run of a flow; None if there is none.
    """

    made_by: Callable[[str, int], Sequence[Provenance]]
    used_in: Callable[[str, int], Sequence[Provenance]]
    newest_run: Callable[[Flow], Run | None]


def has_failed(flow: Flow | None) -> bool:
    """Return whether the last run of a flow failed; False if the server does not list its state."""
    return flow is not None and flow.raw.get("last_state") == "failed"


def newest_version_of(version: Version) -> int:
    """Return the number of the dataset's newest version; the version's own if the server does not list it."""
    newest = version.data.newest_version if version.data else None
    return version.version if newest is None else newest


def lineage_of_flows(data: Data, flows: Sequence[Flow], is_unmade: bool = False) -> Lineage:
    """Build lineage from the inputs and outputs of flows."""
    upstream = _walk([data.id], flows, lambda flow: _ids(flow.outputs), lambda flow: _ids(flow.inputs))
    downstream = _walk([data.id], flows, lambda flow: _ids(flow.inputs), lambda flow: _ids(flow.outputs))
    ordered = dict.fromkeys([*reversed(upstream), *downstream])
    links = tuple(Link(flow.id, flow, flow.inputs, flow.outputs) for flow in map(_by_id(flows), ordered))
    return Lineage(data, None, False, links, is_unmade)


def _ids(several: Iterable[Data]) -> set[str]:
    return {each.id for each in several}


def _by_id(flows: Sequence[Flow]) -> Callable[[str], Flow]:
    return {flow.id: flow for flow in flows}.__getitem__


def _walk(
    start: Iterable[str],
    flows: Sequence[Flow],
    touches: Callable[[Flow], set[str]],
    leads_to: Callable[[Flow], set[str]],
) -> list[str]:
    """Return the ids of the connected flows, nearest first; a cycle is walked once."""
    visited: dict[str, None] = {}
    frontier = set(start)
    while frontier:
        new = [flow for flow in flows if flow.id not in visited and touches(flow) & frontier]
        visited.update(dict.fromkeys(flow.id for flow in new))
        frontier = set().union(*map(leads_to, new))
    return list(visited)


def lineage_of_versions(data: Data, version: int, records: LineageSource, flows: Sequence[Flow]) -> Lineage:
    """Follow provenance from one version back to its sources, and on to what was made of it.

    Parameters
    ----------
    flows : sequence of Flow
        All flows. A failed last run of one of them on these versions is a link too.
    """
    known = {flow.id: flow for flow in flows}
    start = ((data.id, version),)
    upstream = _connected_records(start, records.made_by, lambda record: record.used or ())
    downstream = _connected_records(start, records.used_in, lambda record: record.made or ())
    ordered = {
        record.id: record for record in [*reversed(upstream), *downstream, *_confirming_records(downstream, records)]
    }
    links = [_link(record, known) for record in ordered.values()]
    reached = {*start, *_version_keys(each for record in downstream for each in record.made or ())}
    return Lineage(data, version, True, (*links, *_failed_attempts(links, reached, records, flows)))


def lineage_of_run(run: Run, data: Data, records: LineageSource, flows: Sequence[Flow]) -> Lineage:
    """Trace the inputs of a run back to their sources, and on to the missing outputs."""
    known = {flow.id: flow for flow in flows}
    upstream = _connected_records(_version_keys(run.used), records.made_by, lambda record: record.used or ())
    links = [_link(record, known) for record in reversed(upstream)]
    attempt = _attempt_link(run, known.get(run.flow_id))
    version = None if data.id in {each.id for each in attempt.made if isinstance(each, Data)} else run.used[0].version
    return Lineage(data, version, True, (*links, attempt), run=run)


def _connected_records(
    start: VersionKeys,
    records_of: Callable[[str, int], Sequence[Provenance]],
    leads_to: Callable[[Provenance], Sequence[Version]],
) -> list[Provenance]:
    """Return the connected records, nearest first; each version is queried once."""
    visited: dict[str, Provenance] = {}
    queried: set[tuple[str, int]] = set()
    frontier = dict.fromkeys(start)
    while frontier:
        queried.update(frontier)
        records = [record for id, number in frontier for record in records_of(id, number) if record.id not in visited]
        visited.update({record.id: record for record in records})
        keys = _version_keys(each for record in records for each in leads_to(record))
        frontier = dict.fromkeys(key for key in keys if key not in queried)
    return list(visited.values())


def ancestor_records(data_id: str, version: int, records: LineageSource) -> list[Provenance]:
    """Return the records of the runs that led to a version, sources first; runs that only confirmed it are left out."""

    def makers(id: str, number: int) -> Sequence[Provenance]:
        found = records.made_by(id, number)
        return [record for record in found if _made_anew(record, id, number)] or found

    connected = _connected_records([(data_id, version)], makers, lambda record: record.used or ())
    connected.reverse()
    # A version is older than all that was made from it.
    return sorted(connected, key=lambda record: record.created_at or _EARLIEST)


def _made_anew(record: Provenance, data_id: str, version: int) -> bool:
    made = [each for each in record.made or () if (each.data_id, each.version) == (data_id, version)]
    return any(each.raw.get("is_new") is not False for each in made)


def _version_keys(versions: Iterable[Version]) -> VersionKeys:
    return [(each.data_id, each.version) for each in versions]


def _confirming_records(downstream: Sequence[Provenance], records: LineageSource) -> list[Provenance]:
    """Return the other records of versions made from an outdated input: a later run may have confirmed them."""
    older = [
        record for record in downstream if any(newest_version_of(each) > each.version for each in record.used or ())
    ]
    keys = dict.fromkeys(_version_keys(each for record in older for each in record.made or ()))
    return [record for id, number in keys for record in records.made_by(id, number)]


def _failed_attempts(
    links: Sequence[Link], reached: set[tuple[str, int]], records: LineageSource, flows: Sequence[Flow]
) -> list[Link]:
    """Return a link for each reader whose last run failed on one of the reached versions."""
    linked = {
        (link.flow_id, frozenset(_version_keys(each for each in link.used if isinstance(each, Version))))
        for link in links
    }
    readers = [flow for flow in flows if has_failed(flow) and _ids(flow.inputs) & {id for id, _ in reached}]
    found = []
    for flow in readers:
        run = records.newest_run(flow)
        used = frozenset(_version_keys(run.used)) if run and run.state == "failed" else frozenset()
        if run and used & reached and (flow.id, used) not in linked:
            found.append(_attempt_link(run, flow))
    return found


def _link(record: Provenance, flows: dict[str, Flow]) -> Link:
    return Link(
        record.flow_id,
        flows.get(record.flow_id),
        record.used or (),
        record.made or (),
        mixed=text_from(record.raw.get("mixed")) or "",
    )


def _attempt_link(run: Run, flow: Flow | None) -> Link:
    return Link(run.flow_id, flow, run.used, flow.outputs if flow else (), run, run.mixed or "")
