"""The form's messages about taken names, missing values, and changes while it is open."""

from __future__ import annotations

import copy
import gc
import re
from dataclasses import replace
from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.compute_service import ComputeService
from support.register_form import CELL, FilledForm

import aero_jupyter
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument, Unreachable
from aero_jupyter.notebook import extension
from aero_jupyter.notebook.panels.register import edits
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration.ttl_cache import TTL_SECONDS, Lookups
from aero_jupyter.notebook.widgets import tree as trees

PULL = "def {name}(raw, more):\n    import pandas as pd\n    return pd.read_csv(raw)\n"


def offered(filled: FilledForm, name: str) -> list[str]:
    """Return the options of a choice, or the suggestions of a text field."""
    node = next(node for node in trees.walk(filled.form.tree()) if node.get("name") == name)
    return [value for value, _ in node["options"]] if node["is"] == "choice" else node["known"]


def form_of(fill_form: Any, name: str, text: str = CELL) -> FilledForm:
    return fill_form(text.format(name=name)).set("function", name)


# Names that are taken


def test_a_name_that_another_flow_makes_stops_and_names_the_flow(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_taken").set("what x", "influent").set("outputs", "level")
    assert re.match(
        r"✕ level is made by flow follow already \([0-9a-f]{8}\)\. "
        r"Continue its data with this one, or choose another output\.",
        filled.notes[0],
    )
    assert not filled.is_enabled("Register")
    assert filled.set("outputs", "state_taken").notes == []
    assert aero_jupyter.current().client.resolve_data("level").name == "level"


def test_an_output_that_is_its_own_input_stops(fill_form: Any) -> None:
    client = aero_jupyter.current().client
    message = "✕ influent is an input and an output, and would trigger its own flow. Choose another output."
    for name_or_id in ("influent", client.resolve_data("influent").id):
        filled = form_of(fill_form, "state_own").set("what x", name_or_id).set("outputs", "influent")
        assert filled.notes == [message]
        assert not filled.is_enabled("Register")


@pytest.mark.slow
def test_the_data_of_another_flow_go_on_when_it_is_replaced(fill_form: Any, shell: Any) -> None:
    shell.run_cell_magic("aero_register", "--input x=influent --output state_goes_on", CELL.format(name="state_before"))
    client = aero_jupyter.current().client
    data = client.resolve_data("state_goes_on")
    filled = form_of(fill_form, "state_after").set("what x", "influent").set("outputs", "state_goes_on")
    filled.press("Continue its data")
    assert filled.notes[0].endswith("That flow is replaced; its data continues.")
    filled.press("Register")
    assert client.resolve_data("state_goes_on").id == data.id
    makers = [flow.function_name for flow in client.list("flow").all() if data.id in [each.id for each in flow.outputs]]
    assert makers == ["state_after"]


def test_what_was_to_be_replaced_is_forgotten_with_its_name(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_forgotten").set("what x", "influent").set("outputs", "level")
    filled.press("Continue its data").set("outputs", "influent_2").set("outputs", "level")
    assert filled.notes[0].startswith("✕ level is made by flow follow")


@pytest.mark.slow
def test_data_whose_flow_was_deleted_is_continued(fill_form: Any, shell: Any) -> None:
    card = shell.run_cell_magic("aero_register", "--input x=influent --output state_orphan", CELL.format(name="orphan"))
    client = aero_jupyter.current().client
    data = client.resolve_data("state_orphan")
    client.wait_for_version(data.id, 1, 60)
    client.delete_flow(card.flow.id)
    filled = form_of(fill_form, "orphan").set("what x", "influent").set("outputs", "state_orphan")
    assert filled.notes[0].startswith(
        f"✕ There is a dataset state_orphan already ({data.id[:8]}), which no flow makes."
    )
    filled.press("Continue its data").press("Register")
    assert client.resolve_data("state_orphan").id == data.id


def test_a_name_under_which_nothing_was_ever_kept_only_surprises(fill_form: Any, shell: Any) -> None:
    shell.run_cell_magic("aero_register", "--output state_never", "def never_ran(n=1):\n    return None\n")
    filled = form_of(fill_form, "state_anew").set("what x", "influent").set("outputs", "state_never")
    assert filled.notes[0].startswith("▲ state_never is made by flow never_ran already")
    assert filled.is_enabled("Register")


@pytest.mark.parametrize(
    ("line", "happened"),
    [
        ("--input x=influent --output level", "level is made by flow follow already"),
        ("--input x={influent_id} --output influent", "influent is an input and an output"),
        ("--input x=influent --output fine --output level", "level is made by flow follow already"),
    ],
)
def test_the_magic_stops_at_a_name_that_is_taken(
    shell: Any, error_lines: Any, influent: Any, line: str, happened: str
) -> None:
    client = aero_jupyter.current().client
    shell.user_ns["influent_id"] = client.resolve_data("influent").id
    lines = error_lines(f"%%aero_register {line}\ndef taker(x):\n    return x\n")
    assert lines[0].startswith(happened)
    assert "choose another output" in lines[1].lower()
    assert client.resolve_data("level")
    assert "taker" not in [flow.function_name for flow in client.list("flow").all()]


def test_a_source_that_is_a_web_page_stops_the_magic(error_lines: Any, site: str) -> None:
    lines = error_lines(
        f"%%aero_register --source raw={site}page.csv --output state_page\ndef state_page(raw):\n    return raw\n"
    )
    assert lines == ["The source answers with a web page.", "Use the URL of the file itself."]


# Values that are lacking


def test_a_required_parameter_has_no_default_to_choose(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_needs")
    assert offered(filled, "how x") == ["input", "constant", "pulled"]
    assert "default" in offered(filled, "how window")
    filled.set("how x", "default")
    assert filled.form.value.bindings[0][1] == "input"
    filled.set("how window", "default").set("text", filled.form.value.text.replace("window=WINDOW", "window"))
    assert filled.notes[-1].startswith("✕ window needs a value")
    assert not filled.is_enabled("Register")


def test_a_blank_constant_is_no_value_and_an_empty_text_is_one(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_blank").set("what x", "influent").set("how window", "constant")
    assert filled.notes == ['✕ window needs a value. Enter it; "" is an empty text.']
    assert filled.set("what window", '""').notes == []
    assert filled.form.value.constants() == {"window": ""}


def test_only_one_parameter_is_pulled(fill_form: Any, site: str) -> None:
    filled = form_of(fill_form, "state_twice", PULL).set("how raw", "pulled").set("what raw", site + "x.csv")
    filled.set("how more", "pulled").set("what more", site + "x.csv")
    assert filled.notes == ["✕ raw already receives the download. Choose a dataset or a fixed value for more."]
    assert not filled.is_enabled("Register")
    assert filled.set("how more", "constant").set("what more", "1").notes == []


def test_a_form_that_downloads_nothing_any_more_follows_its_inputs() -> None:
    pulled = FormState(function="take", when="any", bindings=(("raw", "input", ""),), required=("raw",))
    pulled = edits.with_field_value(pulled, "how raw", "pulled")
    assert pulled.when == "pull"
    assert edits.with_field_value(pulled, "how raw", "input").when == "any"
    assert edits.with_function(pulled, "mean", "def mean(weekly):\n    return weekly").when == "any"
    # What its user has chosen stays.
    notified = edits.with_field_value(replace(pulled, bindings=(("raw", "input", ""),)), "when", "event")
    assert edits.with_field_value(notified, "how raw", "constant").when == "event"


def test_it_is_tried_only_when_nothing_is_lacking(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_untried")
    assert not filled.is_enabled("Try it here")
    assert not filled.set("what x", "nothing_of_that_name").is_enabled("Try it here")
    assert filled.set("what x", "influent").is_enabled("Try it here")
    assert not filled.set("outputs", "").is_enabled("Try it here")
    assert not filled.set("outputs", "state_untried").set("text", "def state_untried(x:").is_enabled("Try it here")


def test_a_text_that_is_half_typed_stops_at_the_text(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_half").set("what x", "influent")
    filled.set("text", "def state_half(x, window=2:\n    return x\n")
    assert len(filled.notes) == 1
    assert filled.notes[0].startswith("✕ Line 1 is not Python")
    assert filled.notes[0].endswith("Correct the code, then try again.")
    shown = [node for node in filled.form.tree()["children"] if node["is"] in ("note", "fold")]
    assert [node["is"] for node in shown] == ["fold", "note", "fold"]
    assert [name for name, _, _ in filled.form.value.bindings] == ["x", "window"]


@pytest.mark.parametrize(
    "text",
    [
        "model = print()\n\ndef state_words(x):\n    return model\n",
        "def state_words(x):\n    return LIMIT\n",
        "def other(x):\n    return x\n",
        "%matplotlib inline\ndef state_words(x):\n    return x\n",
        "def state_words(x, /):\n    return x\n",
    ],
)
def test_a_cure_is_in_the_words_of_the_form(fill_form: Any, text: str) -> None:
    filled = form_of(fill_form, "state_words").set("text", text).set("what x", "influent").set("outputs", "level")
    assert filled.notes
    assert "--" not in "".join(filled.notes)
    with pytest.raises(InvalidArgument) as stopped:
        filled.form.register()
    assert "--" not in str(stopped.value)


# What changes while it is open


@pytest.mark.slow
def test_a_function_defined_anew_is_noticed_and_stops_register_once(fill_form: Any, shell: Any) -> None:
    filled = form_of(fill_form, "state_anew_text").set("what x", "influent")
    old = filled.form.value.text
    shell.run_cell(CELL.format(name="state_anew_text").replace("mean()", "min()"), store_history=True)
    assert filled.notes == ["▲ state_anew_text() was redefined since."]
    filled.press("Register")
    message = "Nothing is registered yet. Use the new definition, or register again to keep this one."
    assert filled.notes == [f"▲ state_anew_text() was redefined since. {message}"]
    assert filled.form.flow is None
    filled.press("Register")
    assert filled.form.flow is not None
    assert filled.form.value.text == old


@pytest.mark.slow
def test_a_function_defined_anew_is_taken_by_its_button(fill_form: Any, shell: Any) -> None:
    filled = form_of(fill_form, "state_take").set("what x", "influent")
    shell.run_cell(CELL.format(name="state_take").replace("Smoothed level.", "Least level."), store_history=True)
    filled.press("Register").press("Use the new definition").press("Register")
    assert filled.form.flow.description == "Least level."


def test_a_form_nobody_looks_at_hears_of_it_at_register(fill_form: Any, shell: Any) -> None:
    filled = form_of(fill_form, "state_unseen").set("what x", "influent").do("bye", view="one")
    shell.run_cell(CELL.format(name="state_unseen").replace("mean()", "min()"), store_history=True)
    assert filled.notes == []
    with pytest.raises(InvalidArgument, match="was redefined since"):
        filled.form.register()
    assert filled.form.register().flow.function_name == "state_unseen"


def test_a_new_function_is_offered_at_once(fill_form: Any, shell: Any) -> None:
    filled = form_of(fill_form, "state_first")
    shell.run_cell("%%time\ndef state_second(x):\n    return x\n", store_history=True)
    assert offered(filled, "function")[:2] == ["state_second", "state_first"]


@pytest.mark.parametrize("end", ["bye", "unload", "gone"])
def test_no_form_stays_in_the_shell(fill_form: Any, shell: Any, end: str) -> None:
    hooks = shell.events.callbacks["post_run_cell"]
    before = len(hooks)
    filled = form_of(fill_form, "state_hooked")
    assert len(hooks) == before + 1
    if end == "bye":
        filled.do("bye", view="one")
        assert len(hooks) == before
    elif end == "unload":
        extension.unload(shell)
        assert not [hook for hook in hooks if str(hook.__module__).startswith("aero_jupyter")]
    else:
        del filled
        gc.collect()
        shell.run_cell("pass")
        assert len(hooks) == before


def test_the_docstring_describes_it_until_somebody_does(fill_form: Any) -> None:
    other = "def state_plain(x):\n    return x\n"
    filled = form_of(fill_form, "state_told")
    assert filled.form.value.description == "Smoothed level."
    fill_form(other)
    assert filled.set("function", "state_plain").form.value.description == ""
    assert filled.set("function", "state_told").form.value.description == "Smoothed level."
    filled.set("text", filled.form.value.text.replace("Smoothed level.", "Flat level."))
    assert filled.form.value.description == "Flat level."
    filled.set("description", "Mine").set("function", "state_plain")
    assert filled.form.value.description == "Mine"


def test_a_server_that_is_away_is_said_once_beside_what_is_known_without_it(
    fill_form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = form_of(fill_form, "state_away")

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    with monkeypatch.context() as away:
        away.setattr(aero_jupyter.current().client, "_request", gone)
        for typed in ("i", "in", "inf", "infl"):
            filled.set("what x", typed)
        assert filled.notes == ["▲ No answer. Wait."]
        filled.set("outputs", "")
        assert filled.notes == ["✕ The result has no name yet. Name at least one output.", "▲ No answer. Wait."]
        assert "Looking" not in trees.as_text(filled.form.tree())


# Inputs


def test_an_answer_holds_for_a_moment() -> None:
    now, requested = [0.0], []
    known = Lookups(clock=lambda: now[0])

    def names() -> int:
        return known.get("names", "", lambda: requested.append(1) or len(requested))

    assert [names(), names()] == [1, 1]
    now[0] = TTL_SECONDS["names"]
    assert names() == 2


def test_new_data_is_offered_as_it_comes(fill_form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TTL_SECONDS, "names", 0.0)
    filled = form_of(fill_form, "state_offers").set("what x", "state_com")
    assert offered(filled, "what x") == []
    aero_jupyter.current().register(portable("def comes():\n    return None\n"), outputs=["state_comes"])
    assert offered(filled.set("what x", "state_come"), "what x") == ["state_comes"]


@pytest.mark.slow
def test_an_input_may_be_a_version(fill_form: Any) -> None:
    filled = form_of(fill_form, "state_version").set("what x", "influent@1")
    assert filled.notes == []
    assert "Runs once now on influent v1" in trees.as_text(filled.form.tree())
    client = aero_jupyter.current().client
    data = client.resolve_data("influent")
    first, newest = (len(client.read(data.id, number)) for number in (1, None))
    assert first < newest
    filled.press("Try it here")
    assert f"✓ state_version returned a DataFrame of shape ({first}, 1)" in trees.as_text(filled.form.tree())
    filled.press("Register")
    made = filled.form.flow.outputs[0]
    client.wait_for_version(made.id, 1, 60)
    runs = client.list("run", match=filled.form.flow.id).all()
    assert [version.version for run in runs for version in run.used] == [1]
    assert filled.set("what x", "influent@99").notes[0].startswith("✕ influent has versions 1 to ")


def test_the_endpoint_is_shown_with_what_may_surprise(fill_form: Any, shell: Any) -> None:
    session = copy.copy(aero_jupyter.current())
    fill_form(CELL.format(name="state_far"))
    with ComputeService() as service:
        service.add_endpoint("cluster", "3.9.18")
        session.compute = Registrar(service.url, AccessTokenAuthorizer(service.token))
        draft = FormState("state_far", CELL.format(name="state_far"), endpoint="cluster")
        form = RegisterForm(session, draft, begin=lambda task: task(), shell=shell)
        messages = [str(remark) for remark in form.check() if remark.about == "endpoint"]
        assert messages[0].startswith(
            "▲ Endpoint cluster is offline, and works when it is back; it runs Python 3.9, and this"
        )
        assert messages[0] in trees.as_text(form.tree())
        form.act({"do": "set", "name": "endpoint", "value": "cloud"})
        assert [remark.text for remark in form.findings if remark.about == "endpoint"] == [
            "There is no endpoint 'cloud'."
        ]
