"""A caller of the tests' local AERO, and sources that it downloads from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.file_site import FileSite
from support.http_serving import serve_in_thread
from support.object_bucket import Bucket
from support.rest_caller import RestCaller

from aero_jupyter.service.local_home import State


@pytest.fixture
def call(aero: State) -> Iterator[RestCaller]:
    caller = RestCaller(aero)
    yield caller
    caller.session.close()


@pytest.fixture
def site() -> Iterator[FileSite]:
    with serve_in_thread(FileSite()) as server:
        yield server


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with serve_in_thread(Bucket()) as server:
        yield server
