"""The interface of the newest AERO server: its routes, their fields and types, as facts alone.

`contract_schema` reads the notation: `name*` is required, `[X]` is a list of X, `{X}` an object with values X,
and `= X` gives the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class Route(NamedTuple):
    """The parameters, the body, the result and the refusals of a route."""

    returns: str
    path: Mapping[str, str] = NO_FIELDS
    query: Mapping[str, str] = NO_FIELDS
    headers: Mapping[str, str] = NO_FIELDS
    body: str | None = None
    refusals: tuple[str, ...] = ("404", "422")


RECORDS: dict[str, dict[str, str]] = {
    "AttachedFlowOut": {
        "description": "string | null",
        "flow_id*": "uuid",
        "last_executed": "datetime | null",
        "policy": "integer | null",
        "role*": "string",
        "timer_job_id": "uuid | null",
    },
    "Data": {
        "collection_url": "string | null",
        "collection_uuid": "uuid | null",
        "description": "string | null",
        "id": "uuid",
        "name*": "string",
        "no_copy": "boolean = false",
        "url": "string | null",
    },
    "DataFile": {
        "encoding": 'string = "utf-8"',
        "file_name*": "string",
        "file_type": "string | null",
        "id": "uuid",
        "size*": "number",
        "version_id*": "uuid",
    },
    "DataVersion": {
        "checksum": "string | null",
        "created_at": "datetime",
        "data_id": "uuid | null",
        "id": "uuid",
        "source_key": "string | null",
        "version": "integer | null",
    },
    "DeletedFlowOut": {
        "description": "string | null",
        "flow_id*": "uuid",
        "last_executed": "datetime | null",
        "policy": "integer | null",
        "provenance_deleted": "integer = 0",
        "role*": "string",
        "timer": "string | null",
        "timer_job_id": "uuid | null",
    },
    "FlowIn": {
        "commit_function_uuid*": "uuid | null",
        "description": "string | null",
        "email": "string | null",
        "flow_kwargs": "{any} | [any] = {}",
        "function_uuid": 'uuid = "00000000-0000-0000-0000-000000000000"',
        "gc_endpoint*": "uuid",
        "input_data": "{any} = {}",
        "output_data": "{any} = {}",
        "pull_function_uuid*": "uuid | null",
        "rule": "integer | null",
        "tags": "[any] = []",
        "timer": "integer = 86400",
    },
    "FlowOut": {
        "arg_hash": "string | null",
        "commit_function_id": "uuid | null",
        "contributed_to": "[Data]",
        "derived_from": "[Data]",
        "description": "string | null",
        "email": "string | null",
        "function_args": "{any} | [any]",
        "function_id*": "uuid | null",
        "id*": "uuid",
        "last_executed": "datetime | null",
        "policy*": "integer",
        "pull_function_id": "uuid | null",
        "timer": "integer | null",
        "timer_job_id": "uuid | null",
        "user_endpoint": "uuid | null",
    },
    "HTTPValidationError": {
        "detail": "[ValidationError]",
    },
    "NotifyByObjectIn": {
        "dedup": "boolean = true",
        "etag": "string | null",
        "file_id*": "string",
        "key": "string | null",
        "size": "integer | null",
        "url": "string | null",
    },
    "NotifyIn": {
        "dedup": "boolean = true",
        "etag": "string | null",
        "key": "string | null",
        "size": "integer | null",
        "url": "string | null",
    },
    "ProvRecord": {
        "flow_id*": "uuid",
        "input_data*": "{{string | boolean | integer | number | [string | null] | null}}",
        "output_data*": "{{string | boolean | integer | number | [string | null] | null}}",
    },
    "Provenance": {
        "flow_id*": "uuid",
        "id": "uuid",
    },
    "SourceIn": {
        "collection_url": "string | null",
        "collection_uuid": "uuid | null",
        "description": "string | null",
        "name*": "string",
        "no_copy": "boolean = false",
        "type": "string | null",
        "url*": "string",
    },
    "SourceTypeOut": {
        "data_id*": "uuid",
        "name*": "string",
        "no_copy": "boolean = false",
        "urls": "[SourceUrlOut]",
    },
    "SourceUrlIn": {
        "url*": "string",
    },
    "SourceUrlOut": {
        "object_key*": "string",
        "url*": "string",
    },
    "ValidationError": {
        "loc*": "[string | integer]",
        "msg*": "string",
        "type*": "string",
    },
    "VersionOut": {
        "checksum": "string | null",
        "created_at": "datetime | null",
        "data": "Data | null",
        "data_file": "DataFile | null",
        "data_id": "uuid | null",
        "id*": "uuid",
        "no_copy": "boolean = false",
        "source_key": "string | null",
        "trigger_url": "string | null",
        "version": "integer | null",
    },
}
ROUTES = {
    "GET /data/": Route(query={"offset": "integer = 0", "limit": "integer = 15"}, returns="[Data]"),
    "POST /data/notify": Route(headers={"x-aero-token": "string | null"}, body="NotifyByObjectIn", returns="any"),
    "GET /data/search": Route(query={"query*": "string"}, returns="{any}"),
    "POST /data/source": Route(body="SourceIn", returns="Data"),
    "GET /data/types": Route(returns="[SourceTypeOut]", refusals=("404",)),
    "GET /data/types/{name}": Route(path={"name": "string"}, returns="SourceTypeOut"),
    "DELETE /data/types/{name}/urls": Route(path={"name": "string"}, query={"url*": "string"}, returns="SourceTypeOut"),
    "POST /data/types/{name}/urls": Route(path={"name": "string"}, body="SourceUrlIn", returns="SourceTypeOut"),
    "GET /data/{id}": Route(path={"id": "uuid"}, returns="Data"),
    "DELETE /data/{id}/flows": Route(path={"id": "uuid"}, returns="[DeletedFlowOut]"),
    "GET /data/{id}/flows": Route(path={"id": "uuid"}, returns="[AttachedFlowOut]"),
    "GET /data/{id}/latest": Route(path={"id": "uuid"}, returns="VersionOut"),
    "POST /data/{id}/notify": Route(
        path={"id": "uuid"}, headers={"x-aero-token": "string | null"}, body="NotifyIn | null", returns="any"
    ),
    "GET /data/{id}/versions": Route(path={"id": "uuid"}, returns="[DataVersion]"),
    "GET /flow/": Route(query={"offset": "integer = 0", "limit": "integer = 15"}, returns="[FlowOut]"),
    "POST /flow/register": Route(body="FlowIn", returns="FlowOut"),
    "GET /flow/{flow_id}": Route(path={"flow_id": "uuid"}, returns="FlowOut"),
    "GET /prov/": Route(query={"offset": "integer = 0", "limit": "integer = 15"}, returns="[Provenance]"),
    "POST /prov/new": Route(body="ProvRecord", returns="Provenance"),
}
