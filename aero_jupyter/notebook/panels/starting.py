"""Where a lineage begins: by a name, an id, or anything that AERO gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.core.errors import InvalidArgument, NotFound, UnknownName
from aero_jupyter.core.models import Data, Flow, Run, Version

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

_NUMBERED = re.compile(r"(.+)@v?(\d+)")


def lineage_of(client: AeroClient, x: Any) -> Lineage:
    """Give the lineage of a name, an id, or of something that a server told.

    Raises
    ------
    InvalidArgument
        If that is nothing that AERO gave.
    UnknownName
        If there is no such data, flow or run.
    """
    inner = getattr(x, "flow", None) or getattr(x, "run", None)
    x = inner if isinstance(inner, (Flow, Run)) else x
    if told := _told(x):
        return client.lineage(str(told["data_id"]), int(told["version"]))
    if isinstance(x, Version):
        return client.lineage(x.data_id, x.version)
    if isinstance(x, Data):
        return client.lineage(x.id)
    if isinstance(x, Flow):
        return client.lineage(_end(x).id)
    if isinstance(x, Run):
        return client.lineage_of_run(x)
    if isinstance(x, str) and x.strip():
        return _named(client, x.strip())
    raise InvalidArgument(
        f"A {type(x).__name__} does not say where it came from.",
        "Give a name, an id, or what aero gave: a data, version, flow, run, or a DataFrame it read.",
    )


def came_from_aero(x: object) -> bool:
    """Tell whether AERO gave something that has a lineage."""
    inner = getattr(x, "flow", None) or getattr(x, "run", None)
    return bool(_told(x)) or isinstance(x, (Data, Version, Flow, Run)) or isinstance(inner, (Flow, Run))


def _told(x: object) -> Mapping[str, Any] | None:
    """Give what a table, or a part of one, remembers of where it was read."""
    attrs = getattr(x, "attrs", None)
    told = attrs.get("aero") if isinstance(attrs, Mapping) else None
    return told if isinstance(told, Mapping) and {"data_id", "version"} <= set(told) else None


def _end(flow: Flow) -> Data:
    ends = flow.outputs or flow.inputs
    if not ends:
        raise InvalidArgument(
            f"Flow {flow.id[:8]} has neither inputs nor outputs.", f"See its runs with aero.monitor({flow.id!r})."
        )
    return ends[0]


def _named(client: AeroClient, text: str) -> Lineage:
    numbered = _NUMBERED.fullmatch(text)
    if numbered:
        return client.lineage(client.resolve_data(numbered[1]).id, int(numbered[2]))
    try:
        data = client.resolve_data(text)
    except (UnknownName, NotFound) as unknown:
        found = _flow_or_run(client, text)
        if found is None:
            raise unknown from None
        return lineage_of(client, found)
    return client.lineage(data.id)


def _flow_or_run(client: AeroClient, text: str) -> Flow | Run | None:
    try:
        return client.resolve_flow(text)
    except UnknownName:
        return None
    except NotFound:
        # A whole id that is no flow's.
        pass
    try:
        return client.get_run(text) if client.dialect.runs else None
    except NotFound:
        return None
