"""One local AERO for all tests that need one, stopped at the end; nobody's own is touched."""

import gc
import os
from pathlib import Path

import platformdirs
import pytest
from support.log_secrets import require_no_secret_in_logs
from support.names_apart import dataset_names, require_names_apart

from aero_jupyter.service import daemon
from aero_jupyter.testing import local_aero

#: The variable with which `make coverage` measures processes; workers get it through the setting for such names.
COVERAGE_SETTINGS = "COVERAGE_PROCESS_CONFIG"

pytest_plugins = ["support.login_fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first."""

    def seconds(item: pytest.Item) -> int:
        marker = item.get_closest_marker("long")
        return marker.args[0] if marker else 0

    items.sort(key=seconds, reverse=True)


def pytest_collection_finish() -> None:
    """Leave the tests and their modules out of each later garbage collection: a shell collects whenever it is reset."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name tests the same in each process: packed bytes hold the second in which they were made."""
    return argname if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()) else None


@pytest.fixture(scope="session")
def aero_home(tmp_path_factory):
    return tmp_path_factory.mktemp("aero-home")


@pytest.fixture(scope="session")
def aero(aero_home):
    with local_aero(aero_home) as state:
        yield state
        require_no_secret_in_logs(aero_home)


@pytest.fixture(autouse=True, scope="module")
def _names_of_this_file_alone(request, aero_home, tmp_path_factory):
    before = dataset_names(aero_home)
    yield
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    require_names_apart(shared / "dataset_names.json", request.module.__name__, dataset_names(aero_home) - before)


@pytest.fixture(autouse=True, scope="session")
def _no_cache_of_the_user(tmp_path_factory):
    """Redirect the cache folder, in which only the caches of other programs are those of the user."""
    cache, of_tests = Path(platformdirs.user_cache_dir()), tmp_path_factory.mktemp("cache")
    for path in cache.iterdir() if cache.is_dir() else ():
        if path.name != "aero_jupyter":
            (of_tests / path.name).symlink_to(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(of_tests))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_aero_of_the_user(aero_home, _no_cache_of_the_user):
    kept = {
        key: os.environ.pop(key) for key in list(os.environ) if key.startswith("AERO_") and key != "AERO_SCREENSHOTS"
    }
    if COVERAGE_SETTINGS in os.environ:
        os.environ["AERO_WORKER_ENV"] = COVERAGE_SETTINGS
    os.environ["AERO_HOME"] = str(aero_home)
    os.environ["AERO_CONFIG_FILE"] = str(aero_home / "no-config.toml")
    yield
    for key in ("AERO_HOME", "AERO_CONFIG_FILE", "AERO_WORKER_ENV"):
        os.environ.pop(key, None)
    os.environ.update(kept)
    daemon.stop(aero_home)
