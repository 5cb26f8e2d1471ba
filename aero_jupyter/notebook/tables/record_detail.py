"""Card of one record: a dataset with its versions, its flows and the code that loads it; or all columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from aero_jupyter.client.name_resolution import is_id, match_data
from aero_jupyter.core import policy as policies
from aero_jupyter.core.decode_values import text_from
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import TIMED
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.formatting import ago, elide_middle, printable, size_of, span_of
from aero_jupyter.notebook.record_facts import changed_sources, drift_line
from aero_jupyter.notebook.source_facts import source_lines_of
from aero_jupyter.notebook.tables.cell_format import format_cell, is_missing
from aero_jupyter.notebook.tables.columns import Named, Row, readers_of
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.session.promises import freshness_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

#: Maximum number of versions and flows that are listed.
_MAX_VERSIONS, _MAX_FLOWS = 8, 8


def detail_of(listing: QueryResult, row: Row) -> Card:
    """Build a card with one record of a query result.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    client = listing.session.client
    if listing.question.kind == "data":
        data = row if isinstance(row, Data) else client.get_data(listing.id_of(row))
        return _data(listing, data, code_of(listing, row))
    return _other(listing, row)


def code_of(listing: QueryResult, row: Row) -> str:
    """Return the line of code that loads a record; an empty string for records that cannot be loaded."""
    if listing.question.kind == "version":
        return f"aero.read({listing.question.query!r}, version={row.version})"
    if listing.question.kind != "data":
        return ""
    id, name = listing.id_of(row), text_from(row.name if isinstance(row, Data) else row.get("name")) or ""
    if _is_name_unique(listing, name, id):
        return f"aero.read({name!r})"
    shown_name = elide_middle(printable(" ".join(name.split())))
    return f"aero.read({id!r})" + (f"  # {shown_name}" if shown_name else "")


def _is_name_unique(listing: QueryResult, name: str, id: str) -> bool:
    """Return whether a name is known to resolve to this dataset."""
    client, question, pages = listing.session.client, listing.question, listing.pages
    if not name:
        return False
    try:
        if client.dialect.filters:
            return client.resolve_data(name).id == id
        # Other servers would need a scan of the whole catalogue.
        is_all = question.shape == "data" and not question.is_narrowed and pages.is_complete
        return is_all and not is_id(name) and match_data(name, pages.loaded_items()) is not None
    except AeroError:
        return False


def _data(listing: QueryResult, data: Data, code: str) -> Card:
    client = listing.session.client
    versions = with_newest_file(client, client.versions(data.id), data.id)
    flows, count = client.attached(data.id, _MAX_FLOWS)
    lines = [
        data.description or "",
        f"id {data.id}",
        f"source {redact_url(data.url)}" if data.url else "",
        *changed_sources(data),
        *source_lines_of(listing.session, data),
        f"owner {owner}" if (owner := owner_of(data, flows)) else "",
        freshness(versions, [flow for flow in flows if data.id in {each.id for each in flow.outputs}]),
        promise_line(listing.session, data, versions),
        *(flow_line(flow, data) for flow in flows),
        f"… and {count - _MAX_FLOWS} more flows" if count > _MAX_FLOWS else "",
    ]
    shown = "\n".join(_version(version) for version in versions[: -_MAX_VERSIONS - 1 : -1])
    more = f"\n… {len(versions) - _MAX_VERSIONS} older" if len(versions) > _MAX_VERSIONS else ""
    return Card(data.name or data.id, *lines, pre=f"{shown}{more}\n\n{code}" if versions else code)


def with_newest_file(client: AeroClient, versions: list[Version], data_id: str) -> list[Version]:
    """Fetch the file of the newest version, if the server sends files with that version only."""
    if not versions or versions[-1].file is not None:
        return versions
    try:
        newest = client.latest(data_id)
    except AeroError:
        return versions
    return [*versions[:-1], newest] if newest.id == versions[-1].id else versions


def owner_of(data: Data, flows: list[Flow]) -> str:
    """Return the owner of a dataset, else of the flows that make it; empty if the server sends neither."""
    owners = [flow.owner for flow in flows if data.id in {each.id for each in flow.outputs}]
    return data.owner or next(filter(None, owners), "")


def _version(version: Version) -> str:
    size = size_of(version.file.size) if version.file and version.file.size is not None else ""
    warned = "▲ checks warned" if version.has_warnings else ""
    parts = (f"v{version.version}", ago(version.created_at), size, warned, drift_line(version), version.checksum or "")
    return "  ".join(part for part in parts if part)


def freshness(versions: list[Version], makers: list[Flow]) -> str:
    """Return the freshness of a dataset: "Updated 3 h ago, expected every day: on time."."""
    if not versions:
        return "No version yet."
    newest = versions[-1].created_at
    updated = f"Updated {ago(newest)}"
    timed = [flow for flow in makers if flow.policy in TIMED and flow.timer]
    if not timed or newest is None:
        return f"{updated}."
    flow, now = timed[0], datetime.now(timezone.utc)
    timer = flow.timer or 0
    checked = max(time for time in (newest, flow.last_executed) if time is not None)
    late = span_of((now - checked).total_seconds() - timer) if policies.is_overdue(checked, timer, now) else ""
    return f"{updated}, expected {policies.every(timer)}: {f'{late} late ▲' if late else 'on time'}."


def promise_line(session: Session, data: Data, versions: Sequence[Version]) -> str:
    """Return the state of the freshness promise of a dataset; empty if nothing is promised."""
    state = freshness_of(session, data, list(versions), datetime.now(timezone.utc))
    return "" if state is None else str(state)


def flow_line(flow: Flow, data: Data) -> str:
    """Return how a flow uses a dataset: "made by clean (every day)"."""
    made = data.id in {each.id for each in flow.outputs}
    name = flow.function_name or flow.description or flow.id[:8]
    return f"{'made by' if made else 'used by'} {name} ({policies.in_words(flow.policy, flow.timer)})"


def _other(listing: QueryResult, row: Row) -> Card:
    lines = []
    for name, read in readers_of(listing.question.shape).items():
        value = read(row)
        if is_missing(value) or value == "":
            continue
        text = str(value) if name == "id" or isinstance(value, Named) else format_cell(name, value, listing.asked)
        lines.append(f"{name}: {text}")
    runs = listing.session.client.dialect.runs
    run = listing.session.client.get_run(row.id) if isinstance(row, Run) and runs else row
    log = (run.log or run.traceback or "") if isinstance(run, Run) else ""
    return Card(f"{listing.question.in_words()} · {listing.id_of(row)[:8]}", *lines, pre=log)
