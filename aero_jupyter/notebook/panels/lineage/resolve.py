"""Lineage of a name, an id, or an object that aero_jupyter returned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.lineage import Lineage
from aero_jupyter.core.errors import InvalidArgument, NotFound, UnknownName
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.session.reading import version_number

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient


def lineage_of(client: AeroClient, x: object) -> Lineage:
    """Return the lineage of a name, an id, or an object that came from a server.

    Raises
    ------
    InvalidArgument
        If the object does not come from AERO.
    UnknownName
        If there is no such dataset, flow or run.
    """
    inner = getattr(x, "flow", None) or getattr(x, "run", None)
    x = inner if isinstance(inner, (Flow, Run)) else x
    if recorded := _recorded_source(x):
        return client.lineage(str(recorded["data_id"]), int(recorded["version"]))
    if isinstance(x, Version):
        return client.lineage(x.data_id, x.version)
    if isinstance(x, Data):
        return client.lineage(x.id)
    if isinstance(x, Flow):
        return client.lineage(_main_dataset(x).id)
    if isinstance(x, Run):
        return client.lineage_of_run(x)
    if isinstance(x, str) and x.strip():
        return _lineage_of_text(client, x.strip())
    raise InvalidArgument(
        f"A {type(x).__name__} has no recorded lineage.",
        "Pass a name, an id, or what aero returned: a dataset, version, flow, run, or a DataFrame it read.",
    )


def fetch_again(client: AeroClient, lineage: Lineage) -> Lineage:
    """Return the lineage of the same start as it is now."""
    return client.lineage_of_run(lineage.run) if lineage.run else client.lineage(lineage.data.id, lineage.version)


def has_lineage(x: object) -> bool:
    """Return whether an object came from AERO and has a lineage."""
    inner = getattr(x, "flow", None) or getattr(x, "run", None)
    return bool(_recorded_source(x)) or isinstance(x, (Data, Version, Flow, Run)) or isinstance(inner, (Flow, Run))


def _recorded_source(x: object) -> Mapping[str, Any] | None:
    """Return the dataset and the version that a table, or a column of one, was read from."""
    attrs = getattr(x, "attrs", None)
    recorded = attrs.get("aero") if isinstance(attrs, Mapping) else None
    return recorded if isinstance(recorded, Mapping) and {"data_id", "version"} <= set(recorded) else None


def _main_dataset(flow: Flow) -> Data:
    ends = flow.outputs or flow.inputs
    if not ends:
        raise InvalidArgument(
            f"Flow {flow.id[:8]} has neither inputs nor outputs.", f"See its runs with aero.monitor({flow.id!r})."
        )
    return ends[0]


def _lineage_of_text(client: AeroClient, text: str) -> Lineage:
    ref = VersionRef.parse(text)
    if ref.version is not None or ref.as_of is not None:
        data_id = client.resolve_data(ref.name).id
        return client.lineage(data_id, version_number(client, data_id, ref))
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
        # It may be the id of a run.
        pass
    try:
        return client.get_run(text) if client.dialect.runs else None
    except NotFound:
        return None
