"""Where functions run: the endpoints of Globus Compute, as rows and by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from aero_jupyter.core.errors import UnknownName

Row = dict[str, Any]


def listed(client: Any, with_status: bool = False) -> list[Row]:
    """List the endpoints that a Compute client may use.

    Parameters
    ----------
    client : globus_compute_sdk.Client
    with_status : bool
        Whether to ask each for its status, a request each.
    """
    return [_row(each, client if with_status else None) for each in client.get_endpoints()]


def _row(record: Mapping[str, Any], client: Any) -> Row:
    name = record.get("name") or record.get("display_name")
    row = {"id": record["uuid"], "name": name, "owner": record.get("owner")}
    return row if client is None else {**row, "status": client.get_endpoint_status(record["uuid"]).get("status")}


def chosen(name: str, known: Callable[[], list[Row]]) -> str:
    """Give the id of an endpoint; only a name is looked up.

    Raises
    ------
    UnknownName
        If there is no such endpoint, or several of that name.
    """
    try:
        return str(UUID(name))
    except ValueError:
        rows = known()
    found = tuple(str(row["id"]) for row in rows if row["name"] == name)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(
            f"Several endpoints are called {name!r}.", f"Name one by its id: {', '.join(found)}.", candidates=found
        )
    names = tuple(sorted(str(row["name"]) for row in rows))
    raise UnknownName(f"There is no endpoint {name!r}.", f"There are: {', '.join(names) or 'none'}.", candidates=names)
