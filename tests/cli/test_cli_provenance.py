"""The commands that cite and export a version."""

from __future__ import annotations

import json
import zipfile

import pytest
from support.derived_dataset import derived_dataset

import aero_jupyter

SOURCE, NAME = "typed cases", "typed sums"


@pytest.fixture(scope="module")
def flows(aero):
    aero_jupyter.local()
    with derived_dataset(SOURCE, NAME) as found:
        yield found


def test_a_citation_is_printed_in_its_form(command, flows):
    code, out, _ = command("cite", NAME)
    assert (code, out) == (0, f"{aero_jupyter.cite(NAME)}\n")
    code, out, _ = command("cite", f"{SOURCE}@1", "--as", "bibtex", "--author", "Ann Lee", "--author", "Bo Li")
    assert code == 0
    assert out == f"{aero_jupyter.cite(SOURCE, 'bibtex', authors=['Ann Lee', 'Bo Li'])}\n"


def test_a_version_that_does_not_exist_is_refused(command, flows):
    code, out, err = command("cite", f"{NAME}@9")
    assert (code, out) == (1, "")
    assert err.startswith(f"{NAME} has ")


def test_an_export_is_written_and_its_path_printed(command, flows, tmp_path):
    path = tmp_path / "sums.zip"
    code, out, _ = command("export", NAME, path, "--as", "croissant", "--license", "MIT", "--author", "Ann Lee")
    assert (code, out) == (0, f"{path}\n")
    assert json.loads(zipfile.ZipFile(path).read("croissant.json"))["license"] == "MIT"
    code, _, err = command("export", NAME, tmp_path / "sums.txt")
    assert code == 1
    assert err.splitlines() == ["sums.txt is no name of a ZIP file.", "Write it as sums.zip."]
