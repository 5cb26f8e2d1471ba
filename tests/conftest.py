"""One local AERO for all tests that need one, stopped at the end; nobody's own is touched."""

import os

import pytest

from aero_jupyter.service import daemon
from aero_jupyter.testing import local_aero

pytest_plugins = ["login_fixtures"]


@pytest.fixture(scope="session")
def aero_home(tmp_path_factory):
    return tmp_path_factory.mktemp("aero-home")


@pytest.fixture(scope="session")
def aero(aero_home):
    with local_aero(aero_home) as state:
        yield state


@pytest.fixture(autouse=True, scope="session")
def _no_aero_of_the_user(aero_home):
    kept = {
        key: os.environ.pop(key) for key in list(os.environ) if key.startswith("AERO_") and key != "AERO_SCREENSHOTS"
    }
    os.environ["AERO_HOME"] = str(aero_home)
    os.environ["AERO_CONFIG_FILE"] = str(aero_home / "no-config.toml")
    yield
    for key in ("AERO_HOME", "AERO_CONFIG_FILE"):
        del os.environ[key]
    os.environ.update(kept)
    daemon.stop(aero_home)
