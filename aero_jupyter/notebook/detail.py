"""One record in full: what it is, its versions, who uses it, and the line of code that loads it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.resolve import data_named, is_id
from aero_jupyter.core import policy as policies
from aero_jupyter.core.decode import text_from
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import TIMED
from aero_jupyter.notebook.columns import COLUMNS, Named
from aero_jupyter.notebook.listing import Listing
from aero_jupyter.notebook.table import missing, told
from aero_jupyter.notebook.views import Card
from aero_jupyter.notebook.words import ago, printable, shortened, size_of, span_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

#: Versions that are listed, the newest first; and flows.
_VERSIONS, _FLOWS = 8, 8


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
        return _data(listing, data, code_of(listing, row))
    return _other(listing, row)


def code_of(listing: Listing, row: Any) -> str:
    """Give the line of code that loads a record; nothing for records that are not loaded."""
    if listing.question.kind == "version":
        return f"aero.read({listing.question.query!r}, version={row.version})"
    if listing.question.kind != "data":
        return ""
    id, name = listing.id_of(row), text_from(row.name if isinstance(row, Data) else row.get("name")) or ""
    if _is_enough(listing, name, id):
        return f"aero.read({name!r})"
    told = shortened(printable(" ".join(name.split())))
    return f"aero.read({id!r})" + (f"  # {told}" if told else "")


def _is_enough(listing: Listing, name: str, id: str) -> bool:
    """Whether a name is known to mean this data and no other."""
    client, question, pages = listing.session.client, listing.question, listing.pages
    if not name:
        return False
    try:
        if client.dialect.filters:
            return client.resolve_data(name).id == id
        # Elsewhere the whole catalogue would have to be read for it.
        is_all = question.shape == "data" and not question.is_narrowed and pages.complete
        return is_all and not is_id(name) and data_named(name, pages.so_far()) is not None
    except AeroError:
        return False


def _data(listing: Listing, data: Data, code: str) -> Card:
    client = listing.session.client
    versions = _with_newest_file(client, client.versions(data.id), data.id)
    flows, count = client.attached(data.id, _FLOWS)
    lines = [
        data.description or "",
        f"id {data.id}",
        f"source {data.url}" if data.url else "",
        f"owner {owner}" if (owner := _owner(data, flows)) else "",
        _freshness(versions, [flow for flow in flows if data.id in {each.id for each in flow.outputs}]),
        *(_flow(flow, data) for flow in flows),
        f"… and {count - _FLOWS} more flows" if count > _FLOWS else "",
    ]
    shown = "\n".join(_version(version) for version in versions[: -_VERSIONS - 1 : -1])
    more = f"\n… {len(versions) - _VERSIONS} older" if len(versions) > _VERSIONS else ""
    return Card(data.name or data.id, *lines, pre=f"{shown}{more}\n\n{code}" if versions else code)


def _with_newest_file(client: AeroClient, versions: list[Version], data_id: str) -> list[Version]:
    """Ask for the file of the newest version, where a server tells it with that one only."""
    if not versions or versions[-1].file is not None:
        return versions
    try:
        newest = client.latest(data_id)
    except AeroError:
        return versions
    return [*versions[:-1], newest] if newest.id == versions[-1].id else versions


def _owner(data: Data, flows: list[Flow]) -> str:
    """Name who owns a data where the server tells, else whom the flows that make it write to."""
    makers = [flow.raw.get("email") for flow in flows if data.id in {each.id for each in flow.outputs}]
    return text_from(data.raw.get("owner") or next(filter(None, makers), "")) or ""


def _version(version: Version) -> str:
    size = size_of(version.file.size) if version.file and version.file.size is not None else ""
    parts = (f"v{version.version}", ago(version.created_at), size, version.checksum or "")
    return "  ".join(part for part in parts if part)


def _freshness(versions: list[Version], makers: list[Flow]) -> str:
    """Say how fresh a data is: "Updated 3 h ago, expected every day: on time."."""
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
