"""Fixtures of the login: a stand-in for Globus Auth whose clock the tests advance."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import jwt
import pytest

from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.core.config import Profile
from aero_jupyter.session import connections as session
from aero_jupyter.testing import globus_auth
from support.guarded_server import serve_guarded_aero
from support.login_accounts import COLLECTION, NATIVE, OTHER_COLLECTION, PORTAL, SECRET, SERVICE, write_configuration


@pytest.fixture
def clock_offset():
    return [0.0]


@pytest.fixture
def advance_clock(clock_offset, monkeypatch):
    """Advance the clock of the login, the SDK and PyJWT by some seconds."""
    real_time = time.time

    class ShiftedDatetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=clock_offset[0])

    def move(seconds):
        clock_offset[0] += seconds
        monkeypatch.setattr(time, "time", lambda: real_time() + clock_offset[0])
        monkeypatch.setattr(jwt.api_jwt, "datetime", ShiftedDatetime)

    return move


@pytest.fixture
def auth(monkeypatch):
    clients = {NATIVE: None, SERVICE: SECRET}
    servers = {PORTAL: ("action_all", "administer"), COLLECTION: ("https",), OTHER_COLLECTION: ("https",)}
    with globus_auth(clients, servers, clock=lambda: time.time()) as running:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", running.url)
        yield running


@pytest.fixture
def guarded_aero(auth):
    with serve_guarded_aero(auth) as server:
        yield server


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def profile(cache):
    return Profile("lab", "https://aero.example.org/", NATIVE, PORTAL, str(cache), (COLLECTION,))


@pytest.fixture
def person(auth, profile):
    """A user who is not logged in yet."""
    return Credentials(profile, {}, None).user_login


@pytest.fixture
def configured_server(guarded_aero, cache, tmp_path, monkeypatch):
    """A configuration file that names the AERO server, and no session yet."""
    write_configuration(tmp_path / "config.toml", guarded_aero.url, cache)
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setattr(session, "_current", None)
    return guarded_aero
