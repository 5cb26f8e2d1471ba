"""A tree in the front end: an anywidget where it has it, plain ipywidgets where not."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import ipywidgets
import traitlets

from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.frontend import module, style
from aero_jupyter.notebook.handshake import NO_ANYWIDGET, PATIENCE, Handshake, closed, counted
from aero_jupyter.notebook.panels.tree import Node, html_list

Act = Callable[[Mapping[str, Any]], None]


class Face(anywidget.AnyWidget):
    """A panel in the front end; it shows `view`, and says what was done in it."""

    _esm = module("panel")
    _css = style("panel")
    view = traitlets.Dict().tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return f"Face({self.view.get('label', '')})"


class _Box(ipywidgets.VBox):  # type: ignore[misc]
    """Holds panels; in words, where widgets do not live."""

    def __repr__(self) -> str:
        return "It lives while a kernel runs: run the cell again."


def boxed(*children: Any) -> _Box:
    """Hold widgets one below the other."""
    return _Box(children)


class Shown:
    """A tree as it is shown.

    Attributes
    ----------
    box : Widget
        What to display.
    """

    def __init__(self, tree: Node, mark: str, act: Act, show_error: Callable[[Sequence[str], str], None]) -> None:
        self._act = act
        self.show_error = show_error
        self._tree = tree
        self._plain: Plain | None = None
        self.face = Face(view=tree, mark=mark)
        self.face.on_msg(self._heard)
        self.box = boxed(self.face)
        self._handshake = Handshake(PATIENCE, self._give_up)

    def begin(self) -> None:
        """Wait for the front end to say that it is there."""
        self._handshake.begin()

    def show(self, tree: Node) -> None:
        """Show another tree."""
        self._tree = tree
        self.face.view = tree
        if self._plain is not None:
            self._plain.show(tree)

    def close(self) -> None:
        """Wait no more for a front end."""
        self._handshake.heard()
        self._drop_plain()

    @callback
    def _heard(self, _: Any, message: Mapping[str, Any], __: Any) -> None:
        if message.get("do") == "hello":
            self._handshake.heard()
            # It was only slow, if it was given up: a busy kernel hears of it late.
            self._drop_plain()
        self._act(message)

    def _drop_plain(self) -> None:
        plain, self._plain = self._plain, None
        if plain is not None:
            self.box.children = [self.face]
            closed(plain)
            self._act({"do": "bye", "view": "plain"})

    @callback
    def _give_up(self) -> None:
        self._plain = Plain(self._act)
        self._plain.show(self._tree)
        self.box.children = [self._plain]
        counted(self._plain, self._act)


class Plain(ipywidgets.VBox):  # type: ignore[misc]
    """The same tree as plain ipywidgets; each is kept while the tree has it, and closed when not."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._kept: dict[tuple[str, str, int], Any] = {}
        self._used: dict[tuple[str, str, int], Any] = {}
        self._messages: dict[Any, Mapping[str, Any]] = {}
        self._showing = threading.RLock()
        self._is_showing = False
        super().__init__()
        self._hint = ipywidgets.Label(NO_ANYWIDGET)

    def show(self, tree: Node) -> None:
        """Show a tree; a field that is there already stays the one it is."""
        with self._showing:
            self._is_showing, self._used = True, {}
            try:
                self._hold(self, [*self._several(tree["children"]), self._hint])
                self._close_unused()
            finally:
                self._is_showing = False

    def _close_unused(self) -> None:
        gone = [self._kept[key] for key in self._kept.keys() - self._used.keys()]
        self._kept = self._used
        for widget in gone:
            self._messages.pop(widget, None)
            # What it held may be shown elsewhere by now.
            self._hold(widget, [])
            closed(widget)

    def _several(self, nodes: list[Node]) -> list[Any]:
        return [widget for node in nodes for widget in self._made(node)]

    def _made(self, node: Node) -> list[Any]:
        kind = node["is"]
        make = {
            "field": self._field, "choice": self._choice, "button": self._button,
            "tabs": self._tabs, "row": self._row, "note": self._note,
        }.get(kind)  # fmt: skip
        if make is not None:
            return [make(node)]
        if kind in ("group", "fold"):
            head = [self._text(f"<b>{html.escape(node['label'])}</b>")] if node["label"] else []
            return [*head, *self._several(node["children"])]
        return [self._text(_static(node))]

    def _text(self, value: str) -> Any:
        made = self._keep("text", "", ipywidgets.HTML)
        made.value = value
        return made

    def _row(self, node: Node) -> Any:
        made = self._keep("row", "", lambda: ipywidgets.HBox(layout=ipywidgets.Layout(flex_flow="row wrap")))
        return self._hold(made, self._several(node["children"]))

    def _note(self, node: Node) -> Any:
        words = self._text(html.escape(f"{node['mark']} {node['text']}"))
        return self._hold(self._keep("note", "", ipywidgets.HBox), [words, *self._several(node["children"])])

    def _hold(self, box: Any, children: Sequence[Any]) -> Any:
        if getattr(box, "children", ()) != tuple(children):
            box.children = tuple(children)
        return box

    def _button(self, node: Node) -> Any:
        def make() -> Any:
            made = ipywidgets.Button(layout=ipywidgets.Layout(width="auto"))
            made.on_click(lambda made: self._act(self._messages[made]))
            return made

        made = self._keep("button", node["do"], make)
        self._messages[made] = {"do": node["do"], **node["more"]}
        made.description, made.disabled = node["text"], not node["can"]
        made.button_style = "primary" if node["primary"] else ""
        return made

    def _tabs(self, node: Node) -> Any:
        made = self._keep("tabs", "", ipywidgets.ToggleButtons, lambda value: self._act({"do": "tab", "tab": value}))
        return self._chosen(made, node)

    def _field(self, node: Node) -> Any:
        lines, name = node["lines"], node["name"]
        tell = self._telling(name)
        if lines > 1:
            made = self._keep("text area", name, lambda: ipywidgets.Textarea(rows=lines, continuous_update=False), tell)
        else:
            made = self._keep("field", name, lambda: ipywidgets.Combobox(continuous_update=False), tell)
            made.options = tuple(node["known"])
        made.description, made.placeholder, made.value = node["label"], node["hint"], node["value"]
        return made

    def _choice(self, node: Node) -> Any:
        made = self._keep("choice", node["name"], ipywidgets.Dropdown, self._telling(node["name"]))
        made.description = node["label"]
        return self._chosen(made, node)

    def _chosen(self, made: Any, node: Node) -> Any:
        options = tuple((text, value) for value, text in node["options"])
        if tuple(made.options) != options:
            made.options = options
        made.value = node["value"]
        return made

    def _telling(self, name: str) -> Callable[[Any], None]:
        return lambda value: self._act({"do": "set", "name": name, "value": value})

    def _keep(self, kind: str, name: str, make: Callable[[], Any], tell: Callable[[Any], None] | None = None) -> Any:
        """Give the widget that stands for a node; the one of before, where the tree had it."""
        alike = sum(key[:2] == (kind, name) for key in self._used)
        key = (kind, name, alike)
        made = self._used[key] = self._kept.get(key) or make()
        if key not in self._kept and tell is not None:
            made.style.description_width = "auto"
            made.observe(lambda change: None if self._is_showing else tell(change["new"]), "value")
        return made


def _static(node: Node) -> str:
    kind = node["is"]
    if kind == "picture":
        return f'<div style="overflow:auto;max-height:480px">{node["svg"]}</div>'
    if kind == "nested":
        return html_list(node["lines"])
    if kind == "copy":
        words, what = html.escape(node["text"]), html.escape(node["what"])
        return f"<details><summary>{words}</summary><pre>{what}</pre></details>"
    if kind == "trouble":
        return "<br>".join(html.escape(line) for line in node["lines"])
    tag = "pre" if kind == "pre" else "div"
    return f"<{tag}>{html.escape(node['text'])}</{tag}>"
