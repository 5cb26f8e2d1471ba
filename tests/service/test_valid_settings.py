"""Settings that are mistyped are refused before the local AERO starts; those of the service reach what reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aero_jupyter.cli import main
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.service_settings import changed_settings, require_valid_settings, settings_of
from aero_jupyter.jobs.table_unpacking import TableError, TableLimits
from aero_jupyter.service.catalogue.sources import download_rules
from aero_jupyter.service.workers.task_request import environment

MISTYPED = [
    ("AERO_LOCAL_PULL_BYTES", "5 GB"), ("AERO_LOCAL_PULL_BYTES", "1e9"), ("AERO_LOCAL_PULL_TOTAL", "6h"),
    ("AERO_LOCAL_PULL_RATIO", "-1"), ("AERO_LOCAL_PULL_SECONDS", "²"), ("AERO_LOCAL_PULL_LOOKUP", "0"),
    ("AERO_LOCAL_TIMEOUT", "1h"), ("AERO_LOCAL_TIMEOUT", "nan"), ("AERO_LOCAL_MEMORY", "8GiB"),
    ("AERO_ANSWER_BYTES", "1 GB"), ("AERO_READ_BYTES", "lots"), ("AERO_READ_RATIO", "inf"),
    ("AERO_READ_SECONDS", "5 min"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), MISTYPED)
def test_a_mistyped_setting_is_refused_before_anything_starts(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(name, text)
    assert main.main(["local", "start"]) == 1
    output = capsys.readouterr().err
    assert output.startswith(f"{name} is {text!r}, which is not ")
    assert f"%env {name}=" in output
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("name", "text"), [each for each in MISTYPED if each[0].startswith("AERO_READ")])
def test_a_table_is_not_read_with_a_mistyped_limit(name: str, text: str) -> None:
    with pytest.raises(TableError, match=f"{name} is") as caught:
        TableLimits(environment={name: text})
    assert caught.value.cure.startswith(f"Type %env {name}=")


@pytest.mark.parametrize(
    ("word", "meant"), [("file", "files"), ("private_redirects", "private-redirects"), ("all", "")]
)
def test_a_word_that_allows_nothing_is_refused(word: str, meant: str) -> None:
    with pytest.raises(InvalidArgument, match=f"names '{word}'") as caught:
        require_valid_settings({"AERO_LOCAL_ALLOW": f"link-local, {word}"})
    assert meant in caught.value.cure


def test_valid_settings_hold() -> None:
    environ = {"AERO_LOCAL_PULL_BYTES": "1000", "AERO_LOCAL_TIMEOUT": "0.5", "AERO_LOCAL_ALLOW": "files, link-local,"}
    require_valid_settings({**environ, "AERO_READ_BYTES": "1e9", "AERO_LOCAL_MEMORY": "", "AERO_HOME": "x"})
    assert download_rules(environ)["bytes"] == 1000
    assert TableLimits(environment={"AERO_READ_BYTES": "1e9"}).bytes == 10**9


def test_the_settings_of_reading_and_the_folder_of_logins_reach_the_workers() -> None:
    environ = {"AERO_READ_BYTES": "5", "AERO_ANSWER_BYTES": "1", "AERO_DIR": "/keys", "AERO_ACCESS_TOKEN": "s3cret"}
    passed = environment(environ)
    assert {name: passed.get(name) for name in environ} == {**environ, "AERO_ACCESS_TOKEN": None}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "AERO_DIR"])
def test_a_changed_proxy_or_folder_of_logins_is_said(name: str) -> None:
    [(found, text)] = changed_settings(settings_of({}), {name: "http://ann:s3cret@proxy.example:3128"})
    assert found == name
    assert "aero-jupyter local stop" in text
    assert "s3cret" not in text


def test_the_state_file_keeps_no_password_of_a_proxy() -> None:
    assert "s3cret" not in str(settings_of({"HTTPS_PROXY": "http://ann:s3cret@proxy.example:3128"}))
