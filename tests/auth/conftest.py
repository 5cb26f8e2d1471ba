"""A stand-in for Globus Auth that the SDK finds, and whose clock the tests move."""

from __future__ import annotations

import time

import pytest
from people import COLLECTION, NATIVE, PORTAL, SECRET, SERVICE

from aero_jupyter.testing import globus_auth


@pytest.fixture
def skew():
    return [0.0]


@pytest.fixture
def moved(skew, monkeypatch):
    """Move everybody's clock on by some seconds."""
    here = time.time

    def move(seconds):
        skew[0] += seconds
        monkeypatch.setattr(time, "time", lambda: here() + skew[0])

    return move


@pytest.fixture
def auth(monkeypatch):
    clients = {NATIVE: None, SERVICE: SECRET}
    servers = {PORTAL: ("action_all", "administer"), COLLECTION: ("https",)}
    with globus_auth(clients, servers, clock=lambda: time.time()) as running:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", running.url)
        yield running
