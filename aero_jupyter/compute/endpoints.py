"""The endpoints of Globus Compute: listing, and resolution by name."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from typing import Any  # the Compute SDK, which has no types
from uuid import UUID

from aero_jupyter.core.errors import UnknownName
from aero_jupyter.core.suggestions import suggest

Row = dict[str, Any]

#: Maximum number of endpoints whose status is fetched, one request each: the service accepts twenty in ten seconds.
STATUS_LIMIT = 15


def list_endpoints(client: Any, with_status: bool = False, *, everyones: bool = False) -> list[Row]:
    """List the endpoints that a Compute client may use.

    Parameters
    ----------
    client : globus_compute_sdk.Client
    with_status : bool
        Whether to ask the first `STATUS_LIMIT` for their status and their Python, two requests each.
    everyones : bool
        Whether to list those of others too.
    """
    records = client.get_endpoints(role="any") if everyones else client.get_endpoints()
    rows = [row_of(each) for each in records]
    for row in rows[:STATUS_LIMIT] if with_status else []:
        row["status"] = client.get_endpoint_status(row["id"]).get("status")
        row["python"] = row["python"] or row_of(client.get_endpoint_metadata(row["id"]))["python"]
    return rows


def row_of(record: Mapping[str, Any]) -> Row:
    """Read the record of an endpoint."""
    metadata = record.get("metadata")
    python = metadata.get("python_version") if isinstance(metadata, Mapping) else None
    name = record.get("name") or record.get("display_name")
    return {"id": record["uuid"], "name": name, "status": None, "python": python, "owner": record.get("owner")}


def schema_of(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the JSON schema of the options of an endpoint's template; None if the endpoint publishes none."""
    metadata = record.get("metadata")
    schema = metadata.get("user_config_schema") if isinstance(metadata, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def endpoint_warning(row: Mapping[str, Any], python: str | None = None) -> str | None:
    """Return a warning if an endpoint is offline or has another Python version; otherwise None.

    Parameters
    ----------
    python : str, optional
        The version of Python to compare with; by default this one's.
    """
    ours, theirs = (_minor(version) for version in (python or platform.python_version(), row.get("python")))
    parts = ["is offline, and works when it is back"] if row.get("status") == "offline" else []
    if theirs and theirs != ours:
        parts.append(f"runs Python {theirs}, and this notebook {ours}")
    return f"▲ Endpoint {row.get('name') or row.get('id')} {'; it '.join(parts)}." if parts else None


def _minor(version: str | None) -> str | None:
    return ".".join(version.split(".")[:2]) if version else None


def resolve_endpoint(name: str, list_known: Callable[[], list[Row]]) -> str:
    """Return the id of an endpoint; only a name needs a request.

    Raises
    ------
    UnknownName
        If there is no such endpoint, or several of that name.
    """
    try:
        return str(UUID(name))
    except ValueError:
        rows = list_known()
    found = tuple(str(row["id"]) for row in rows if row["name"] == name)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(
            f"Several endpoints are called {name!r}.", f"Name one by its id: {', '.join(found)}.", candidates=found
        )
    names = tuple(sorted(str(row["name"]) for row in rows))
    cure = f"{suggest(name, names)} List them with %aero_endpoints"
    raise UnknownName(f"There is no endpoint {name!r}.", cure, candidates=names)
