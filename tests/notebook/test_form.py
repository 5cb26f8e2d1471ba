"""A function registered in the form: findings, fixes, dry run, registration and code."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.register_form import CELL

import aero_jupyter
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.widgets import tree as trees


def test_a_function_is_registered_and_says_before_what_will_happen(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_smooth")).set("function", "form_smooth")
    form = filled.form
    assert form.value.bindings == (("x", "input", ""), ("window", "default", ""))
    assert filled.notes == []
    assert "Still missing: x." in trees.as_text(form.tree())
    assert not filled.is_enabled("Register")
    filled.set("what x", "influent").set("what x", "")
    assert filled.notes == ["✕ x needs a value: a dataset, a fixed value or a URL."]
    assert "Still missing" not in trees.as_text(form.tree())
    filled.set("what x", "influent").set("outputs", "form_level")
    assert filled.notes == []
    newest = aero_jupyter.current().client.latest(aero_jupyter.current().client.resolve_data("influent").id).version
    message = f"Runs once now on influent v{newest}, then each time influent gets a new version."
    assert message in trees.as_text(form.tree())
    filled.press("Register")
    assert form.flow is not None
    assert filled.notes == [f"✓ Registered as flow {form.flow.id[:8]}."]
    assert [node["name"] for node in trees.walk(form.tree()) if node["is"] == "field"] == []
    assert [data.name for data in form.flow.outputs] == ["form_level"]
    aero_jupyter.current().client.wait_for_version(form.flow.outputs[0].id, 1, 60)
    # The portable source holds the function's dependencies, and no more.
    assert form.value.text.startswith("import pandas as pd\nWINDOW = 2\n\n\ndef form_smooth")
    entries = form.value
    filled.press("Register another")
    assert form.value == entries
    assert any(node["is"] == "field" and node["value"] == "form_level" for node in trees.walk(form.tree()))


def test_the_default_of_a_parameter_is_shown(fill_form: Any) -> None:
    code = "def form_default(x, window=7, *, label='seven days', long='" + "y" * 60 + "'):\n    return x\n"
    shown = trees.as_text(fill_form(code).set("function", "form_default").form.tree())
    assert "with window = its default, 7" in shown
    assert "with label = its default, 'seven days'" in shown
    assert "y" * 30 not in shown


def test_use_as_input_says_what_it_did(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_used")).set("function", "form_used")
    filled.form.use_as_input(aero_jupyter.current().client.resolve_data("influent"))
    assert filled.notes == ["✓ influent is the input x of form_used()."]
    assert filled.set("description", "d").notes == []


def test_a_schedule_shows_its_next_three_runs(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_timed")).set("function", "form_timed").set("what x", "influent")
    filled.set("when", "timer").set("every", "weekly")
    shown = trees.as_text(filled.form.tree())
    found = re.search(r"Next runs: (\S+ \S+) UTC, (\S+ \S+) UTC, (\S+ \S+) UTC\.", shown)
    assert found is not None
    first, second, third = (datetime.fromisoformat(each) for each in found.groups())
    assert second - first == third - second == timedelta(weeks=1)
    filled.set("every", "0 6 * * *")
    assert filled.notes == [
        "✕ '0 6 * * *' is a cron expression, and AERO runs a flow at intervals. Write the interval: 1h, 1d or 1w."
    ]


def test_what_a_function_lacks_is_moved_into_it_by_a_button(fill_form: Any) -> None:
    filled = fill_form("import numpy as np", "def form_lacking(n=3):\n    return np.arange(n)\n")
    filled.set("function", "form_lacking").set("when", "none")
    assert filled.notes[0].startswith("✕ form_lacking() uses `np`, which this cell does not import.")
    filled.press("Move import numpy as np into it")
    assert filled.notes == []
    assert filled.form.value.text.startswith("import numpy as np\n")


def test_a_name_that_is_not_there_is_mended_and_what_was_typed_is_kept(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_typo")).set("function", "form_typo").set("what x", "influnt")
    assert filled.notes[0].startswith("✕ There is no data named 'influnt'.")
    assert {name: what for name, _, what in filled.form.value.bindings}["x"] == "influnt"
    filled.press("Use influent")
    assert filled.notes == []


def test_outputs_nobody_makes_and_times_that_cannot_be_are_said(fill_form: Any) -> None:
    filled = fill_form("def form_nothing(x):\n    print(x)\n").set("function", "form_nothing").set("what x", "influent")
    assert filled.notes[0].startswith("✕ form_nothing() returns nothing, but output form_nothing is declared.")
    filled.set("when", "timer")
    assert "✕ The schedule needs an interval. Enter it in the field every, such as 1d." in filled.notes
    filled.set("every", "soon")
    assert any("'soon' is not a time." in note for note in filled.notes)
    filled.set("outputs", "")
    assert any("has no name yet" in note for note in filled.notes)


def test_two_outputs_of_which_one_is_never_made(fill_form: Any) -> None:
    text = "from aero_jupyter import AeroOutput\ndef form_two(x):\n    return AeroOutput('one', x)\n"
    filled = fill_form(text).set("function", "form_two").set("what x", "influent").set("outputs", "one, other")
    assert any("never makes other" in note for note in filled.notes)


def test_a_source_that_is_silent_or_a_web_page_is_said(fill_form: Any, site: Any) -> None:
    filled = fill_form("def form_pull(raw):\n    import pandas as pd\n    return pd.read_csv(raw)\n")
    filled.set("function", "form_pull").set("how raw", "pulled")
    assert filled.form.value.when == "pull"
    filled.set("what raw", "http://127.0.0.1:9/no.csv")
    assert any("connection to the source failed" in note for note in filled.notes)
    assert filled.is_enabled("Register")
    filled.set("what raw", "ftp://example.org/x.csv")
    assert not filled.is_enabled("Register")
    filled.set("what raw", site + "x.csv")
    assert filled.notes == []
    assert "Downloads the URL once now, then every day" in trees.as_text(filled.form.tree())
    filled.set("what raw", site + "page.csv")
    assert filled.notes == ["✕ The source answers with a web page. Use the URL of the file itself."]
    filled.set("what raw", site + "missing.csv")
    assert filled.notes == ["▲ The source answers with 404. Check its URL."]


def test_a_flow_that_stands_there_is_told_with_the_difference_and_replaced(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_again")).set("function", "form_again").set("what x", "influent")
    filled.press("Register")
    first = filled.form.flow
    again = fill_form(CELL.format(name="form_again")).set("function", "form_again").set("what x", "influent")
    assert again.notes == [f"▲ This flow is registered already ({first.id[:8]}). Nothing would change."]
    again.press("Register")
    assert again.form.flow.id == first.id
    other = fill_form(CELL.format(name="form_again").replace("mean()", "max()")).set("function", "form_again")
    other.set("what x", "influent")
    assert "its text differs: - return table" in other.notes[0]
    assert not other.is_enabled("Register")
    other.press("Replace it").press("Register")
    assert other.form.flow.id != first.id
    assert other.form.flow.outputs[0].id == first.outputs[0].id


def test_a_function_defined_anew_while_its_form_is_open_is_said(fill_form: Any, shell: Any) -> None:
    filled = fill_form(CELL.format(name="form_new")).set("function", "form_new").set("what x", "influent")
    cell = CELL.format(name="form_new").replace("mean()", "min()")
    shell.run_cell(cell, store_history=True)
    filled.do("refresh")
    assert filled.notes == ["▲ form_new() was redefined since."]
    filled.press("Use the new definition")
    assert filled.notes == []
    assert "min()" in filled.form.value.text


def test_it_is_tried_here_with_its_output_its_files_and_its_time(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_tried")).set("function", "form_tried").set("what x", "influent")
    filled.press("Try it here")
    shown = trees.as_text(filled.form.tree())
    assert "✓ form_tried returned a DataFrame of shape" in shown
    assert "form_tried: csv, " in shown
    assert not [data for data in aero_jupyter.current().client.list("data").all() if data.name == "form_tried"]


@pytest.mark.usefixtures("errors_are_shown")
def test_a_try_that_fails_is_explained_and_the_form_stays(fill_form: Any) -> None:
    filled = fill_form("def form_bad(x):\n    raise ValueError('no rows')\n    return x\n").set("function", "form_bad")
    filled.set("what x", "influent").press("Try it here")
    shown = trees.as_text(filled.form.tree())
    assert "form_bad() raised ValueError: no rows" in shown
    assert filled.form.value.bindings[0] == ("x", "input", "influent")
    filled.set("description", "Still here")
    assert "raised ValueError" not in trees.as_text(filled.form.tree())


def test_the_server_gone_and_back(fill_form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = fill_form(CELL.format(name="form_gone")).set("function", "form_gone")

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    with monkeypatch.context() as away:
        away.setattr(aero_jupyter.current().client, "_request", gone)
        filled.set("what x", "infl")
        assert any("No answer. Wait." in note for note in filled.notes)
        assert not filled.is_enabled("Register")
    filled.set("what x", "influent")
    assert filled.notes == []
    assert filled.is_enabled("Register")


def test_names_with_markup_are_text(fill_form: Any) -> None:
    filled = fill_form(CELL.format(name="form_markup")).set("function", "form_markup")
    filled.set("what x", "<img src=x onerror=alert(1)>").set("description", "<script>")
    assert "<img" not in filled.form._repr_html_()
    assert "<script>" not in filled.form._repr_html_()


def test_without_functions_it_says_where_they_come_from(shell: Any, influent: Any) -> None:
    shell_without = type("Shell", (), {"user_ns": {}})()
    form = RegisterForm(aero_jupyter.current(), FormState(), begin=lambda task: task(), shell=shell_without)
    assert "There is no function in this notebook yet." in repr(form)
