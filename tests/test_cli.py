from __future__ import annotations

import io
import json

import nbformat
import pytest

from aero_jupyter import cli, doctor
from aero_jupyter.core.errors import AeroError, UnknownName
from aero_jupyter.core.models import Data


class Reader(io.BytesIO):
    def chunks(self):
        yield self.read()


class Client:
    def list(self, kind):
        return iter([Data("d1", "sewage", description="inflow"), Data("d2", "rain")])

    def resolve_data(self, name):
        if name != "sewage":
            raise UnknownName(f"There is no data named {name!r}.", "Did you mean sewage?")
        return Data("d1", "sewage")

    def open_version(self, _, version=None):
        return Reader(f"version,{version}\n".encode())


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(cli, "_client", Client)


def test_a_list_is_a_table(client, capsys):
    assert cli.main(["list", "data", "--limit", "1"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "description", "url", "id"]
    assert row.split() == ["sewage", "inflow", "d1"]


def test_the_bytes_of_a_version_go_where_they_are_wanted(client, capfdbinary, tmp_path):
    assert cli.main(["get", "sewage", "--version", "3"]) == 0
    assert cli.main(["get", "sewage", "-o", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_text() == "version,None\n"
    assert capfdbinary.readouterr().out == b"version,3\n"


def test_an_error_is_two_lines_and_exit_code_1(client, capsys, tmp_path):
    assert cli.main(["get", "sewagge"]) == 1
    assert capsys.readouterr().err == "There is no data named 'sewagge'.\nDid you mean sewage?\n"
    assert cli.main(["get", "sewage", "-o", str(tmp_path / "no" / "where")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_doctor_names_the_problem_and_its_cure(monkeypatch, capsys):
    def full():
        raise AeroError("Only 1 MB are free.", "Free some space.")

    monkeypatch.setattr(doctor, "_CHECKS", {"versions": lambda: "fine", "disk": full})
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok       versions: fine",
        "problem  disk: Only 1 MB are free.",
        "         Free some space.",
    ]


def test_the_local_aero_starts_answers_and_stops(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    assert cli.main(["local", "status"]) == 1
    assert cli.main(["local", "start"]) == 0
    assert cli.main(["local", "status"]) == 0
    assert cli.main(["local", "stop"]) == 0
    said = capsys.readouterr().out
    assert "is not running" in said
    assert "runs at http://127.0.0.1:" in said
    assert "is stopped" in said


def test_the_demo_runs_a_notebook_and_ends_with_its_counts(tmp_path, capsys):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os; assert os.environ['AERO_HOME']")])
    path = tmp_path / "small.ipynb"
    nbformat.write(book, path)
    assert cli.main(["demo", "--notebook", str(path)]) == 0
    counts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(counts) == {"data", "versions", "runs", "provenance", "seconds"}
    book.cells[0].source = "1 / 0"
    nbformat.write(book, path)
    assert cli.main(["demo", "--notebook", str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
