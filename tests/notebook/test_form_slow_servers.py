"""The Register button on a slow day: servers that do not answer for a while, and looks that take long."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support.register_form import CELL, FilledForm

import aero_jupyter
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.notebook.panels.register import validated_view


def on_show(form: Any, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return an event that is set once the form shows an enabled Register button."""
    enabled, before = threading.Event(), form.show

    def show() -> None:
        before()
        if form._can_register:
            enabled.set()

    monkeypatch.setattr(form, "show", show)
    return enabled


@pytest.mark.parametrize("failures", [1, 2, 4])
def test_the_register_button_comes_back_when_the_server_does(
    fill_form: Any, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    monkeypatch.setattr(validated_view, "FIRST_RETRY_SECONDS", 0.05)
    name = f"form_back_{failures}"
    filled: FilledForm = fill_form(CELL.format(name=name)).set("function", name)
    client, left = aero_jupyter.current().client, [failures]
    answer = client._request

    def unsteady(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise Unreachable(0, "No answer.", "Wait.")
        return answer(*args, **kwargs)

    enabled = on_show(filled.form, monkeypatch)
    filled.form._validator.lookups.clear()
    monkeypatch.setattr(client, "_request", unsteady)
    filled.set("what x", "influent")
    assert not filled.is_enabled("Register")
    assert enabled.wait(180)
    assert filled.notes == []


def test_a_form_that_is_closed_asks_no_more(fill_form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: FilledForm = fill_form(CELL.format(name="form_closed")).set("function", "form_closed")

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    monkeypatch.setattr(aero_jupyter.current().client, "_request", gone)
    filled.set("what x", "influent")
    retry = filled.form._retry_timer
    assert retry is not None
    filled.do("bye", view="one")
    retry._timer.join(180)
    assert not retry._timer.is_alive()
    assert filled.form._retry_timer is retry


def test_what_was_typed_over_is_not_looked_at(fill_form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: FilledForm = fill_form(CELL.format(name="form_typed")).set("function", "form_typed")
    form, looked, go_on, begun = filled.form, [], threading.Event(), threading.Event()
    look = form._validator.validate

    def slow(draft: Any, *args: Any, **kwargs: Any) -> Any:
        looked.append(dict(form._form_state.values_of("input")).get("x"))
        begun.set()
        assert go_on.wait(180)
        return look(draft, *args, **kwargs)

    threads: list[threading.Thread] = []

    def begin(task: Any) -> None:
        threads.append(threading.Thread(target=task))
        threads[-1].start()

    monkeypatch.setattr(form._validator, "validate", slow)
    monkeypatch.setattr(form, "_start_task", begin)
    filled.set("what x", "i")
    assert begun.wait(180)
    for typed in ("in", "inf", "infl", "influent"):
        filled.set("what x", typed)
    go_on.set()
    for thread in threads:
        thread.join(180)
    assert looked == ["i", "influent"]
    assert filled.is_enabled("Register")
