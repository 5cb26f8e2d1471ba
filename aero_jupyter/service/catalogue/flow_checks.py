"""Checks of a registration before anything of it is stored."""

from __future__ import annotations

from aero_jupyter.core.name_rules import normalize_arguments, normalize_output_names, normalize_parameters
from aero_jupyter.core.policy import DOWNLOADING, PolicyEnum
from aero_jupyter.service.catalogue.flow_cycles import require_no_cycle
from aero_jupyter.service.clusters.registry import read_clusters
from aero_jupyter.service.storage.connection import DB, RequestError, Row
from aero_jupyter.service.storage.database import Store

NIL = "00000000-0000-0000-0000-000000000000"


def normalize_names(body: Row) -> Row:
    """Return a registration with its names in NFC; raise if a name cannot be used everywhere."""
    return body | {
        "input_data": normalize_parameters(body["input_data"]),
        "output_data": normalize_output_names(body["output_data"]),
        "flow_kwargs": normalize_arguments(body["flow_kwargs"]),
    }


def require_runnable(db: DB, store: Store, body: Row, policy: PolicyEnum, digest: str) -> None:
    """Raise if a registration exists already or could not run."""
    known = "SELECT id FROM flow WHERE function_id = ? AND arg_hash = ? AND id IS NOT ?"
    if db.row(known, (body["function_uuid"], digest, body.get("replaces"))):
        cure = "Change the function, its inputs or its outputs; or use the flow that is registered already."
        raise RequestError(409, "Flow already exists", cure)
    clusters = {each.id for each in read_clusters(store.home)} if body["gc_endpoint"] != store.endpoint else set()
    if body["gc_endpoint"] not in {store.endpoint, *clusters}:
        raise RequestError(
            422, f"The endpoint {body['gc_endpoint']} does not exist here; the local endpoint is {store.endpoint}."
        )
    function = db.row("SELECT id FROM function WHERE id = ?", (body["function_uuid"],))
    pulled = policy in DOWNLOADING
    if function is None and not (pulled and body["function_uuid"] == NIL):
        raise RequestError(422, f"Function {body['function_uuid']} is not registered here.")
    for role in ("pull", "commit"):
        id = body[f"{role}_function_uuid"]
        if id not in (None, NIL) and not db.row("SELECT id FROM function WHERE id = ?", (id,)):
            cure = f"Register it first, or send null as {role}_function_uuid for the {role} function of the local AERO."
            raise RequestError(422, f"The {role} function {id} is not registered here.", cure)
    if pulled and body["input_data"]:
        raise RequestError(422, "An ingestion has a source, not inputs.")
    if pulled and not any(entry.get("url") for entry in body["output_data"].values()):
        raise RequestError(422, "An ingestion needs an output with the url of its source.")
    _require_alignable(policy, body)
    inputs, outputs = (
        {str(entry["id"]) for entry in body[side].values() if entry.get("id")} for side in ("input_data", "output_data")
    )
    require_no_cycle(db, inputs, outputs, body.get("replaces"))


def _require_alignable(policy: PolicyEnum, body: Row) -> None:
    if not body.get("aligned"):
        return
    if policy is not PolicyEnum.ALL:
        raise RequestError(
            422, "Only a flow with policy ALL waits for aligned inputs.", "Choose policy ALL, or leave it out."
        )
    pinned = next((name for name, entry in body["input_data"].items() if entry.get("version")), None)
    if pinned is not None:
        text = f"Input {pinned} is pinned to one version, so the inputs cannot be aligned."
        raise RequestError(422, text, "Leave its version out, or register the flow without aligned inputs.")
