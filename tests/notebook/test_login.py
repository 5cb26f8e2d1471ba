"""The login panel, and the magic without a panel."""

from __future__ import annotations

import json
import socket
import sys
import threading
from types import SimpleNamespace

import globus_sdk
import ipywidgets
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from support.login_accounts import EXTRA_SCOPE, SECRET, SERVICE

import aero_jupyter
from aero_jupyter import utils
from aero_jupyter.auth.user_login import UserLogin
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized
from aero_jupyter.notebook import extension
from aero_jupyter.notebook.panels import login
from aero_jupyter.notebook.panels.login_panel import LoginPanel
from aero_jupyter.notebook.widgets import frontend
from aero_jupyter.notebook.widgets.cards import Card, LoginCard
from aero_jupyter.session import connections as sessions


@pytest.fixture
def in_lab(monkeypatch):
    monkeypatch.setattr(login, "front_end", lambda: "widgets")


@pytest.fixture
def panel(configured_server, auth, in_lab):
    return login.log_in(sessions.connect(), None, False)


def shown(panel):
    """Return the visible text of the panel."""
    texts, widgets = [], list(panel.children)
    while widgets:
        widget = widgets.pop(0)
        widgets[:0] = getattr(widget, "children", ())
        texts.append(str(getattr(widget, "description", "") or "") + str(getattr(widget, "value", "") or ""))
    return "\n".join(texts)


def settled(panel):
    if panel._worker is not None:
        panel._worker.join(180)
    return shown(panel)


def type_and_click(panel, text):
    panel._field.value = text
    panel._button.click()
    return settled(panel)


def press_enter(panel):
    panel._field._handle_custom_msg({"event": "submit"}, [])
    return settled(panel)


def state(panel):
    """Everything the notebook file would keep."""
    return json.dumps(ipywidgets.Widget.get_manager_state(widgets=None))


def test_the_panel_says_where_and_what_it_will_be_able_to_do(panel):
    text = shown(panel)
    link = sessions.current().credentials.user_login.link().replace("&", "&amp;")
    assert f'<a href="{link}" target="_blank" rel="noopener noreferrer"' in text
    assert f'data-link="{link}"' in text
    for words in ("Log in to AERO (127.0.0.1:", "Paste the code", "run functions (Compute)", "waiting for the code"):
        assert words in text
    assert type(panel._field) is ipywidgets.Text


