"""Plain ipywidgets that are updated in place and report the user's changes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any  # ipywidgets, which have no types

Widget = Any
#: Text and value of each option, as ipywidgets expects them.
FieldOptions = Sequence[tuple[str, Any]]


class WatchedFields:
    """Widgets with a value; values that `put` sets are not reported as changes by the user."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}

    def watch(self, widget: Widget, on_change: Callable[[Any], object]) -> None:
        """Call a handler with the new value when the user changes a widget."""

        def changed(change: Mapping[str, Any]) -> None:
            if change["new"] != self._values[widget]:
                self._values[widget] = change["new"]
                on_change(change["new"])

        self._values[widget] = widget.value
        widget.observe(changed, "value")

    def put(self, widget: Widget, value: object, options: FieldOptions | None = None) -> None:
        """Set the value and the options of a widget."""
        if options is not None and tuple(widget.options) != tuple(options):
            # When its options change, ipywidgets selects a value by itself, for a moment.
            self._values[widget] = () if isinstance(value, tuple) or not options else options[0][1]
            widget.options = tuple(options)
        self._values[widget] = value
        widget.value = value

    def forget(self, widget: Widget) -> None:
        """Drop a widget that is closed."""
        self._values.pop(widget, None)


def close_widget(widget: Widget) -> None:
    """Close a widget with its children, its layout and its style."""
    parts = [getattr(widget, name) for name in widget.keys if name in ("children", "layout", "style")]
    widget.close()
    for part in parts:
        for each in part if isinstance(part, (tuple, list)) else (part,):
            close_widget(each)
