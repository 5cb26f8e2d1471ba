"""A tree as plain ipywidgets, where the front end has no anywidget."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any  # ipywidgets, which have no types

import ipywidgets

from aero_jupyter.notebook.widgets.callbacks import Message
from aero_jupyter.notebook.widgets.fallback_fields import WatchedFields, Widget, close_widget
from aero_jupyter.notebook.widgets.nodes import Node, NodeData, plain
from aero_jupyter.notebook.widgets.tree import node_html

NO_ANYWIDGET = (
    "This front end does not show anywidget, so these are plain controls. "
    "Install anywidget where JupyterLab runs, and reload the page."
)
MessageHandler = Callable[[Message], object]


class FallbackTree(ipywidgets.VBox):  # type: ignore[misc]
    """The tree as plain ipywidgets; a widget is kept while the tree has its node, and closed afterwards."""

    def __init__(self, act: MessageHandler) -> None:
        self._act = act
        self._widgets: dict[tuple[str, str, int], Widget] = {}
        self._used: dict[tuple[str, str, int], Widget] = {}
        self._messages: dict[Any, Mapping[str, Any]] = {}
        self._showing = threading.RLock()
        self._fields = WatchedFields()
        super().__init__()
        self._hint = ipywidgets.Label(NO_ANYWIDGET)

    def show(self, tree: Node | NodeData) -> None:
        """Show a tree; a field that exists already stays the same widget."""
        with self._showing:
            self._used = {}
            self._hold(self, [*self._build_all(plain(tree)["children"]), self._hint])
            self._close_unused()

    def _close_unused(self) -> None:
        gone = [self._widgets[key] for key in self._widgets.keys() - self._used.keys()]
        self._widgets = self._used
        for widget in gone:
            self._messages.pop(widget, None)
            self._fields.forget(widget)
            # Its children may be shown elsewhere now.
            self._hold(widget, [])
            close_widget(widget)

    def _build_all(self, nodes: list[NodeData]) -> list[Widget]:
        return [widget for node in nodes for widget in self._build(node)]

    def _build(self, node: NodeData) -> list[Widget]:
        kind = node["is"]
        make = {
            "field": self._field, "choice": self._choice, "button": self._button,
            "tabs": self._tabs, "row": self._row, "note": self._note, "selection": self._selection,
        }.get(kind)  # fmt: skip
        if make is not None:
            return [make(node)]
        if kind in ("group", "fold"):
            head = [self._text(f"<b>{html.escape(node['label'])}</b>")] if node["label"] else []
            return [*head, *self._build_all(node["children"])]
        if kind == "picture":
            return [*self._build_all(node["children"]), self._text(_static(node))]
        # A file keeps its widget when texts come before it: its link is never in two widgets.
        return [self._text(_static(node), node["name"] if kind == "file" else "")]

    def _text(self, value: str, name: str = "") -> Widget:
        made = self._keep("text", name, ipywidgets.HTML)
        made.value = value
        return made

    def _row(self, node: NodeData) -> Widget:
        made = self._keep("row", "", lambda: ipywidgets.HBox(layout=ipywidgets.Layout(flex_flow="row wrap")))
        return self._hold(made, self._build_all(node["children"]))

    def _note(self, node: NodeData) -> Widget:
        words = self._text(html.escape(f"{node['mark']} {node['text']}"))
        return self._hold(self._keep("note", "", ipywidgets.HBox), [words, *self._build_all(node["children"])])

    def _hold(self, box: Widget, children: Sequence[Widget]) -> Widget:
        if getattr(box, "children", ()) != tuple(children):
            box.children = tuple(children)
        return box

    def _button(self, node: NodeData) -> Widget:
        def make() -> Any:
            made = ipywidgets.Button(layout=ipywidgets.Layout(width="auto"))
            made.on_click(lambda made: self._act(self._messages[made]))
            return made

        made = self._keep("button", node["do"], make)
        self._messages[made] = {"do": node["do"], **node["more"]}
        made.description, made.disabled = node["text"], not node["can"]
        made.button_style = "primary" if node["primary"] else ""
        return made

    def _tabs(self, node: NodeData) -> Widget:
        made = self._keep("tabs", "", ipywidgets.ToggleButtons, lambda value: self._act({"do": "tab", "tab": value}))
        return self._select(made, node)

    def _field(self, node: NodeData) -> Widget:
        lines, name = node["lines"], node["name"]
        on_change = self._sender(name)
        if lines > 1:
            made = self._keep(
                "text area", name, lambda: ipywidgets.Textarea(rows=lines, continuous_update=False), on_change
            )
        else:
            made = self._keep("field", name, lambda: ipywidgets.Combobox(continuous_update=False), on_change)
            made.options = tuple(node["known"])
        made.description, made.placeholder = node["label"], node["hint"]
        self._fields.put(made, node["value"])
        return made

    def _choice(self, node: NodeData) -> Widget:
        made = self._keep("choice", node["name"], ipywidgets.Dropdown, self._sender(node["name"]))
        made.description = node["label"]
        return self._select(made, node)

    def _selection(self, node: NodeData) -> Widget:
        make, send = lambda: ipywidgets.SelectMultiple(rows=6), self._sender(node["name"])
        made = self._keep("selection", node["name"], make, lambda values: send(list(values)))
        made.description = node["label"]
        return self._select(made, {**node, "value": tuple(node["value"])})

    def _select(self, made: Widget, node: NodeData) -> Widget:
        self._fields.put(made, node["value"], [(text, value) for value, text in node["options"]])
        return made

    def _sender(self, name: str) -> Callable[[Any], object]:
        return lambda value: self._act({"do": "set", "name": name, "value": value})

    def _keep(
        self, kind: str, name: str, make: Callable[[], Widget], on_change: Callable[[Any], object] | None = None
    ) -> Widget:
        """Return the widget of a node; the existing one if the tree had the node before."""
        alike = sum(key[:2] == (kind, name) for key in self._used)
        key = (kind, name, alike)
        made = self._used[key] = self._widgets.get(key) or make()
        if key not in self._widgets and on_change is not None:
            made.style.description_width = "auto"
            self._fields.watch(made, on_change)
        return made


def _static(node: NodeData) -> str:
    if node["is"] == "file":
        name = html.escape(node["name"])
        return f'<a download="{name}" href="{node["href"]}">Save {name}</a>'
    if node["is"] == "copy":
        words, what = html.escape(node["text"]), html.escape(node["what"])
        return f"<details><summary>{words}</summary><pre>{what}</pre></details>"
    return node_html(node)
