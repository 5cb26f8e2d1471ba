from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.local_server import LocalAeroServer, serve_local_aero
from support.server_standins import Flask, Local, Newest, Standin, serve_standin

from aero_jupyter.client import AeroClient


@pytest.fixture
def newest() -> Iterator[Newest]:
    with serve_standin(Newest(prefix="/fhwa")) as server:
        yield cast(Newest, server)


@pytest.fixture
def local() -> Iterator[Local]:
    with serve_standin(Local()) as server:
        yield cast(Local, server)


@pytest.fixture
def flask() -> Iterator[Flask]:
    with serve_standin(Flask()) as server:
        yield cast(Flask, server)


@pytest.fixture(params=[Newest, Local, Flask])
def standin(request: pytest.FixtureRequest) -> Iterator[Standin]:
    """A stand-in of every dialect in turn."""
    with serve_standin(request.param()) as standin:
        yield standin


@pytest.fixture(params=[Newest, Flask, LocalAeroServer])
def server(request: pytest.FixtureRequest) -> Iterator[Standin]:
    """Every server in turn: both generations as stand-ins, and the local AERO itself."""
    with serve_local_aero() if request.param is LocalAeroServer else serve_standin(request.param()) as found:
        yield found


@pytest.fixture
def client(server: Standin) -> Iterator[AeroClient]:
    authorizer = AccessTokenAuthorizer(server.state.token) if isinstance(server, LocalAeroServer) else None
    with AeroClient(server.url, authorizer=authorizer) as client:
        yield client
