"""The inputs and the outputs of a registration, as the server stores them."""

from __future__ import annotations

import os
from typing import Any

from aero_jupyter.client import AeroClient
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.name_rules import source_type_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.source_url import require_source_url
from aero_jupyter.session.argument_checks import require_credentials, require_source_type, validate_check
from aero_jupyter.session.flow_request import FlowRequest


def input_entries(client: AeroClient, request: FlowRequest) -> dict[str, dict[str, Any]]:
    """Resolve the inputs of a registration to ids.

    Raises
    ------
    InvalidArgument
        If a version is pinned for a parameter that is no input.
    UnknownName
        If there is no such dataset.
    ClientError
        If a pinned version does not exist, or the server does not answer.
    """
    unpinned = next((name for name in request.versions if name not in request.inputs), None)
    if unpinned is not None:
        raise InvalidArgument(f"A version is pinned for {unpinned!r}, which is not an input.", "Name an input.")
    ids = {parameter: client.resolve_data(name).id for parameter, name in request.inputs.items()}
    for parameter, number in request.versions.items():
        # Raises if there is no such version, because every run would fail.
        client.version(ids[parameter], number)
    return {
        parameter: {"id": id, "version": request.versions.get(parameter)}
        | ({"fetch": False} if parameter in request.options.not_fetched else {})
        for parameter, id in ids.items()
    }


def output_entries(request: FlowRequest, *, is_local: bool) -> dict[str, dict[str, Any]]:
    """Describe the outputs of a registration: their collections, and the source of the first one.

    Raises
    ------
    InvalidArgument
        If the source and its options contradict each other, or a real server has no collection.
    """
    source, options, headers = request.source, request.options, dict(request.headers)
    validate_check(request.check, source)
    require_credentials(headers, request.auth, source)
    unknown = next((name for name in options.optional_outputs if name not in request.outputs), None)
    if unknown is not None:
        raise InvalidArgument(f"The optional output {unknown} is no output.", f"Add --output {unknown}")
    entries: dict[str, dict[str, Any]] = {name: _storage_location(is_local=is_local) for name in request.outputs}
    for name in options.optional_outputs:
        entries[name]["optional"] = True
    if source is None:
        if options.source_type is not None:
            raise InvalidArgument("--type needs a source, and none is named.", "Add --source NAME=URL.")
        return entries
    require_source_url(source, os.environ, is_local=is_local)
    _require_type_of_pattern(source, request)
    if not request.outputs:
        raise InvalidArgument("A source needs an output.", "Name at least one output.")
    more = {"type": options.source_type, "check": request.check, "headers": headers, "auth": request.auth}
    entries[request.outputs[0]] |= {"url": source, **{name: value for name, value in more.items() if value}}
    return entries


def _require_type_of_pattern(url: str, request: FlowRequest) -> None:
    """Raise if a pattern has no type or is to be downloaded on a schedule, or if a type has no valid name."""
    if request.options.source_type is not None:
        source_type_name(request.options.source_type)
    require_source_type(url, request.options.source_type)
    if is_source_pattern(url) and request.policy is not PolicyEnum.INGESTION_EVENT:
        text = "A pattern cannot be downloaded on a schedule: a notification names the object."
        raise InvalidArgument(text, "Leave --every and --policy out.")


def _storage_location(*, is_local: bool) -> dict[str, Any]:
    if is_local:
        return {}
    names = {"collection_uuid": "AERO_COLLECTION_UUID", "collection_url": "AERO_COLLECTION_URL"}
    location = {field: os.environ.get(name) for field, name in names.items()}
    if not all(location.values()):
        raise InvalidArgument(
            "A real server needs a collection for its outputs.", f"Set {' and '.join(names.values())}."
        )
    return location
