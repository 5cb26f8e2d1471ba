"""The notebooks run on a local AERO of their own when pytest runs them."""

import os
import tempfile

from aero_jupyter.service import daemon, local_home

_folder = tempfile.TemporaryDirectory(prefix="aero-notebooks-")


def pytest_sessionstart():
    os.environ["AERO_HOME"] = _folder.name
    os.environ["AERO_CONFIG_FILE"] = os.path.join(_folder.name, "no-config.toml")


def pytest_sessionfinish():
    daemon.stop(local_home.home())
    _folder.cleanup()
