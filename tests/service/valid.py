"""What schemathesis is told of a local AERO, so that it gets past the ids: see `test_fuzz`."""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import schemathesis

KNOWN: dict[str, Any] = json.loads(os.environ["AERO_FUZZ"])
#: What the newest server's description leaves open, and is looked at one by one here.
_OPEN = {"input_data", "output_data", "tags", "flow_kwargs"}


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Ask for what is there, where an id of the right form was made up."""
    path = context.operation.path
    if not path_parameters:
        return path_parameters
    if "collection" in path_parameters:
        file = {"file": KNOWN["made"]["file_bn"]} if context.operation.method.upper() == "GET" else {}
        return {**path_parameters, "collection": KNOWN["collection"], **file}
    kept = {**path_parameters}
    for name, value in path_parameters.items():
        kind = next((kind for kind in KNOWN["paths"] if path.startswith(kind)), None)
        if kind and (_is_id(value) or "/compute/" in path):
            kept[name] = KNOWN["paths"][kind]
    return kept


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Name what is there in the body of a request, where an id of the right form was made up."""
    if not isinstance(body, dict):
        return body
    named = {key: KNOWN["ids"][key] for key, value in body.items() if key in KNOWN["ids"] and _is_id(value)}
    return {**body, **named, **_entries(context.operation.path, {**body, **named})}


def _entries(path: str, body: dict[str, Any]) -> dict[str, Any]:
    made = body.get("output_data")
    used = body.get("input_data")
    if (
        path == "/flow/register"
        and isinstance(made, dict)
        and isinstance(used, dict)
        and isinstance(body.get("tags"), list)
    ):
        outputs = {name: {"description": name} for name in made}
        return {"output_data": outputs, "input_data": {"x": {"id": KNOWN["ids"]["data"]}}, "tags": list(outputs)}
    if path == "/prov/new" and _flat(made) and _flat(used):
        return {"output_data": {"o": {**next(iter(made.values()), {}), **KNOWN["made"]}}, "input_data": {}}
    if path.endswith("/submit") and isinstance(body.get("tasks"), dict):
        return {"tasks": dict(zip([KNOWN["ids"]["function_uuid"]], body["tasks"].values(), strict=False))}
    return {}


def _flat(entries: Any) -> bool:
    return isinstance(entries, dict) and all(isinstance(entry, dict) for entry in entries.values())


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep each failure but three that no schema can tell apart.

    What has the right form may be refused for what it means (a query's grammar, an id that is not here, a field that
    the newest server's description leaves open): in a sentence, never as a list of fields. And what is deleted at
    /data/{id}/flows are the flows, not the list of them. And a link that the tool infers may lead to None.
    """
    kind = type(failure).__name__
    if kind == "UseAfterFree":
        return case.operation.path != "/data/{id}/flows"
    if kind != "RejectedPositiveData":
        return True
    if None in (case.path_parameters or {}).values() or "None" in (case.path_parameters or {}).values():
        return False
    detail = response.json().get("detail")
    fields = {part["loc"][1] for part in detail if len(part["loc"]) > 1} if isinstance(detail, list) else set()
    return isinstance(detail, list) and not fields & _OPEN
