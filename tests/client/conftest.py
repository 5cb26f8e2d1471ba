from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
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
def server(request: pytest.FixtureRequest) -> Iterator[Standin]:
    """Every generation in turn."""
    with serving(request.param()) as standin:
        yield standin


@pytest.fixture
def client(server: Standin) -> Iterator[AeroClient]:
    with AeroClient(server.url) as client:
        yield client
