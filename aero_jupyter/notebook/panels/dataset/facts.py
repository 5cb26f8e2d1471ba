"""The facts that the page of a dataset shows, fetched from the server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.record_facts import changed_sources, drift_line
from aero_jupyter.notebook.source_facts import source_lines_of
from aero_jupyter.notebook.tables import record_detail

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

#: Flows of a dataset that are shown at most.
_MAX_FLOWS = 8


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset as it was at one moment.

    Attributes
    ----------
    data : Data
    versions : tuple of Version
        Oldest first.
    flows : tuple of Flow
        The flows that make or read the dataset.
    flow_count : int
        How many there are.
    runs : tuple of Run
        The latest runs of the flows that make the dataset; none if the server does not list runs.
    source_lines : tuple of str
        Sentences about its source.
    promise : str
        The state of its freshness promise; empty if nothing is promised.
    """

    data: Data
    versions: tuple[Version, ...]
    flows: tuple[Flow, ...]
    flow_count: int
    runs: tuple[Run, ...]
    source_lines: tuple[str, ...]
    promise: str = ""

    @property
    def newest(self) -> Version | None:
        """The newest version, if there is one."""
        return self.versions[-1] if self.versions else None

    @property
    def makers(self) -> list[Flow]:
        """The flows that make the dataset."""
        return [flow for flow in self.flows if self.data.id in {each.id for each in flow.outputs}]

    def version(self, number: int | None) -> Version | None:
        """Return a version by its number, the newest for None; None if there is none."""
        if number is None:
            return self.newest
        return next((each for each in self.versions if each.version == number), None)

    def lines(self) -> list[str]:
        """Return the facts as sentences: description, freshness, source, owner, flows."""
        data, more = self.data, self.flow_count - len(self.flows)
        source = f"Source: {redact_url(data.url)}" if data.url else ""
        owner = record_detail.owner_of(data, list(self.flows))
        lines = [
            data.description or "",
            f"Tags: {', '.join(data.tags)}" if data.tags else "",
            record_detail.freshness(list(self.versions), self.makers),
            self.promise,
            f"Version {self.newest.version} {note}" if self.newest and (note := drift_line(self.newest)) else "",
            source,
            *self.source_lines,
            f"Owner: {owner}" if owner else "",
            *(record_detail.flow_line(flow, data) for flow in self.flows),
            f"… and {more} more flows" if more > 0 else "",
        ]
        return [f"{line[:1].upper()}{line[1:]}" for line in lines if line]


def fetch_facts(session: Session, data_id: str) -> DatasetFacts:
    """Fetch the facts of a dataset.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    client = session.client
    data = client.get_data(data_id)
    flows, count = client.attached(data_id, _MAX_FLOWS)
    lines = (*changed_sources(data), *source_lines_of(session, data))
    versions = _versions(client, data_id)
    promise = record_detail.promise_line(session, data, versions)
    facts = DatasetFacts(data, versions, tuple(flows), count, (), lines, promise)
    makers = facts.makers if client.dialect.runs else []
    return replace(facts, runs=tuple(run for flow in makers for run in client.list("run", match=flow.id).page(1)))


def refetch(session: Session, facts: DatasetFacts) -> DatasetFacts:
    """Fetch what changes by itself: the versions and, where one request costs little, everything else.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    if session.is_local:
        return fetch_facts(session, facts.data.id)
    versions = _versions(session.client, facts.data.id)
    return replace(facts, versions=versions, promise=record_detail.promise_line(session, facts.data, versions))


def _versions(client: AeroClient, data_id: str) -> tuple[Version, ...]:
    return tuple(record_detail.with_newest_file(client, client.versions(data_id), data_id))
