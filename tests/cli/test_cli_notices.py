"""The command that lists notices."""

from __future__ import annotations

import json

import pytest
from support.local_server import LocalAeroServer

import aero_jupyter


@pytest.fixture
def noticed(aero):
    aero_jupyter.local()
    server = LocalAeroServer(aero)
    server.add_version(server.add_data("noticed"), b"1")


def test_notices_are_listed_newest_first(command, noticed):
    code, out, _ = command("notices", "--limit", "1")
    assert code == 0
    assert "new version" in out
    assert "noticed: version 1 is there." in out
    assert "[[notices]]" in out
    code, out, _ = command("notices", "--json")
    assert json.loads(out)[0]["dataset"] == "noticed"


def test_a_target_that_is_not_understood_is_refused(command, noticed, monkeypatch, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[[notices]]\nwebhok = "https://h/x"\n')
    monkeypatch.setenv("AERO_CONFIG_FILE", str(config))
    monkeypatch.setenv("AERO_SERVER", "local")
    code, _, err = command("notices")
    assert code == 1
    assert "unknown key webhok" in err
    assert "webhook" in err
