"""Widget that shows a view of plain data, and sends the front end what has changed in it."""

from __future__ import annotations

import json
import threading
from typing import Any  # JSON, and ipywidgets, which have no types

import anywidget
import traitlets

from aero_jupyter.notebook.formatting import printable
from aero_jupyter.notebook.widgets.callbacks import Message
from aero_jupyter.notebook.widgets.frontend import module, style
from aero_jupyter.notebook.widgets.json_diff import diff

# The view of a panel or of a table.
View = dict[str, Any]


class ViewWidget(anywidget.AnyWidget):
    """A view in the front end, which draws it and sends the user's actions as messages.

    Every view has a number. A front end that has said hello receives the changes from each number to the next, and
    the whole view if its number is another one. All others receive the whole view, which is also the saved state.

    Parameters
    ----------
    view : dict
    mark : str
        The mark by which the front end finds the static snapshot.
    """

    _esm = module()
    _css = style()
    view = traitlets.Dict().tag(sync=True, to_json=lambda _, widget: widget.numbered_view)
    mark = traitlets.Unicode().tag(sync=True)

    def __init__(self, view: View, mark: str) -> None:
        self._sending = threading.RLock()
        self._current: tuple[int, View] = (0, _plain(view))
        self._open_views: set[str] = set()
        super().__init__(mark=mark)
        self.on_msg(self._keep_in_step)

    @property
    def numbered_view(self) -> View:
        """The whole view with its number."""
        number, view = self._current
        return {**view, "number": number}

    def show(self, view: View) -> None:
        """Show another view."""
        view = _plain(view)
        with self._sending:
            number, shown = self._current
            changes = diff(shown, view)
            if not changes:
                return
            self._current = (number + 1, view)
            if self._open_views and len(json.dumps(changes)) < len(json.dumps(view)):
                self.send({"do": "change", "number": number + 1, "changes": changes})
            else:
                self.send_state("view")

    def _keep_in_step(self, _: object, message: Message, __: object) -> None:
        with self._sending:
            if message.get("do") == "hello":
                self._open_views.add(str(message.get("view")))
            elif message.get("do") == "bye":
                self._open_views.discard(str(message.get("view")))
            if message.get("number", self._current[0]) != self._current[0]:
                self.send_state("view")

    def __repr__(self) -> str:
        view = self._current[1]
        return printable(f"ViewWidget({view.get('label') or view.get('about', '')})")


def _plain(view: View) -> View:
    """Return a copy as JSON, which nobody alters."""
    copy: View = json.loads(json.dumps(view))
    return copy
