"""A stand-in for Globus Auth that the SDK finds, and whose clock the tests move."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import jwt
import pytest
from login_people import COLLECTION, NATIVE, PORTAL, SECRET, SERVICE, write_configuration
from login_places import aero_server

from aero_jupyter import session
from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.core.config import Profile
from aero_jupyter.testing import globus_auth


@pytest.fixture
def skew():
    return [0.0]


@pytest.fixture
def moved(skew, monkeypatch):
    """Move everybody's clock on by some seconds."""
    here = time.time

    class Moved(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=skew[0])

    def move(seconds):
        skew[0] += seconds
        monkeypatch.setattr(time, "time", lambda: here() + skew[0])
        monkeypatch.setattr(jwt.api_jwt, "datetime", Moved)

    return move


@pytest.fixture
def auth(monkeypatch):
    clients = {NATIVE: None, SERVICE: SECRET}
    servers = {PORTAL: ("action_all", "administer"), COLLECTION: ("https",)}
    with globus_auth(clients, servers, clock=lambda: time.time()) as running:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", running.url)
        yield running


@pytest.fixture
def guarded_aero(auth):
    with aero_server(auth) as server:
        yield server


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def profile(cache):
    return Profile("lab", "https://aero.example.org/", NATIVE, PORTAL, str(cache), (COLLECTION,))


@pytest.fixture
def person(auth, profile):
    """Somebody who is not logged in yet."""
    return Credentials(profile, {}, None).person


@pytest.fixture
def here(guarded_aero, cache, tmp_path, monkeypatch):
    """A configuration file that names the AERO server, and no session yet."""
    write_configuration(tmp_path / "config.toml", guarded_aero.url, cache)
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setattr(session, "_current", None)
    return guarded_aero
