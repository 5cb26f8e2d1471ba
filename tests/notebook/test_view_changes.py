"""The kernel sends the front end what changed in a view; a front end that missed a change receives the whole view."""

from __future__ import annotations

from typing import Any

import jsonpatch
from hypothesis import given
from hypothesis import strategies as st
from support.front_end import FrontEnd

from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.json_diff import diff
from aero_jupyter.notebook.widgets.view_widget import ViewWidget
from aero_jupyter.notebook.widgets.widget_host import TreeHost

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "a/b", "~1", "is"])
KEYS = st.sampled_from(["id", "is", "a", "a/b", "~", "", "children", "0"])
VALUES = st.recursive(SCALARS, lambda each: st.lists(each, max_size=5) | st.dictionaries(KEYS, each, max_size=4))


@given(VALUES, VALUES)
def test_the_changes_of_a_value_make_the_other_value(old: Any, new: Any) -> None:
    made = jsonpatch.apply_patch(old, diff(old, new))
    # repr tells True from 1.
    assert repr(sorted_keys(made)) == repr(sorted_keys(new))
    assert diff(new, new) == []


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(each) for each in value] if isinstance(value, list) else value


def test_a_row_that_comes_first_moves_the_others_without_sending_them() -> None:
    old = [{"id": name, "text": name * 50} for name in "abc"]
    new = [{"id": "new", "text": "new"}, *old[:2], {"id": "c", "text": "changed"}]
    assert diff(old, new) == [
        {"op": "add", "path": "/0", "value": new[0]},
        {"op": "replace", "path": "/3/text", "value": "changed"},
    ]


def panel(*texts: str) -> dict[str, Any]:
    return trees.panel(*map(trees.text, texts), label="Panel").as_data()


LONG = "x" * 500


def test_a_front_end_that_shows_the_view_receives_the_changes() -> None:
    widget = ViewWidget(panel(LONG, "1 h ago"), "mark")
    front = FrontEnd(widget)
    front.hello()
    widget.show(panel(LONG, "2 h ago"))
    assert front.view == {**panel(LONG, "2 h ago"), "number": 1}
    assert front.bytes < 200
    widget.show(panel(LONG, "2 h ago"))
    assert len(front.received) == 1


def test_before_its_script_has_loaded_a_front_end_receives_the_whole_view() -> None:
    widget = ViewWidget(panel(LONG, "1"), "mark")
    front = FrontEnd(widget)
    widget.show(panel(LONG, "2"))
    assert front.received[-1]["state"]["view"] == {**panel(LONG, "2"), "number": 1}
    front.hello()
    front.send("bye", view="test")
    widget.show(panel(LONG, "3"))
    assert front.received[-1]["method"] == "update"


def test_a_front_end_that_missed_a_change_receives_the_whole_view() -> None:
    widget = ViewWidget(panel(LONG, "1"), "mark")
    first, late = FrontEnd(widget), FrontEnd(widget)
    first.hello("first")
    late.view = {**panel("an older view"), "number": -1}
    widget.show(panel(LONG, "2"))
    assert first.view == late.view == {**panel(LONG, "2"), "number": 1}
    # Its script said hello with the number that it had loaded.
    late.view = {**panel("an older view"), "number": 0}
    late.hello("late")
    assert late.view == first.view
    for front in (first, late):
        before = len(front.received)
        front.hello("again")
        assert len(front.received) == before


def test_the_saved_state_is_the_whole_view() -> None:
    widget = ViewWidget(panel("1"), "mark")
    FrontEnd(widget).hello()
    for number in range(3):
        widget.show(panel(str(number), LONG))
    assert widget.get_state()["view"] == {**panel("2", LONG), "number": 3}


def test_a_view_that_is_altered_after_it_was_shown_is_sent_when_it_is_shown_again() -> None:
    view = panel("1", LONG)
    widget = ViewWidget(view, "mark")
    front = FrontEnd(widget)
    front.hello()
    view["children"][0]["text"] = "2"
    widget.show(view)
    assert front.view["children"][0]["text"] == "2"


def test_a_message_that_only_acknowledges_is_no_action() -> None:
    received: list[Any] = []
    host = TreeHost(panel("a"), "mark", received.append, lambda lines, story: None)
    host.widget._handle_custom_msg({"do": "acknowledge"}, [])
    host.widget._handle_custom_msg({"do": "open"}, [])
    assert received == [{"do": "open"}]
    host.close()
