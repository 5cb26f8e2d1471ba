"""The commands that add, list and remove clusters."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    file = tmp_path / "parsl_config.py"
    file.write_text("config = None\n")
    return file


def test_a_cluster_is_added_listed_and_removed(command, config):
    assert "aero-jupyter endpoint add NAME --parsl FILE" in command("endpoint", "list")[1]
    code, out, _ = command("endpoint", "add", "cluster", "--parsl", str(config))
    assert code == 0
    assert "%%aero_register --endpoint cluster" in out
    assert str(config) in command("endpoint", "list")[1]
    listed = json.loads(command("endpoint", "list", "--json")[1])
    assert [(each["name"], each["parsl"]) for each in listed] == [("cluster", str(config))]
    assert command("endpoint", "remove", "cluster")[0] == 0
    assert json.loads(command("endpoint", "list", "--json")[1]) == []


def test_what_cannot_be_added_or_removed_is_refused_with_a_cure(command, config):
    code, _, err = command("endpoint", "add", "local", "--parsl", str(config))
    assert (code, "An endpoint cannot be called 'local'." in err) == (1, True)
    code, _, err = command("endpoint", "add", "cluster", "--parsl", "missing.py")
    assert (code, "There is no file missing.py." in err) == (1, True)
    command("endpoint", "add", "cluster", "--parsl", str(config))
    code, _, err = command("endpoint", "remove", "clutser")
    assert (code, "Did you mean cluster?" in err) == (1, True)


@pytest.mark.parametrize("line", ["add", "add cluster", "remove"])
def test_a_missing_name_or_file_is_named(command, config, line):
    code, _, err = command("endpoint", *line.split())
    assert (code, f"Write: aero-jupyter endpoint {line.split()[0]} NAME" in err) == (1, True)
