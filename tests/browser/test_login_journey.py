"""Logging in to Globus in JupyterLab: the link, its page, a wrong, a late and the right code, and the way out."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from support.jupyter_server import Jupyter

pytestmark = pytest.mark.slow

STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture
def jupyter(configured_server, auth, browser, tmp_path):
    """JupyterLab that keeps the state of widgets, on a server that wants a login."""
    folder = tmp_path / "jupyter"
    settings = folder / "config" / "lab" / "user-settings" / "@jupyter-widgets" / "jupyterlab-manager"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text(json.dumps({"saveState": True}))
    with Jupyter(folder) as started:
        yield started


class Panel:
    """The panel in the output of a cell, and the login page it leads to."""

    def __init__(self, notebook, cell):
        self.page, self.output = notebook.page, notebook.output(cell)
        self.field = self.output.get_by_label("Paste the code it shows")
        self.field.wait_for(timeout=120_000)

    def code(self, name):
        with self.page.context.expect_page() as opened:
            self.output.get_by_text("Open the login page").click()
        page = opened.value
        page.get_by_text(name).click()
        shown = page.locator("#code").inner_text()
        page.close()
        return shown

    def says(self, text):
        expect(self.output).to_contain_text(text, timeout=120_000)


def test_somebody_logs_in_and_out(jupyter, browser, auth):
    name = jupyter.write_notebook("login.ipynb", "%load_ext aero_jupyter", "%aero_login", "%aero_list data")
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        panel = Panel(notebook, 1)
        notebook.screenshot("login-waiting")
        panel.field.fill("a-wrong-code")
        panel.output.get_by_role("button", name="Log in").click()
        panel.says("Globus did not accept this code.")
        assert panel.field.input_value() == "a-wrong-code"
        auth.code_lifetime = -1.0
        late = panel.code("Vera Hall")
        auth.code_lifetime = 600.0
        panel.field.fill(late)
        panel.field.press("Enter")
        notebook.page.wait_for_function("code => document.activeElement.value === code", arg=late)
        panel.says("Globus did not accept this code.")
        notebook.screenshot("login-refused")
        code = panel.code("Vera Hall")
        panel.field.fill(code)
        notebook.save()
        assert code not in (jupyter.root / name).read_text()
        panel.field.press("Enter")
        panel.says("Logged in as vh@example.edu until ")
        notebook.screenshot("login-done")
        notebook.run_all()
        assert "sewage" in notebook.output(2).inner_text()
        notebook.save()
        text = (jupyter.root / name).read_text()
        assert STATE in text
        assert [secret for secret in auth.secrets if secret in text] == []
    assert auth.log.count("authorization_code") == 3


def test_the_panel_comes_by_itself_and_leaves_again(jupyter, browser, auth):
    name = jupyter.write_notebook("needs.ipynb", "%load_ext aero_jupyter", "%aero_list data")
    with jupyter.open(browser, name) as notebook:
        notebook.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        panel = Panel(notebook, 1)
        assert panel.output.inner_text().startswith("You are not logged in to 127.0.0.1")
        panel.output.get_by_text("copy link").click()
        panel.says("copied")
        panel.field.fill(panel.code("Jo"))
        panel.output.get_by_role("button", name="Log in").click()
        panel.says("Logged in as jo@example.edu")
        panel.output.get_by_role("button", name="Log out").click()
        panel.says("deleted here and revoked at Globus")
    assert not any(auth.active(token) for token in auth.secrets)
