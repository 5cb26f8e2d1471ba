from __future__ import annotations

import getpass
import sys

import pandas as pd
import pytest
from conftest_values import FAILED
from IPython.core.error import UsageError

from aero_jupyter.core.errors import AeroError, RunFailed, UnknownName


def test_who_is_logged_in(shell):
    who = shell.run_line_magic("aero_login", "")
    assert repr(who) == f"Logged in to the local AERO on this machine as {getpass.getuser()}."
    assert "<div" in who._repr_html_()


def test_lists_are_plain_frames_with_the_id_last(shell):
    frame = shell.run_line_magic("aero_list", "data")
    assert type(frame) is pd.DataFrame
    assert list(frame)[:2] == ["name", "description"]
    assert list(frame)[-1] == "id"
    assert str(frame["newest version"].dtype) == "Int64"


@pytest.mark.parametrize("kind", ["flow", "prov", "run"])
def test_an_empty_list_has_its_columns(shell, kind):
    frame = shell.run_line_magic("aero_list", kind)
    assert frame.empty
    assert list(frame)[-1] == "id"


def test_a_search_goes_out_as_it_was_typed(shell, session):
    shell.user_ns["plant"] = "stickney"
    frame = shell.run_line_magic("aero_search", '"north influent" AND name:{plant} --limit 5')
    assert session.client.asked == ['"north influent" AND name:stickney']
    assert str(frame["updated"].dtype) == "datetime64[ns, UTC]"
    assert frame["id"].tolist() == ["d1"]


def test_reading_and_waiting_for_a_version(shell, session):
    shell.user_ns["which"] = 7
    assert shell.run_line_magic("aero_get", "sewage --version {which} --wait 3")["version"].tolist() == [7]
    assert session.client.asked == [("d1", 7, 3.0)]
    assert len(shell.run_line_magic("aero_versions", "sewage")) == 1


def test_what_is_unknown_is_two_lines(shell):
    with pytest.raises(UnknownName) as caught:
        shell.run_line_magic("aero_get", "sewagge")
    assert caught.value._render_traceback_() == ["There is no data named 'sewagge'.", "Did you mean sewage?"]


@pytest.mark.parametrize("line", ["", "sewage --version x", 'sewage "', "sewage --nothing"])
def test_a_mistyped_line_is_a_usage_error(shell, line):
    with pytest.raises(UsageError):
        shell.run_line_magic("aero_get", line)


def test_a_run_is_waited_for(shell):
    run = shell.run_line_magic("aero_run", "smooth")
    assert run.state == "done"
    assert repr(run).startswith("✓ done")
    assert shell.run_line_magic("aero_run", "smooth --no-wait").state == "queued"


def test_a_failed_run_keeps_the_remote_traceback(shell, session, monkeypatch):
    session.client.run = FAILED
    with pytest.raises(RunFailed) as caught:
        shell.run_line_magic("aero_run", "smooth")
    assert str(caught.value).splitlines()[0] == "smooth() raised ValueError: no rows"
    monkeypatch.setattr(sys, "last_value", caught.value, raising=False)
    told = repr(shell.run_line_magic("aero_traceback", ""))
    assert 'File "<cell smooth>", line 3' in told
    assert "hello from afar" in told


def test_every_magic_has_help(shell):
    for name in ("aero_get", "aero_run", "aero_list", "aero_search", "aero_status", "aero_login"):
        assert shell.magics_manager.magics["line"][name].__doc__
    assert "--dry-run" in shell.magics_manager.magics["cell"]["aero_register"].__doc__


def test_status_says_where_and_how_much(shell):
    assert repr(shell.run_line_magic("aero_status", "")).splitlines()[1].startswith("data: 1+")


def test_an_error_is_an_aero_error_with_a_cure(shell):
    with pytest.raises(AeroError, match="nothing to search"):
        shell.run_line_magic("aero_search", "  ")
