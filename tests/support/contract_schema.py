"""The notation of `server_contract`, read as an OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from support.server_contract import RECORDS, ROUTES, Route

Schema = dict[str, Any]
_TYPES: dict[str, Schema] = {
    "any": {},
    "uuid": {"type": "string", "format": "uuid"},
    "datetime": {"type": "string", "format": "date-time"},
    **{name: {"type": name} for name in ("string", "integer", "number", "boolean", "null")},
}


def parse_type(notation: str) -> Schema:
    """Parse a type, its choices and its default.

    Examples
    --------
    >>> parse_type("[string | null] = []")
    {'type': 'array', 'items': {'anyOf': [{'type': 'string'}, {'type': 'null'}]}, 'default': []}
    """
    notation, _, default = notation.partition(" = ")
    choices = [_parse_choice(each) for each in _split_choices(notation)]
    schema = dict(choices[0]) if len(choices) == 1 else {"anyOf": choices}
    return {**schema, "default": json.loads(default)} if default else schema


def _parse_choice(notation: str) -> Schema:
    inner = notation[1:-1]
    if notation.startswith("["):
        return {"type": "array", "items": parse_type(inner)}
    if notation.startswith("{"):
        return {"type": "object", "additionalProperties": inner == "any" or parse_type(inner)}
    return _TYPES.get(notation, {"$ref": f"#/components/schemas/{notation}"})


def _split_choices(notation: str) -> list[str]:
    """Split at each bar outside of brackets."""
    parts, depth = [""], 0
    for mark in notation:
        depth += (mark in "[{") - (mark in "]}")
        if mark == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += mark
    return [part.strip() for part in parts]


def _parse_record(fields: Mapping[str, str]) -> Schema:
    required = [name[:-1] for name in fields if name.endswith("*")]
    properties = {name.rstrip("*"): parse_type(notation) for name, notation in fields.items()}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _parse_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for place, fields in (("path", route.path), ("query", route.query), ("header", route.headers)):
        for name, notation in fields.items():
            required = place == "path" or name.endswith("*")
            yield {"name": name.rstrip("*"), "in": place, "required": required, "schema": parse_type(notation)}


def _content(notation: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": parse_type(notation)}}}


def _parse_route(route: Route) -> dict[str, Any]:
    refusals = {"404": {}, "422": _content("HTTPValidationError")}
    responses = {"200": _content(route.returns), **{status: refusals[status] for status in route.refusals}}
    operation = {"parameters": list(_parse_parameters(route)), "responses": responses}
    if route.body is not None:
        operation["requestBody"] = _content(route.body)
        if "null" not in _split_choices(route.body):
            operation["requestBody"]["required"] = True
    return operation


def contract_description() -> dict[str, Any]:
    """Build the OpenAPI description of the newest AERO server from the table."""
    paths: dict[str, dict[str, Any]] = {}
    for name, route in ROUTES.items():
        method, path = name.split(" ")
        paths.setdefault(path, {})[method.lower()] = _parse_route(route)
    return {"paths": paths, "components": {"schemas": {name: _parse_record(each) for name, each in RECORDS.items()}}}
