"""The environment of a run: the packages that its function imports, in the version that is imported."""

import os
import platform
from importlib.metadata import version

import pytest

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.service.workers.package_versions import PackageVersions, imported_names


def installed(folder, package, number, module=None):
    about = folder / f"{package.replace('-', '_')}-{number}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n")
    (about / "top_level.txt").write_text(f"{module or package}\n")
    return about


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_the_imports_of_a_cell_are_found_wherever_they_stand():
    text = "import json, scipy.stats as s\ndef f():\n    from sklearn.svm import SVC\n    return s, SVC, json\n"
    assert imported_names("cell", portable(text).source) >= {"scipy", "sklearn"}
    assert not {"json", "aero_jupyter"} & imported_names("cell", portable(text).source)
    assert imported_names("plain", "import yaml\ndef f(): ...") == {"yaml"}
    assert imported_names("broken", "def f(:") == frozenset()


def test_a_package_has_its_own_name_and_an_unknown_module_is_left_out(folder):
    installed(folder, "aero-fake-package", "1.5", "aero_fake_module")
    found = PackageVersions().environment(frozenset({"aero_fake_module", "aero_nowhere"}))
    assert found["python"] == platform.python_version()
    assert found["packages"]["aero-fake-package"] == "1.5"
    assert found["packages"]["pandas"] == version("pandas")
    assert "aero_nowhere" not in found["packages"]


def test_a_package_that_is_replaced_has_its_new_version(folder):
    about, versions = installed(folder, "aero_fake", "1.0"), PackageVersions()
    assert versions.environment(frozenset({"aero_fake"}))["packages"]["aero_fake"] == "1.0"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: aero_fake\nVersion: 2.0\n")
    about.rename(folder / "aero_fake-2.0.dist-info")
    os.utime(folder, ns=(1, 1))
    assert versions.environment(frozenset({"aero_fake"}))["packages"]["aero_fake"] == "2.0"
