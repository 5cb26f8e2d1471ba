"""What `%%aero_register` says of an endpoint before it registers."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer

from aero_jupyter.compute.registrar import Registrar
from aero_jupyter.core.errors import UnknownName
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook import register
from aero_jupyter.notebook.wishes import Wish
from aero_jupyter.registration import FlowRegistry
from aero_jupyter.testing.compute import ComputeService

FUNCTION: Any = Namespace(doc=None, cell="def f():\n    return 1\n", name="f")
WISH = Wish({}, (), None, PolicyEnum.NONE, None, {})


class Registered(Exception):
    """Raised where the registration would begin, so that what is said before it is all there is."""


class Session(FlowRegistry):
    endpoint = None

    def __init__(self, service: ComputeService) -> None:
        self.compute = Registrar(service.url, AccessTokenAuthorizer(service.token))

    def register(self, *_: Any, **__: Any) -> Any:
        raise Registered


def said_of(session: Any, endpoint: str) -> None:
    with pytest.raises(Registered):
        register.register(session, FUNCTION, WISH, Namespace(endpoint=endpoint, description=None, replace=False))


def test_an_offline_endpoint_and_another_python_are_said_before_registering(capsys: pytest.CaptureFixture[str]) -> None:
    with ComputeService() as service:
        service.add_endpoint("cluster", "3.9.18")
        said_of(Session(service), "cluster")
    said = capsys.readouterr().out
    assert said.startswith("▲ Endpoint cluster is offline, and works when it is back; it runs Python 3.9, and this")
    assert said.count("\n") == 1


def test_an_endpoint_that_is_not_there_is_an_error_with_those_that_are() -> None:
    with ComputeService() as service:
        service.add_endpoint("cluster")
        with pytest.raises(UnknownName, match="There is no endpoint 'cloud'") as unknown:
            Session(service).remark("cloud")
    assert "cluster" in unknown.value.cure


def test_nothing_is_said_of_the_local_aero(aero: Any) -> None:
    import aero_jupyter

    assert aero_jupyter.local().remark("local") is None
