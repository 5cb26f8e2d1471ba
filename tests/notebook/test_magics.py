"""Every magic in a shell, on the local AERO."""

from __future__ import annotations

import getpass
import platform
import re

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter

import aero_jupyter
from aero_jupyter.core.models import Run
from aero_jupyter.notebook.magics.parsers import declares_arguments, parser_of

LINES = (
    "aero_endpoints",
    "aero_get",
    "aero_list",
    "aero_login",
    "aero_logout",
    "aero_run",
    "aero_search",
    "aero_status",
    "aero_versions",
)


@pytest.mark.parametrize("line", ["", "--force"])
def test_who_is_logged_in(shell, line):
    who = shell.run_line_magic("aero_login", line)
    assert repr(who) == f"Logged in to the local AERO on this machine as {getpass.getuser()}."
    assert repr(who) in who._repr_html_()


def test_after_a_logout_the_next_magic_finds_the_local_aero_again(shell, influent):
    out = shell.run_line_magic("aero_logout", "")
    assert "keeps running" in repr(out)
    assert repr(out) in out._repr_html_()
    assert len(shell.run_line_magic("aero_get", "influent"))


def test_status_names_a_misspelt_setting(shell, influent, monkeypatch):
    monkeypatch.setenv("AERO_LOCAL_TIMOUT", "60")
    assert repr(shell.run_line_magic("aero_status", "")).splitlines()[3] == (
        "▲ AERO_LOCAL_TIMOUT is set but is not a setting, so it is ignored. Did you mean AERO_LOCAL_TIMEOUT?"
    )


def test_status_says_where_and_how_much(shell, influent):
    heading, counts, space = repr(shell.run_line_magic("aero_status", "")).splitlines()
    assert re.fullmatch(r"[\d,.]+ MB stored for versions of [\d,.]+ MB", space)
    assert heading == f"✓ local AERO answers at {aero_jupyter.current().client.base_url}"
    assert all(int(count.split(": ")[1]) for count in counts.split(" · "))


def test_lists_are_plain_frames_with_the_id_last(shell, influent):
    frame = shell.run_line_magic("aero_list", "data --limit 1000")
    assert isinstance(frame, pd.DataFrame)
    assert list(frame)[:2] == ["name", "description"]
    assert list(frame)[-1] == "id"
    row = frame.set_index("name").loc["influent"]
    assert row["newest version"] == 2
    assert "<b>" not in frame._repr_html_()


@pytest.mark.parametrize("line", ["", "--all"])
def test_endpoints_are_listed_with_state_and_python(shell, line):
    frame = shell.run_line_magic("aero_endpoints", line)
    assert list(frame) == ["name", "status", "python", "owner", "id"]
    row = frame.set_index("name").loc["local"]
    assert row["status"] == "online"
    assert row["python"] == platform.python_version()
    assert row["id"] == aero_jupyter.current().endpoint


def test_what_a_flow_did_is_listed(shell, influent):
    flows = shell.run_line_magic("aero_list", "flow").set_index("name")
    assert flows.loc["follow", "runs"] == "when any input changes"
    assert flows.loc["follow", "description"] == "Smoothed level."
    assert flows.loc["take_in", "outputs"] == "influent"
    runs = shell.run_line_magic("aero_list", "run")
    assert "level v2" in set(runs["made"])
    provenance = shell.run_line_magic("aero_list", "prov")
    assert "level v2" in set(provenance.loc[provenance["used"] == "influent v2", "made"])


@pytest.mark.parametrize("kind", ["data", "flow", "prov", "run"])
def test_a_list_is_as_long_as_it_is_wanted(shell, influent, kind):
    assert len(shell.run_line_magic("aero_list", f"{kind} --limit 1")) == 1
    empty = shell.run_line_magic("aero_list", f"{kind} --limit 0")
    assert empty.empty
    assert list(empty)[-1] == "id"


def test_how_long_lists_are_is_a_setting(shell, influent):
    shell.run_line_magic("config", "AeroMagics.limit = 1")
    assert len(shell.run_line_magic("aero_list", "data")) == 1
    shell.config.pop("AeroMagics")


@pytest.mark.parametrize("query", ["influent", "name:influent", '"Inflow" AND influ*', "influent --scan"])
def test_a_search_finds_what_is_there(shell, influent, query):
    found = shell.run_line_magic("aero_search", query)
    assert "influent" in set(found["name"])
    assert str(found["updated"].dtype) == "datetime64[ns, UTC]"


def test_versions_are_listed_oldest_first(shell, influent):
    assert shell.run_line_magic("aero_versions", "influent")["version"].tolist() == [1, 2]


