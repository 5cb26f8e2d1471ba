"""Plain ipywidgets that are kept and updated: fields that know who changed them, and rows of buttons."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets

from aero_jupyter.notebook.handshake import closed

Act = Callable[[Mapping[str, Any]], object]
#: Text and value, as ipywidgets want it.
Options = Sequence[tuple[str, Any]]


class Fields:
    """Widgets with a value; what is set by `put` is not heard as if somebody had chosen it."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}

    def heard(self, widget: Any, tell: Callable[[Any, Any], object]) -> Any:
        """Tell when somebody changes a widget: what it was, and what it is."""

        def changed(change: Mapping[str, Any]) -> None:
            before, now = self._values[widget], change["new"]
            if now != before:
                self._values[widget] = now
                tell(before, now)

        self._values[widget] = widget.value
        widget.observe(changed, "value")
        return widget

    def put(self, widget: Any, value: Any, options: Options | None = None) -> None:
        """Set a widget, and what it offers."""
        if options is not None and tuple(widget.options) != tuple(options):
            # With other options ipywidgets chooses by itself, for a moment.
            self._values[widget] = () if isinstance(value, tuple) else options[0][1]
            widget.options = tuple(options)
        self._values[widget] = value
        widget.value = value


class Bar(ipywidgets.HBox):  # type: ignore[misc]
    """A row of buttons; a button that does the same as before stays the one it is.

    Parameters
    ----------
    act : callable
        Gets the message of a button that is pressed.
    """

    def __init__(self, act: Act) -> None:
        self._act = act
        self._kept: dict[tuple[str, int], Any] = {}
        self._messages: dict[tuple[str, int], Mapping[str, Any]] = {}
        self._shown: list[Any] = []
        super().__init__(layout=ipywidgets.Layout(flex_flow="row wrap"))

    def show(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Show what can be done: each a message, its ``text``, and whether it ``can`` be done now."""
        met: Counter[str] = Counter()
        shown: list[Any] = []
        for action in actions:
            key = (action["do"], met[action["do"]])
            met[action["do"]] += 1
            self._messages[key] = {name: value for name, value in action.items() if name not in ("text", "can")}
            button = self._kept.get(key) or self._button(key)
            button.description, button.disabled = action["text"], not action.get("can", True)
            shown.append(button)
        if self._shown != shown:
            self._shown = self.children = shown

    def close(self) -> None:
        """Close it and its buttons, those too that are not shown now."""
        for button in self._kept.values():
            closed(button)
        super().close()

    def _button(self, key: tuple[str, int]) -> Any:
        made = self._kept[key] = ipywidgets.Button(layout=ipywidgets.Layout(width="auto"))
        made.on_click(lambda _: self._act(self._messages[key]))
        return made


def folded(words: str, text: str) -> str:
    """Write a text as HTML that is folded until somebody wants it."""
    return f"<details><summary>{html.escape(words)}</summary><pre>{html.escape(text)}</pre></details>"


def line(*widgets: Any) -> Any:
    """Put widgets side by side, as far as there is room."""
    return ipywidgets.HBox(widgets, layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"))


def labelled(widget: Any) -> Any:
    """Give a field the room that its label needs."""
    widget.style.description_width = "auto"
    return widget
