"""`%aero_cite`, `%aero_lock`, `%aero_check` and `%aero_export`: what they show, refuse and complete."""

from __future__ import annotations

import json
import zipfile

import pytest
from IPython.core.completer import provisionalcompleter

import aero_jupyter
from aero_jupyter.notebook.magics.completion import matcher
from aero_jupyter.notebook.tables.loading import load_into_notebook
from aero_jupyter.session.kernel_use import kernel_use
from aero_jupyter.session.lock_in_force import LockPath


@pytest.fixture
def completed(shell, influent, monkeypatch):
    """Return a function that returns what Tab offers at the end of a line."""
    monkeypatch.setattr(matcher, "TAB_WAIT_SECONDS", 30)

    def offers(line: str) -> list[str]:
        with provisionalcompleter():
            return [each.text for each in shell.Completer.completions(line, len(line))]

    return offers


def test_a_citation_is_shown_in_its_form(shell, influent):
    assert str(shell.run_line_magic("aero_cite", "level@1")) == aero_jupyter.cite("level@1").text
    cited = shell.run_line_magic("aero_cite", "influent@2 --as bibtex --author 'Ann Lee'")
    assert repr(cited).startswith("@dataset{influent_v2,\n  author = {{Ann Lee}},\n")


def test_a_variable_is_cited_as_the_version_it_was_read_from(shell, influent):
    shell.run_cell("table = %aero_get level@1")
    assert str(shell.run_line_magic("aero_cite", "table")) == aero_jupyter.cite("level@1").text


def test_what_is_no_version_is_refused(error_lines, shell):
    shell.run_cell("numbers = [1]")
    assert error_lines("%aero_cite numbers")[0] == "There is no data named 'numbers'."
    assert "--as" in error_lines("%aero_cite influent --as word")[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, as a kernel that has just begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LockPath, "named", None)
    monkeypatch.setattr(LockPath, "shown", set())
    for name in ("reads", "earlier", "functions"):
        monkeypatch.setattr(kernel_use, name, {})
    return tmp_path


def test_what_was_read_is_locked_and_checked(shell, influent, folder):
    shell.run_line_magic("aero_get", "level@1")
    written = shell.run_line_magic("aero_lock", "")
    assert repr(written).startswith(f"Wrote {folder / 'aero.lock'}: level@1; 2 functions, ")
    found = shell.run_line_magic("aero_check", "")
    assert found["state"].tolist() == ["as locked"] * 3
    assert sorted(found["name"]) == ["follow", "level", "take_in"]


def test_a_function_that_ran_once_is_locked(shell, influent, folder):
    shell.run_line_magic("aero_get", "level@1")
    assert shell.run_cell("%%aero_run\ndef count_to(number=3):\n    return number\n").result == 3
    names = [function.name for function in shell.run_line_magic("aero_lock", "").lock.functions]
    assert sorted(names) == ["count_to", "follow", "take_in"]


def test_a_table_that_a_panel_loads_is_locked(shell, influent, folder):
    client = aero_jupyter.current().client
    assert "version 2" in load_into_notebook(client, client.resolve_data("level"))
    assert "level@2" in repr(shell.run_line_magic("aero_lock", ""))


def test_the_lock_is_updated_and_its_path_is_named(shell, influent, folder):
    shell.run_line_magic("aero_get", "level")
    written = shell.run_line_magic("aero_lock", "study.lock --update level")
    assert repr(written).startswith(f"Wrote {folder / 'study.lock'}: level@2; ")
    shell.run_line_magic("aero_lock", "--update-all")


def test_nothing_to_lock_and_nothing_to_check_are_refused(error_lines, shell, folder):
    assert error_lines("%aero_lock") == ["No dataset was read in this kernel.", "Read one first: aero.read(NAME)"]
    assert error_lines("%aero_check") == [f"There is no lock file {folder / 'aero.lock'}.", "Write it: aero.lock()"]


def test_a_version_is_exported_by_its_name_or_its_variable(shell, influent, folder):
    path = shell.run_line_magic("aero_export", "level@1 level.zip --as prov")
    assert path == folder / "level.zip"
    assert zipfile.ZipFile(path).namelist() == ["prov.json"]
    shell.run_cell("table = %aero_get level@1")
    path = shell.run_line_magic("aero_export", "table one.zip --one-run --license MIT --author 'Ann Lee'")
    crate = json.loads(zipfile.ZipFile(path).read("ro-crate-metadata.json"))
    root = next(entity for entity in crate["@graph"] if entity["@id"] == "./")
    assert (root["license"], len(root["mentions"]), len(root["author"])) == ("MIT", 1, 1)


def test_names_versions_and_forms_are_completed(completed):
    assert "influent" in completed("%aero_cite influ")
    assert "influent@2" in completed("%aero_cite influent@")
    assert completed("%aero_cite influent --as bib") == ["bibtex"]
    assert "influent" in completed("%aero_lock --update influ")
    assert "influent@2" in completed("%aero_export influent@")
    assert completed("%aero_export influent a.zip --as cro") == ["croissant"]