def test_a_version_is_a_frame_that_knows_where_it_came_from(shell, influent):
    shell.user_ns["which"] = {"old": 1}
    old, new = (shell.run_line_magic("aero_get", f"influent {more}") for more in ("--version {which['old']}", ""))
    assert len(old) < len(new)
    assert (old.attrs["aero"]["name"], old.attrs["aero"]["version"]) == ("influent", 1)
    assert new.attrs["aero"]["version"] == 2


def test_a_run_is_waited_for_and_shown(shell, influent):
    card = shell.run_line_magic("aero_run", "follow")
    assert card.state in ("done", "unchanged")
    assert isinstance(card.run, Run)
    assert f"run {card.id[:8]}" in repr(card)
    assert "Used influent v2." in card._repr_html_()
    assert shell.run_line_magic("aero_run", "follow --no-wait").run.flow_id == card.run.flow_id


@pytest.mark.parametrize(
    ("line", "happened", "cure"),
    [
        ("aero_get", "%aero_get needs id.", "%aero_get? lists its arguments."),
        ("aero_get influent --version x", "--version: x is not a whole number.", "%aero_get?"),
        ("aero_get influent --version -1", "--version: -1 is not a whole number.", "%aero_get?"),
        ("aero_get influent --version", "--version needs a value.", "%aero_get?"),
        ("aero_get influent --wait soon", "--wait: soon is not a number of seconds.", "%aero_get?"),
        ("aero_get influent --wait nan", "--wait: nan is not a number of seconds.", "%aero_get?"),
        ('aero_get "influent', 'A quotation mark or a backslash is not closed in: "influent', "Close it."),
        ("aero_get influent --nothing", "%aero_get does not know --nothing.", "%aero_get?"),
        ("aero_get influent level", "%aero_get does not know level.", "%aero_get?"),
        ("aero_get {nope}", "{nope} is not defined in this notebook.", "Run the cell that defines it"),
        (
            "aero_get influent --version 9",
            "influent has versions 1 to 2; there is no version 9.",
            "Choose one of them.",
        ),
        ("aero_get influnet", "There is no data named 'influnet'.", "Did you mean influent?"),
        ("aero_versions influnet", "There is no data named 'influnet'.", "Did you mean influent?"),
        ("aero_list", "%aero_list needs kind.", "%aero_list?"),
        ("aero_list nothing", "nothing is no kind; there are data, flow, prov, run.", "%aero_list?"),
        ("aero_list data --limit -1", "--limit: -1 is not a whole number.", "%aero_list?"),
        ("aero_search", "The search has no query.", "Write %aero_search QUERY"),
        ("aero_search (rain", "column 1", "Close it"),
        ("aero_search (rain --scan", "column 1", "Close it"),
        ("aero_run", "%aero_run needs flow.", "%aero_run?"),
        ("aero_run folow", "There is no flow named 'folow'.", "Did you mean follow"),
        ("aero_login now", "%aero_login does not know now.", "%aero_login?"),
        ("aero_logout now", "%aero_logout does not know now.", "%aero_logout?"),
        ("aero_status now", "%aero_status does not know now.", "%aero_status?"),
        ("aero_traceback now", "%aero_traceback does not know now.", "%aero_traceback?"),
    ],
)
def test_what_cannot_be_done_is_two_lines(error_lines, influent, line, happened, cure):
    lines = error_lines(f"%{line}")
    assert len(lines) == 2
    assert happened in lines[0]
    assert cure in lines[1]


def test_the_traceback_tells_the_rest_of_the_last_error(shell, error_lines, influent):
    error_lines("%aero_get influnet")
    card = shell.run_cell("%aero_traceback").result
    assert "There is no data named 'influnet'." in repr(card)
    assert "Traceback" in repr(card)
    assert "Traceback" in card._repr_html_()


@pytest.mark.parametrize("magic", [*(f"%{name}" for name in LINES), "%aero_traceback", "%%aero_register", "%%aero_run"])
def test_every_magic_has_help_that_names_its_options(shell, capsys, magic):
    name = magic.lstrip("%")
    shell.run_cell(f"{magic}?")
    output = capsys.readouterr().out
    assert f"%{name}" in output
    described = shell.magics_manager.magics["cell" if magic.startswith("%%") else "line"][name]
    options = (
        [action.option_strings[0] for action in parser_of(described)._actions if action.option_strings]
        if declares_arguments(described)
        else ["--limit", "--scan"]
    )
    assert [option for option in options if option not in output] == []


def test_tab_knows_the_magics(shell):
    with provisionalcompleter():
        offered = {completion.text for completion in shell.Completer.completions("%aero_", 6)}
    assert {f"%{name}" for name in LINES} <= offered
