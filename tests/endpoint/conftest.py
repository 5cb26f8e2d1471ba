from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.compute_service import ComputeService
from support.real_endpoint import COMMAND, RealEndpoint, real_endpoint

from aero_jupyter.compute.compute_client import Registrar


@pytest.fixture(autouse=True, scope="session")
def _linux() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("globus-compute-endpoint runs on Linux only")
    if not COMMAND.exists():
        pytest.skip("globus-compute-endpoint is not installed: pip install -e '.[endpoint]'")


@pytest.fixture(scope="session")
def service() -> Iterator[ComputeService]:
    with ComputeService() as service:
        yield service


@pytest.fixture(scope="session")
def endpoint(_linux: None, service: ComputeService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEndpoint]:
    with real_endpoint(service, tmp_path_factory.mktemp("endpoint"), "threads") as endpoint:
        yield endpoint


@pytest.fixture
def compute(service: ComputeService) -> Registrar:
    return Registrar(service.url, AccessTokenAuthorizer(service.token))
