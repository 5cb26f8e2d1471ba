"""Host of a live widget: a fallback replaces the widget while the front end has not loaded it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any  # ipywidgets, which have no types

import ipywidgets

from aero_jupyter.notebook.widgets.callbacks import Message, callback
from aero_jupyter.notebook.widgets.fallback_fields import Widget, close_widget
from aero_jupyter.notebook.widgets.fallback_tree import FallbackTree, MessageHandler
from aero_jupyter.notebook.widgets.idle_countdown import IdleCountdown
from aero_jupyter.notebook.widgets.nodes import NodeData
from aero_jupyter.notebook.widgets.view_widget import View, ViewWidget

#: Seconds of an idle kernel in which a front end must send hello; afterwards the fallback is shown.
WIDGET_HANDSHAKE_SECONDS = 3.0
#: The same, once any live widget of this kernel was shown: a front end that has anywidget may be slow.
SLOW_FRONT_END_SECONDS = 30.0


class _Box(ipywidgets.VBox):  # type: ignore[misc]
    """A box of widgets; its text form is for places that show no widgets."""

    def __repr__(self) -> str:
        return "This output needs a running kernel: run the cell again."


def boxed(*children: Any) -> _Box:
    """Stack widgets vertically."""
    return _Box(children)


class WidgetHost:
    """A view in a box. After some idle seconds without a hello of the front end, its fallback is shown.

    Parameters
    ----------
    view : dict
    mark : str
        The mark of the static snapshot.

    Attributes
    ----------
    widget : ViewWidget
        The widget of the front ends that have anywidget.
    box : Widget
        The widget to display.
    fallback : FallbackTree or None
        The fallback, while it is shown.
    """

    #: Whether a front end has shown any live widget of this kernel.
    _has_anywidget = False

    def __init__(self, view: View, mark: str) -> None:
        self.widget = ViewWidget(view, mark)
        self.widget.on_msg(self._handle_message)
        self.fallback: FallbackTree | None = None
        self.box = boxed(self.widget)
        self._is_live = False
        self._handshake: IdleCountdown | None = None

    def receive(self, message: Message) -> None:
        """Handle a message of the live widget, and the hello and the bye of a view of the fallback."""
        raise NotImplementedError

    def receive_from_fallback(self, message: Message) -> None:
        """Handle a message of the fallback."""
        self.receive(message)

    def refresh_fallback(self) -> None:
        """Show the current content in the fallback."""
        raise NotImplementedError

    @callback
    def _handle_message(self, _: object, message: Message, __: object) -> None:
        if message.get("do") == "acknowledge":
            return
        if message.get("do") == "hello":
            self.show_live()
        self.receive(message)

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
        self.fallback = FallbackTree(self.receive_from_fallback)
        self.refresh_fallback()
        self.box.children = [self.fallback]
        track_views(self.fallback, self.receive)

    def show_live(self) -> None:
        """Show the live widget: its hello has come. A busy kernel receives it late, after the fallback was shown."""
        self._is_live = WidgetHost._has_anywidget = True
        self._stop_waiting()
        self.drop_fallback()

    def drop_fallback(self) -> None:
        """Close the fallback, if there is one, and show the live widget."""
        fallback, self.fallback = self.fallback, None
        if fallback is not None:
            self.box.children = [self.widget]
            close_widget(fallback)
            self.receive({"do": "bye", "view": "plain"})


def track_views(widget: Widget, on_view: MessageHandler) -> None:
    """Report the views of a fallback: front ends update its view counter if that is a number."""

    def report(change: Message) -> None:
        on_view({"do": "hello" if change["new"] else "bye", "view": "plain"})

    widget._view_count = 0
    widget.observe(report, "_view_count")
    on_view({"do": "hello", "view": "plain"})


class TreeHost(WidgetHost):
    """A tree as it is shown: live, or as plain ipywidgets."""

    def __init__(
        self, tree: NodeData, mark: str, act: MessageHandler, show_error: Callable[[Sequence[str], str], None]
    ) -> None:
        super().__init__(tree, mark)
        self._act = act
        self.show_error = show_error
        self._tree = tree

    def receive(self, message: Message) -> None:
        """Pass a message to the panel."""
        self._act(message)

    def refresh_fallback(self) -> None:
        """Show the current tree in the fallback."""
        if (fallback := self.fallback) is not None:
            fallback.show(self._tree)

    def show(self, tree: NodeData) -> None:
        """Show another tree."""
        self._tree = tree
        self.widget.show(tree)
        self.refresh_fallback()

    def close(self) -> None:
        """Stop waiting for the front end, and close the fallback."""
        super().close()
        self.drop_fallback()
