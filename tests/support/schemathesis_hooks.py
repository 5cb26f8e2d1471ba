"""The schemathesis hooks for a local AERO: they substitute valid ids, see `test_fuzz`."""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import schemathesis

KNOWN: dict[str, Any] = json.loads(os.environ["AERO_FUZZ"])
#: Fields that the newest server's description leaves open and the service validates one by one.
_OPEN = {"input_data", "output_data", "tags", "flow_kwargs"}


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Substitute ids of existing records for valid but invented ids in a path."""
    path = context.operation.path
    if not path_parameters:
        return path_parameters
    if "collection" in path_parameters:
        file = {"file": KNOWN["made"]["file_bn"]} if context.operation.method.upper() in ("GET", "HEAD") else {}
        return {**path_parameters, "collection": KNOWN["collection"], **file}
    kept = {**path_parameters}
    for name, value in path_parameters.items():
        kind = next((kind for kind in KNOWN["paths"] if path.startswith(kind)), None)
        if kind and (_is_id(value) or "/compute/" in path):
            kept[name] = KNOWN["paths"][kind]
    return kept


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Substitute ids of existing records for valid but invented ids in a body."""
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
    tasks = body.get("tasks")
    if path.endswith("/submit") and isinstance(tasks, dict) and len(tasks) == 1 and len(next(iter(tasks))) <= 1_000:
        return {"tasks": {KNOWN["ids"]["function_uuid"]: next(iter(tasks.values()))}}
    return {}


def _flat(entries: Any) -> bool:
    """Return whether the description holds of the entries: one that it refuses stays as it is, to be refused."""
    return isinstance(entries, dict) and all(
        isinstance(entry, dict) and all(_is_value(value) for value in entry.values()) for entry in entries.values()
    )


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return all(each is None or isinstance(each, str) for each in value)
    return value is None or isinstance(value, (str, bool, int, float))


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep each failure but four that no schema can tell apart.

    A head that is too long is refused with 431, which the tool does not count as a refusal. What has the right form
    may be refused for what it means (a query's grammar, an id that is not here, a field that the newest server's
    description leaves open): in a sentence, never as a list of fields. And what is deleted at /data/{id}/flows are
    the flows, not the list of them. And a link that the tool infers may lead to None.
    """
    kind = type(failure).__name__
    if kind == "UseAfterFree":
        return case.operation.path != "/data/{id}/flows"
    if kind == "AcceptedNegativeData":
        return bool(response.status_code != 431)
    if kind != "RejectedPositiveData":
        return True
    if None in (case.path_parameters or {}).values() or "None" in (case.path_parameters or {}).values():
        return False
    if case.operation.method.upper() == "HEAD":
        # The reason of a refusal is in the body, which a HEAD has not.
        return False
    detail = response.json().get("detail")
    fields = {part["loc"][1] for part in detail if len(part["loc"]) > 1} if isinstance(detail, list) else set()
    return isinstance(detail, list) and not fields & _OPEN
