"""The warnings of `%%aero_register` about an endpoint before registration."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.compute_service import ComputeService

from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.core.errors import UnknownName
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.magics import register_cell as register
from aero_jupyter.notebook.registration.request import RegistrationRequest
from aero_jupyter.session.registration import FlowRegistry

FUNCTION: Any = Namespace(doc=None, cell="def f():\n    return 1\n", name="f", modules={})
WISH = RegistrationRequest({}, (), None, PolicyEnum.NONE, None, {})


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
        register.register(
            session,
            FUNCTION,
            WISH,
            Namespace(endpoint=endpoint, description=None, replace=False, keys=None, time=None, keep=None),
        )


def test_an_offline_endpoint_and_another_python_are_said_before_registering(capsys: pytest.CaptureFixture[str]) -> None:
    with ComputeService() as service:
        service.add_endpoint("cluster", "3.9.18")
        said_of(Session(service), "cluster")
    output = capsys.readouterr().out
    assert output.startswith("▲ Endpoint cluster is offline, and works when it is back; it runs Python 3.9, and this")
    assert output.count("\n") == 1


def test_an_endpoint_that_is_not_there_is_an_error_with_those_that_are() -> None:
    with ComputeService() as service:
        service.add_endpoint("cluster")
        with pytest.raises(UnknownName, match="There is no endpoint 'cloud'") as unknown:
            Session(service).endpoint_warning("cloud")
    assert "cluster" in unknown.value.cure


def test_nothing_is_said_of_the_local_aero(aero: Any) -> None:
    import aero_jupyter

    assert aero_jupyter.local().endpoint_warning("local") is None
