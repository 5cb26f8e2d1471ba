"""Plain ipywidgets that are updated in place: fields that report the user's changes only, and rows of buttons."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets

from aero_jupyter.notebook.widgets.widget_host import MessageHandler, Widget, close_widget

#: Text and value of each option, as ipywidgets expects them.
FieldOptions = Sequence[tuple[str, Any]]


class WatchedFields:
    """Widgets with a value; values that `put` sets are not reported as changes by the user."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}

    def watch(self, widget: Widget, on_change: Callable[[Any, Any], object]) -> Widget:
        """Call a handler when a widget changes, with the old and the new value."""

        def changed(change: Mapping[str, Any]) -> None:
            before, now = self._values[widget], change["new"]
            if now != before:
                self._values[widget] = now
                on_change(before, now)

        self._values[widget] = widget.value
        widget.observe(changed, "value")
        return widget

    def put(self, widget: Widget, value: object, options: FieldOptions | None = None) -> None:
        """Set the value and the options of a widget."""
        if options is not None and tuple(widget.options) != tuple(options):
            # When its options change, ipywidgets selects a value by itself, for a moment.
            self._values[widget] = () if isinstance(value, tuple) else options[0][1]
            widget.options = tuple(options)
        self._values[widget] = value
        widget.value = value


class Bar(ipywidgets.HBox):  # type: ignore[misc]
    """A row of buttons; a button with the same action as before stays the same widget.

    Parameters
    ----------
    act : callable
        Called with the message of a pressed button.
    """

    def __init__(self, act: MessageHandler) -> None:
        self._act = act
        self._kept: dict[tuple[str, int], Widget] = {}
        self._messages: dict[tuple[str, int], Mapping[str, Any]] = {}
        self._shown: list[Any] = []
        super().__init__(layout=ipywidgets.Layout(flex_flow="row wrap"))

    def show(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Show actions as buttons: each a message, with its ``text`` and whether it ``can`` be pressed."""
        seen: Counter[str] = Counter()
        shown: list[Any] = []
        for action in actions:
            key = (action["do"], seen[action["do"]])
            seen[action["do"]] += 1
            self._messages[key] = {name: value for name, value in action.items() if name not in ("text", "can")}
            button = self._kept.get(key) or self._button(key)
            button.description, button.disabled = action["text"], not action.get("can", True)
            shown.append(button)
        if self._shown != shown:
            self._shown = self.children = shown

    def close(self) -> None:
        """Close the row and all its buttons, also those that are not shown."""
        for button in self._kept.values():
            close_widget(button)
        super().close()

    def _button(self, key: tuple[str, int]) -> Widget:
        made = self._kept[key] = ipywidgets.Button(layout=ipywidgets.Layout(width="auto"))
        made.on_click(lambda _: self._act(self._messages[key]))
        return made


def folded(words: str, text: str) -> str:
    """Return a text as HTML that is folded."""
    return f"<details><summary>{html.escape(words)}</summary><pre>{html.escape(text)}</pre></details>"


def line(*widgets: Any) -> Widget:
    """Arrange widgets side by side, in several lines if necessary."""
    return ipywidgets.HBox(widgets, layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"))


def labelled(widget: Widget) -> Widget:
    """Return the widget with a label as wide as its text."""
    widget.style.description_width = "auto"
    return widget
