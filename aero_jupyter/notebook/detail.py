"""One record in full: what it is, its versions, who uses it, and the line of code that loads it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import TIMED
from aero_jupyter.notebook.columns import COLUMNS, Named
from aero_jupyter.notebook.listing import Listing
from aero_jupyter.notebook.table import missing, told
from aero_jupyter.notebook.views import Card
from aero_jupyter.notebook.words import ago, size_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

#: Versions that are listed, the newest first.
_VERSIONS = 8


def detail_of(listing: Listing, row: Any) -> Card:
    """Show one record of a listing.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    client = listing.session.client
    if listing.question.kind == "data":
        data = row if isinstance(row, Data) else client.get_data(listing.id_of(row))
        return _data(client, data)
    return _other(listing, row)


def code_of(listing: Listing, row: Any) -> str:
    """Give the line of code that loads a record; nothing for records that are not loaded."""
    if listing.question.kind == "version":
        return f"aero.read({listing.question.query!r}, version={row.version})"
    if listing.question.kind != "data":
        return ""
    name = row.name if isinstance(row, Data) else row.get("name")
    return f"aero.read({name or listing.id_of(row)!r})"


def _data(client: AeroClient, data: Data) -> Card:
    versions = client.versions(data.id)
    flows = [
        flow for flow in client.list("flow").all() if data.id in {each.id for each in (*flow.inputs, *flow.outputs)}
    ]
    lines = [
        data.description or "",
        f"id {data.id}",
        f"source {data.url}" if data.url else "",
        f"owner {owner}" if (owner := _owner(data, flows)) else "",
        _freshness(versions, [flow for flow in flows if data.id in {each.id for each in flow.outputs}]),
        *(_flow(flow, data) for flow in flows),
    ]
    shown = "\n".join(_version(version) for version in versions[: -_VERSIONS - 1 : -1])
    more = f"\n… {len(versions) - _VERSIONS} older" if len(versions) > _VERSIONS else ""
    code = f"aero.read({data.name or data.id!r})"
    return Card(data.name or data.id, *lines, pre=f"{shown}{more}\n\n{code}" if versions else code)


def _owner(data: Data, flows: list[Flow]) -> str:
    """Name who owns a data where the server tells, else whom the flows that make it write to."""
    makers = [flow.raw.get("email") for flow in flows if data.id in {each.id for each in flow.outputs}]
    return str(data.raw.get("owner") or next(filter(None, makers), ""))


def _version(version: Version) -> str:
    size = size_of(version.file.size) if version.file and version.file.size is not None else ""
    parts = (f"v{version.version}", ago(version.created_at), size, (version.checksum or "")[:16])
    return "  ".join(part for part in parts if part)


def _freshness(versions: list[Version], makers: list[Flow]) -> str:
    """Say how fresh a data is: "updated 3 h ago, expected daily: on time"."""
    if not versions:
        return "No version yet."
    newest = versions[-1].created_at
    updated = f"Updated {ago(newest)}"
    timed = [flow for flow in makers if flow.policy in TIMED and flow.timer]
    if not timed or newest is None:
        return f"{updated}."
    flow = timed[0]
    checked = max(time for time in (newest, flow.last_executed) if time is not None)
    late = policies.is_overdue(checked, flow.timer or 0, datetime.now(timezone.utc))
    return f"{updated}, {policies.in_words(flow.policy, flow.timer)}: {'late ▲' if late else 'on time'}."


def _flow(flow: Flow, data: Data) -> str:
    made = data.id in {each.id for each in flow.outputs}
    name = flow.function_name or flow.description or flow.id[:8]
    return f"{'made by' if made else 'used by'} {name} ({policies.in_words(flow.policy, flow.timer)})"


def _other(listing: Listing, row: Any) -> Card:
    lines = []
    for name, _, read in COLUMNS[listing.question.shape]:
        value = read(row)
        if missing(value) or value == "":
            continue
        whole = str(value) if name == "id" or isinstance(value, Named) else told(name, value, listing.asked)
        lines.append(f"{name}: {whole}")
    runs = listing.session.client.dialect.runs
    run = listing.session.client.get_run(row.id) if isinstance(row, Run) and runs else row
    story = (run.log or run.traceback or "") if isinstance(run, Run) else ""
    return Card(f"{listing.question.in_words()} · {listing.id_of(row)[:8]}", *lines, pre=story)
