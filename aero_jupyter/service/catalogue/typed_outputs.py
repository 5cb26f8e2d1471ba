"""Outputs of ingestions that name a source type: the source joins the type, and the type's dataset is the output."""

from __future__ import annotations

from typing import Any

from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.name_rules import source_type_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.catalogue.source_types import dataset_of_type, join_type, require_type_of_pattern
from aero_jupyter.service.storage.connection import DB, RequestError, Row

_MAKERS = (
    "SELECT f.id, c.code FROM flow f JOIN flow_output o ON o.flow_id = f.id "
    "LEFT JOIN function c ON c.id = f.function_id WHERE o.data_id = ? ORDER BY f.seq"
)


def flow_that_was_joined(db: DB, body: Row, policy: PolicyEnum) -> str | None:
    """Add the source of a registration to its existing type; return the flow that downloads it already.

    Returns
    -------
    str or None
        The id of the flow; None if the registration is a new flow.

    Raises
    ------
    RequestError
        If the URL is a pattern without a type or on a schedule, if the type keeps no copies, or if another function
        makes the dataset of the type.
    """
    for entry in body["output_data"].values():
        type_name, url = _type_of(entry), entry.get("url")
        if not url:
            if type_name:
                raise RequestError(422, f"Type {type_name} needs the url of its source.")
            continue
        require_type_of_pattern(url, type_name)
        if policy is not PolicyEnum.INGESTION_EVENT and is_source_pattern(url):
            cure = "Use the policy INGESTION_EVENT: a notification names the object."
            raise RequestError(422, "A pattern cannot be downloaded on a schedule.", cure)
        if type_name and (flow_id := _joined(db, type_name, entry, body)):
            return flow_id
    return None


def _type_of(entry: Row) -> str | None:
    return None if entry.get("type") is None else source_type_name(entry["type"])


def _joined(db: DB, type_name: str, entry: Row, body: Row) -> str | None:
    data = dataset_of_type(db, type_name)
    if data is None:
        return None
    if data["no_copy"]:
        raise RequestError(409, f"Type {type_name} exists already and keeps no copies.", "Choose another type.")
    if entry.get("id") not in (None, data["id"]):
        raise RequestError(409, f"Type {type_name} belongs to the dataset {data['name']}.", "Choose another type.")
    makers = [row for row in db.rows(_MAKERS, (data["id"],)) if row["id"] != body.get("replaces")]
    if not makers:
        entry["id"] = data["id"]
        return None
    function = db.row("SELECT code FROM function WHERE id = ?", (body["function_uuid"],))
    if makers[0]["code"] != (function or {}).get("code"):
        text = f"Type {type_name} belongs to {data['name']}, which flow {makers[0]['id']} makes with another function."
        raise RequestError(409, text, "Choose another type, or register with the same function to add the URL.")
    join_type(db, type_name, data["id"], entry["url"])
    return str(makers[0]["id"])


def join_types(db: DB, outputs: dict[str, Any], ids: dict[str, str]) -> None:
    """Add the sources of a new flow to their types; create the types that do not exist.

    Parameters
    ----------
    ids : dict
        The id of the dataset of each output.
    """
    for name, entry in outputs.items():
        if (type_name := _type_of(entry)) is not None:
            join_type(db, type_name, ids[name], entry["url"])
