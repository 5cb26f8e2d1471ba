"""Options of an endpoint's template, against the schema that the endpoint publishes."""

from __future__ import annotations

from typing import Any

import pytest

from aero_jupyter.compute.endpoint_config import missing_options, require_endpoint_config
from aero_jupyter.core.errors import InvalidArgument


def endpoint(schema: Any) -> dict[str, Any]:
    return {"id": "1", "name": "cluster", "config_schema": schema}


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"type": "no type"},
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"properties": {"account": {"$ref": "#/nowhere"}}},
        {"type": "object", "additionalProperties": True},
    ],
)
def test_an_endpoint_without_a_usable_schema_checks_the_options_itself(schema: Any) -> None:
    require_endpoint_config(endpoint(schema), {"account": "a"})
    assert missing_options(endpoint(schema), {}) == []


def test_every_missing_option_is_named() -> None:
    found = endpoint({"type": "object", "required": ["account", "queue", "nodes"]})
    with pytest.raises(InvalidArgument) as refused:
        require_endpoint_config(found, {"queue": "debug"})
    assert refused.value.message == "Endpoint cluster requires the options account, nodes."
    assert refused.value.cure == "Add --endpoint-config account=VALUE,nodes=VALUE"
    assert missing_options(found, {"account": "a", "nodes": 1, "queue": "q"}) == []


def test_an_option_with_a_value_that_is_not_allowed_is_named() -> None:
    schema = {"properties": {"queue": {"enum": ["debug", "prod"]}}}
    with pytest.raises(InvalidArgument, match="does not accept the option queue: 'fast' is not one of"):
        require_endpoint_config(endpoint(schema), {"queue": "fast"})
