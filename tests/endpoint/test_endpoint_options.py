"""The options of an endpoint's template: checked before a task is sent, and used by the real endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jinja2
import jsonschema
import pytest
from support.compute_service import ComputeService
from support.real_endpoint import TemplatedEndpoint, rendered, templated_endpoint

from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.registration.endpoint_checks import check_endpoint
from aero_jupyter.notebook.registration.findings import ERROR
from aero_jupyter.notebook.registration.ttl_cache import Lookups
from aero_jupyter.session.flow_request import FlowOptions
from aero_jupyter.session.registration import FlowRegistry
from aero_jupyter.session.single_run import run_once

pytestmark = pytest.mark.slow

TEMPLATE = """\
display_name: {{ account }}
heartbeat_period: 5
engine:
  type: ThreadPoolEngine
  max_workers: {{ workers | default(1) }}
"""
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "account": {"type": "string", "minLength": 1},
        "workers": {"type": "integer", "minimum": 1},
        "worker_init": {"type": "string"},
    },
    "required": ["account"],
    "additionalProperties": False,
}
TWICE = portable("def twice(n):\n    return 2 * n")


class RealSession(FlowRegistry):
    """A session with a real server: it has no local endpoint, and this test asks the server for nothing."""

    def __init__(self, compute: Registrar) -> None:
        self.compute = compute
        self.endpoint = None


@pytest.fixture
def session(compute: Registrar) -> RealSession:
    return RealSession(compute)


@pytest.fixture(scope="module")
def endpoint(
    _linux: None, service: ComputeService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TemplatedEndpoint]:
    folder = tmp_path_factory.mktemp("templated")
    with templated_endpoint(service, folder, "cluster", TEMPLATE, SCHEMA) as endpoint:
        yield endpoint


def with_options(**config: Any) -> FlowOptions:
    return FlowOptions(endpoint_config=config)


def test_the_template_needs_the_account() -> None:
    with pytest.raises(jinja2.UndefinedError, match="account"):
        rendered(TEMPLATE, None, {})
    with pytest.raises(jsonschema.ValidationError, match="account"):
        rendered(TEMPLATE, SCHEMA, {})


@pytest.mark.parametrize(
    ("config", "happened", "cure"),
    [
        ({}, "Endpoint cluster requires the option account.", "Add --endpoint-config account=VALUE"),
        ({"account": "a", "workesr": 2}, "Endpoint cluster has no option 'workesr'.", "Did you mean workers"),
        ({"account": "a", "workers": "x"}, "Endpoint cluster does not accept the option workers: 'x' is not of", ""),
        ({"account": ""}, "Endpoint cluster does not accept the option account", "Correct --endpoint-config."),
    ],
)
def test_options_that_the_endpoint_would_refuse_stop_before_anything_is_sent(
    session: RealSession,
    service: ComputeService,
    endpoint: TemplatedEndpoint,
    config: dict[str, Any],
    happened: str,
    cure: str,
) -> None:
    before = len(service.tasks)
    with pytest.raises(InvalidArgument) as refused:
        run_once(session, TWICE, endpoint="cluster", kwargs={"n": 2}, options=with_options(**config))
    assert refused.value.message.startswith(happened)
    assert cure in refused.value.cure
    assert len(service.tasks) == before


def test_the_function_runs_on_the_endpoint_with_the_options(session: RealSession, endpoint: TemplatedEndpoint) -> None:
    options = with_options(account="phy123", workers=2)
    assert run_once(session, TWICE, endpoint="cluster", kwargs={"n": 21}, options=options).value == 42
    (config,) = endpoint.configs
    assert 'display_name: "phy123"' in config
    assert "max_workers: 2" in config


def test_a_flow_whose_endpoint_needs_options_is_refused_before_it_is_registered(
    session: Any, endpoint: TemplatedEndpoint
) -> None:
    (missing,) = [each for each in check_endpoint(session, "cluster", {}, Lookups()) if each.mark == ERROR]
    assert missing.text == "Endpoint cluster requires account, and an AERO server sends no endpoint options."
    (lost,) = [each for each in check_endpoint(session, "cluster", {"account": "a"}, Lookups()) if each.mark == ERROR]
    assert lost.text == "An AERO server sends no endpoint options with a flow, so account would be lost."
