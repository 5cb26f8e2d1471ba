"""Host of a live widget: a fallback replaces the widget while the front end has not loaded it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # ipywidgets, which have no types

import ipywidgets

from aero_jupyter.notebook.widgets.callbacks import Message, callback
from aero_jupyter.notebook.widgets.idle_countdown import IdleCountdown

#: Seconds of an idle kernel in which a front end must send hello; afterwards the fallback is shown.
WIDGET_HANDSHAKE_SECONDS = 3.0
#: The same, once any live widget of this kernel was shown: a front end that has anywidget may be slow.
SLOW_FRONT_END_SECONDS = 30.0
NO_ANYWIDGET = (
    "This front end does not show anywidget, so these are plain controls. "
    "Install anywidget where JupyterLab runs, and reload the page."
)

#: A widget: ipywidgets has no types.
Widget = Any
MessageHandler = Callable[[Message], object]


class _Box(ipywidgets.VBox):  # type: ignore[misc]
    """A box of widgets; its text form is for places that show no widgets."""

    def __repr__(self) -> str:
        return "This output needs a running kernel: run the cell again."


def boxed(*children: Any) -> _Box:
    """Stack widgets vertically."""
    return _Box(children)


class WidgetHost:
    """A live widget in a box. After some idle seconds without a hello of the front end, its fallback is shown.

    Parameters
    ----------
    live : Widget
        The widget of the front ends that have anywidget.
    on_view : callable
        Called with a hello or a bye when a view of the fallback appears or disappears.

    Attributes
    ----------
    box : Widget
        The widget to display.
    fallback : Widget or None
        The fallback, while it is shown.
    """

    #: Whether a front end has shown any live widget of this kernel.
    _has_anywidget = False

    def __init__(self, live: Widget, on_view: MessageHandler) -> None:
        self._live = live
        self._on_view = on_view
        self.fallback: Widget = None
        self.box = boxed(live)
        self._is_live = False
        self._handshake: IdleCountdown | None = None

    def build_fallback(self) -> Widget:
        """Build the fallback, without content."""
        raise NotImplementedError

    def refresh_fallback(self) -> None:
        """Show the current content in the fallback."""
        raise NotImplementedError

    def begin(self) -> None:
        """Wait for the hello of the front end."""
        if self._is_live:
            return
        if WidgetHost._has_anywidget:
            # The fallback was shown while the widget was hidden, in a tab that was left.
            self.drop_fallback()
        self._stop_waiting()
        if self.fallback is None:
            seconds = SLOW_FRONT_END_SECONDS if WidgetHost._has_anywidget else WIDGET_HANDSHAKE_SECONDS
            self._handshake = IdleCountdown(seconds, self.show_fallback)
            self._handshake.start()

    def close(self) -> None:
        """Stop waiting for the hello."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._handshake is not None:
            self._handshake.cancel()

    @callback
    def show_fallback(self) -> None:
        """Show the fallback instead of the live widget."""
        self.fallback = self.build_fallback()
        self.refresh_fallback()
        self.box.children = [self.fallback]
        track_views(self.fallback, self._on_view)

    def show_live(self) -> None:
        """Show the live widget: its hello has come. A busy kernel receives it late, after the fallback was shown."""
        self._is_live = WidgetHost._has_anywidget = True
        self._stop_waiting()
        self.drop_fallback()

    def drop_fallback(self) -> None:
        """Close the fallback, if there is one, and show the live widget."""
        fallback, self.fallback = self.fallback, None
        if fallback is not None:
            self.box.children = [self._live]
            close_widget(fallback)
            self._on_view({"do": "bye", "view": "plain"})


def track_views(widget: Widget, on_view: MessageHandler) -> None:
    """Report the views of a fallback: front ends update its view counter if that is a number."""

    def report(change: Message) -> None:
        on_view({"do": "hello" if change["new"] else "bye", "view": "plain"})

    widget._view_count = 0
    widget.observe(report, "_view_count")
    on_view({"do": "hello", "view": "plain"})


def close_widget(widget: Widget) -> None:
    """Close a widget with its children, its layout and its style."""
    parts = [getattr(widget, name) for name in widget.keys if name in ("children", "layout", "style")]
    widget.close()
    for part in parts:
        for each in part if isinstance(part, (tuple, list)) else (part,):
            close_widget(each)