def test_its_text_is_the_whole_link_for_those_who_see_no_widgets(panel):
    bundle = panel._repr_mimebundle_()
    assert panel.link in bundle["text/plain"]
    assert "%aero_login --code" in bundle["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_code_and_a_click_log_in(panel, auth):
    text = type_and_click(panel, auth.log_in(panel.link))
    assert "✓ Logged in as vh@example.edu until " in text
    assert "(renewed automatically)." in text
    assert "Paste the code" not in text
    assert [data.name for data in sessions.current().client.list("data").page(1)] == ["sewage"]
    assert repr(panel).startswith("Logged in as vh@example.edu")


@pytest.mark.parametrize("first", ["text", "key"])
def test_enter_logs_in_whichever_arrives_first(panel, auth, first):
    code = auth.log_in(panel.link)
    if first == "text":
        panel._field.value = code
        press_enter(panel)
    else:
        press_enter(panel)
        panel._field.value = code
    assert "✓ Logged in" in settled(panel)


def test_leaving_the_field_sends_nothing(panel, auth):
    panel._field.value = auth.log_in(panel.link)
    settled(panel)
    assert auth.log == []


def test_it_finishes_on_any_thread(panel, auth):
    code = auth.log_in(panel.link)
    thread = threading.Thread(target=lambda: type_and_click(panel, code), name="subshell-1")
    thread.start()
    thread.join()
    assert "✓ Logged in" in settled(panel)


def test_clicking_twice_sends_the_code_once(panel, auth, monkeypatch):
    finish, gate = UserLogin.finish, threading.Event()
    monkeypatch.setattr(UserLogin, "finish", lambda self, code: gate.wait(180) and finish(self, code))
    panel._field.value = auth.log_in(panel.link)
    panel._button.click()
    panel._button.click()
    gate.set()
    assert "✓ Logged in" in settled(panel)
    assert auth.log == ["authorization_code"]


def test_while_it_is_sent_the_code_is_not_in_the_notebook(panel, auth, monkeypatch):
    seen, finish = [], UserLogin.finish
    monkeypatch.setattr(UserLogin, "finish", lambda self, code: seen.append(state(panel)) or finish(self, code))
    code = auth.log_in(panel.link)
    assert "✓ Logged in" in type_and_click(panel, code)
    assert code not in seen[0]


@pytest.mark.parametrize("typed", ["wrong-code", "<img src=x onerror=alert(1)>"])
def test_a_code_that_is_refused_is_said_in_two_lines_and_stays_in_the_field(panel, auth, typed):
    text = type_and_click(panel, typed)
    assert 'role="alert"' in text
    assert "Globus did not accept this code.<br>A code works once" in text
    assert panel._field.value == typed
    assert "✓ Logged in" in type_and_click(panel, auth.log_in(panel.link))


def test_enter_after_a_refused_code_sends_the_new_one(panel, auth):
    type_and_click(panel, "wrong-code")
    press_enter(panel)
    panel._field.value = auth.log_in(panel.link)
    assert "✓ Logged in" in settled(panel)
    assert auth.log == ["authorization_code"] * 2


def test_an_empty_field_is_told_so(panel):
    assert "The login code is missing." in type_and_click(panel, "  ")


def test_without_a_network_the_code_is_kept_but_not_in_the_notebook(panel, auth):
    code = auth.log_in(panel.link)
    auth.failing = 503
    text = type_and_click(panel, code)
    assert "Globus failed (status 503).<br>Try again later." in text
    assert "The code is kept" in panel._field.placeholder
    assert code not in state(panel)
    auth.failing = None
    panel._button.click()
    assert "✓ Logged in" in settled(panel)


def test_no_network_is_said_once(configured_server, auth, in_lab, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", f"http://127.0.0.1:{gone.getsockname()[1]}")
    text = type_and_click(login.log_in(sessions.connect(), None, False), "abc")
    assert text.count("Globus does not answer.<br>Check the network, then try again.") == 1


@pytest.mark.usefixtures("errors_are_shown")
def test_what_goes_wrong_here_is_shown_and_kept_for_the_traceback(panel, monkeypatch):
    def broken(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(UserLogin, "finish", broken)
    monkeypatch.setattr(sys, "last_value", None, raising=False)
    assert "Something went wrong here: RuntimeError: boom<br>See more with %aero_traceback" in type_and_click(
        panel, "abc"
    )
    assert str(sys.last_value) == "boom"


def test_the_name_of_a_person_is_no_html(panel, auth, monkeypatch):
    evil = type(auth.identities[0])("<script>alert(1)</script>", "Evil")
    auth.identities = (evil,)
    text = type_and_click(panel, auth.log_in(panel.link, evil.username))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_no_code_and_no_token_is_in_the_state_of_the_notebook(panel, auth):
    type_and_click(panel, auth.log_in(panel.link))
    kept = state(panel) + json.dumps(panel._repr_mimebundle_())
    assert "Logged in as vh@example.edu" in kept
    assert [secret for secret in auth.secrets if secret in kept] == []


def test_the_panel_logs_out_again(panel, auth):
    type_and_click(panel, auth.log_in(panel.link))
    panel._logout_button.click()
    assert "the tokens were deleted here and revoked at Globus." in settled(panel)
    with pytest.raises(LoginRequired):
        sessions.login()


def test_a_second_login_shows_the_same_panel_and_force_a_fresh_one(panel):
    here = sessions.current()
    assert login.log_in(here, None, False) is panel
    fresh = login.log_in(here, None, True)
    assert fresh.link != panel.link
    assert "A newer login page has replaced" in shown(panel)
    assert login.log_in(here, None, False) is fresh


def test_a_code_given_to_the_magic_finishes_the_panel_too(panel, auth):
    who = login.log_in(sessions.current(), auth.log_in(panel.link), False)
    assert str(who.heading).startswith("Logged in as vh@example.edu")
    assert "✓ Logged in" in shown(panel)


def test_who_is_logged_in_is_asked_of_globus(panel, auth):
    type_and_click(panel, auth.log_in(panel.link))
    here = sessions.current()
    assert repr(login.log_in(here, None, False)).startswith("Logged in as vh@example.edu")
    auth.failing = 503
    assert "The login could not be checked." in repr(login.log_in(here, None, False))
    auth.failing = None
    auth.revoke_all()
    assert isinstance(login.log_in(here, None, False), LoginPanel)


def test_a_login_that_lacks_something_says_what(panel, auth):
    type_and_click(panel, auth.log_in(panel.link))
    here = sessions.current()
    here.credentials.user_login.store.remove_token_data("funcx_service")
    assert "It lacks: run functions (Compute)." in shown(login.log_in(here, None, False))


def test_without_widgets_the_link_and_how_to_finish_are_text(configured_server, auth, monkeypatch):
    monkeypatch.setattr(login, "front_end", lambda: "text")
    card = login.log_in(sessions.connect(), None, False)
    assert type(card) is Card
    assert repr(card).splitlines()[1] == sessions.current().credentials.user_login.link()
    assert "%aero_login --code CODE" in repr(card)
    assert isinstance(login.log_in(sessions.current(), auth.log_in(repr(card).splitlines()[1]), False), LoginCard)


def test_with_client_credentials_nobody_has_to_log_in(configured_server, auth, monkeypatch):
    monkeypatch.setenv("AERO_CLIENT_ID", SERVICE)
    monkeypatch.setenv("AERO_CLIENT_SECRET", SECRET)
    assert "as the Globus client 9a4e11d2" in repr(login.log_in(sessions.connect(), None, False))
    monkeypatch.setenv("AERO_CLIENT_SECRET", "guessed")
    with pytest.raises(NotAuthorized, match="does not know this client"):
        login.log_in(sessions.connect(), None, False)


@pytest.mark.parametrize(("allowed", "how"), [(True, "widgets"), (False, "none"), (None, "widgets")])
def test_where_nobody_can_be_asked_nobody_is_there(monkeypatch, allowed, how):
    content = {} if allowed is None else {"allow_stdin": allowed}
    kernel = SimpleNamespace(get_parent=lambda: {"content": content})
    monkeypatch.setattr(frontend, "get_ipython", lambda: SimpleNamespace(kernel=kernel))
    assert frontend.front_end() == how
    monkeypatch.setattr(frontend, "get_ipython", lambda: None)
    assert frontend.front_end() == "text"


@pytest.fixture
def cells(configured_server, in_lab, monkeypatch, tmp_path):
    """A shell with the magics on the real session, and what it displays."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell, displayed = InteractiveShell(), []
    shell.history_manager.enabled = False
    extension.load(shell)
    monkeypatch.setattr(login, "display", displayed.append)
    monkeypatch.setattr(shell, "_showtraceback", lambda *_: None)
    yield shell, displayed
    extension.unload(shell)


def test_a_cell_that_fails_for_want_of_a_login_gets_the_panel(cells, auth):
    shell, displayed = cells
    result = shell.run_cell("%aero_list data")
    assert result.error_in_exec._render_traceback_()[0].startswith("You are not logged in to 127.0.0.1")
    [panel] = displayed
    type_and_click(panel, auth.log_in(panel.link))
    assert list(shell.run_cell("%aero_list data").result["name"]) == ["sewage"]
    assert len(displayed) == 1


def test_a_service_that_demands_more_leads_to_one_sentence_and_a_panel(cells, auth, configured_server):
    shell, displayed = cells
    panel = shell.run_cell("%aero_login").result
    type_and_click(panel, auth.log_in(panel.link))
    configured_server.required_scope = EXTRA_SCOPE
    error = shell.run_cell("%aero_list data").error_in_exec
    assert error._render_traceback_()[0] == "A service asks for a consent that this login does not include."
    [panel] = displayed
    assert "It lacks: use administer." in shown(panel)
    type_and_click(panel, auth.log_in(panel.link))
    assert shell.run_cell("%aero_list data").success


def test_after_unloading_nothing_is_offered(cells):
    shell, displayed = cells
    extension.unload(shell)
    shell.run_cell("import aero_jupyter; aero_jupyter.list_versions('d1')")
    assert displayed == []


def test_logging_out_with_the_magic(cells, auth):
    shell, _ = cells
    panel = shell.run_cell("%aero_login").result
    type_and_click(panel, auth.log_in(panel.link))
    assert "revoked at Globus" in repr(shell.run_cell("%aero_logout").result)


@pytest.mark.parametrize("cell", ["%aero_login", "%aero_list data"])
def test_a_scheduled_notebook_fails_with_the_exact_cure(configured_server, cell):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"%load_ext aero_jupyter\n{cell}")])
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(book, timeout=60).execute()
    assert caught.value.evalue.startswith("You are not logged in to 127.0.0.1")
    assert "set AERO_CLIENT_ID and AERO_CLIENT_SECRET (or AERO_ACCESS_TOKEN)" in caught.value.evalue
    assert "aero-jupyter login" in caught.value.evalue
    outputs = book.cells[0].outputs
    assert [each.output_type for each in outputs] == ["error"]


def test_a_script_s_login_does_not_hold_up_a_notebook(shell, monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    with pytest.raises(InvalidArgument, match="%aero_login"):
        utils.authenticate(globus_sdk.NativeAppAuthClient("94d05b66-bf20-435d-a406-2577096b6cb6"), "openid")


def test_the_login_names_its_profile(shell, error_lines, tmp_path, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text(
        f'[field]\nclient_uuid = "c"\nportal_client_id = "p"\ncache_dir = "{tmp_path}"\nserver = "https://h/fhwa"\n'
    )
    monkeypatch.setenv("AERO_CONFIG_FILE", str(file))
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "a-token")
    assert "There is no profile 'filed'" in error_lines("%aero_login --profile filed")[0]
    assert aero_jupyter.current().is_local
    shell.run_cell("%aero_login --profile field")
    assert aero_jupyter.current().client.base_url == "https://h/fhwa/"
    aero_jupyter.local()
