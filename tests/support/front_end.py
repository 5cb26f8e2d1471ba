"""A front end of a widget without a browser: it applies what the kernel sends, and counts the bytes."""

from __future__ import annotations

import json
import threading
from typing import Any

import jsonpatch

from aero_jupyter.notebook.widgets.view_widget import ViewWidget


class FrontEnd:
    """A front end that shows a widget.

    Attributes
    ----------
    view : dict
        The view as the front end draws it.
    received : list of dict
        The messages of the kernel.
    changed : threading.Event
        Set by every message.
    """

    def __init__(self, widget: ViewWidget) -> None:
        self._widget = widget
        self.view: Any = json.loads(json.dumps(widget.get_state("view")["view"]))
        self.received: list[dict[str, Any]] = []
        self.changed = threading.Event()
        self._send_on, widget.comm.publish_msg = widget.comm.publish_msg, self._receive

    def _receive(self, kind: str, data: Any = None, **more: Any) -> None:
        self.received.append(json.loads(json.dumps(data)))
        self.apply(self.received[-1])
        self.changed.set()
        self._send_on(kind, data=data, **more)

    def apply(self, data: dict[str, Any]) -> None:
        """Apply a message, as the script of the widget does."""
        if "view" in data.get("state", {}):
            self.view = data["state"]["view"]
        content = data.get("content", {})
        if content.get("do") != "change":
            return
        if content["number"] == self.view["number"] + 1:
            self.view = {**jsonpatch.apply_patch(self.view, content["changes"]), "number": content["number"]}
        elif content["number"] > self.view["number"]:
            self.send("resend", number=self.view["number"])

    def send(self, do: str, **more: Any) -> None:
        """Send a message of the user to the kernel."""
        content = {"do": do, **more}
        self._widget._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    def hello(self, view: str = "test") -> None:
        """Open a view."""
        self.send("hello", view=view, number=self.view["number"])

    @property
    def bytes(self) -> int:
        """Bytes of all messages."""
        return sum(len(json.dumps(data)) for data in self.received)
