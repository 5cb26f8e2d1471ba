"""A variable that is set while the local AERO runs has no effect on it: the notebook says so."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from aero_jupyter.core.service_settings import changed_settings, settings_of
from aero_jupyter.session.session import Session
from aero_jupyter.testing import local_aero

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AERO_LOCAL_TIMEOUT", "900")
    return tmp_path / "home"


def test_a_setting_changed_while_the_service_runs_is_said_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local_aero(home):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            session = Session(None)
        monkeypatch.setenv("AERO_LOCAL_TIMEOUT", "60")
        with pytest.warns(UserWarning, match="AERO_LOCAL_TIMEOUT is '60' here.*'900'.*aero-jupyter local stop"):
            session.ensure_running()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            session.ensure_running()
        monkeypatch.setenv("AERO_WORKER_ENV", "SOCRATA_TOKEN")
        with pytest.warns(UserWarning, match="AERO_WORKER_ENV is 'SOCRATA_TOKEN' here.*not set"):
            session.ensure_running()


def test_a_restarted_service_knows_the_new_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local_aero(home):
        pass
    monkeypatch.setenv("AERO_READ_BYTES", "1000000")
    with local_aero(home) as state, warnings.catch_warnings():
        warnings.simplefilter("error")
        Session(None)
        assert state.settings == settings_of(os.environ)
        assert {"AERO_LOCAL_TIMEOUT": "900", "AERO_READ_BYTES": "1000000"}.items() <= state.settings.items()


def test_a_setting_that_is_removed_is_said_and_other_variables_are_not_kept() -> None:
    environ = {"AERO_ACCESS_TOKEN": "secret", "PATH": "/bin", "AERO_LOCAL_TIMEOUT": ""}
    assert settings_of(environ) == {}
    [(name, text)] = changed_settings({"AERO_READ_RATIO": "50"}, environ)
    assert name == "AERO_READ_RATIO"
    assert "is not set here" in text
