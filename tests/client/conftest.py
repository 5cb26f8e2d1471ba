from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from globus_sdk import AccessTokenAuthorizer
from reallocal import RealLocal, real_local
from standins import Flask, Local, Newest, Standin, serving

from aero_jupyter.client import AeroClient


@pytest.fixture
def newest() -> Iterator[Newest]:
    with serving(Newest(prefix="/fhwa")) as server:
        yield cast(Newest, server)


@pytest.fixture
def local() -> Iterator[Local]:
    with serving(Local()) as server:
        yield cast(Local, server)


@pytest.fixture
def flask() -> Iterator[Flask]:
    with serving(Flask()) as server:
        yield cast(Flask, server)


@pytest.fixture(params=[Newest, Local, Flask])
def standin(request: pytest.FixtureRequest) -> Iterator[Standin]:
    """A stand-in of every dialect in turn."""
    with serving(request.param()) as standin:
        yield standin


@pytest.fixture(params=[Newest, Flask, RealLocal])
def server(request: pytest.FixtureRequest) -> Iterator[Standin]:
    """Every server in turn: both generations as stand-ins, and the local AERO itself."""
    with real_local() if request.param is RealLocal else serving(request.param()) as found:
        yield found


@pytest.fixture
def client(server: Standin) -> Iterator[AeroClient]:
    authorizer = AccessTokenAuthorizer(server.state.token) if isinstance(server, RealLocal) else None
    with AeroClient(server.url, authorizer=authorizer) as client:
        yield client
