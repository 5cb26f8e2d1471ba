"""The public names of `import aero_jupyter`, and the side effects it does not have."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import aero_jupyter


def test_the_front_door_is_a_sorted_list_of_things_that_exist():
    assert aero_jupyter.__all__ == sorted(aero_jupyter.__all__)
    assert all(getattr(aero_jupyter, name) is not None for name in aero_jupyter.__all__)


@pytest.mark.parametrize("heavy", ["pandas", "ipywidgets", "globus_compute_sdk", "requests", "fastapi"])
def test_importing_it_is_cheap(heavy):
    code = f"import sys, aero_jupyter; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_local_stays_a_function_whatever_is_imported():
    importlib.import_module("aero_jupyter.service.daemon")
    assert callable(aero_jupyter.local)


def test_the_testing_functions_stay_functions_whatever_is_imported():
    testing = importlib.import_module("aero_jupyter.testing")
    for module in pkgutil.iter_modules(testing.__path__):
        importlib.import_module(f"aero_jupyter.testing.{module.name}")
    assert callable(testing.globus_auth)
    assert callable(testing.local_aero)
