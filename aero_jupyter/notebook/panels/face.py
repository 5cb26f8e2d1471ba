"""A tree in the front end: an anywidget where it has it, plain ipywidgets where not."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import ipywidgets
import traitlets

from aero_jupyter.notebook.frontend import module, style
from aero_jupyter.notebook.handshake import NO_ANYWIDGET, PATIENCE, Handshake
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

    def __init__(self, tree: Node, mark: str, act: Act) -> None:
        self._act = act
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

    def _heard(self, _: Any, message: Mapping[str, Any], __: Any) -> None:
        if message.get("do") == "hello":
            self._handshake.heard()
            if self._plain is not None:
                # It was only slow: a busy kernel hears of it late.
                self._plain = None
                self.box.children = [self.face]
        self._act(message)

    def _give_up(self) -> None:
        self._plain = Plain(self._act)
        self._plain.show(self._tree)
        self.box.children = [self._plain]
        self._act({"do": "hello", "view": "plain"})


class Plain(ipywidgets.VBox):  # type: ignore[misc]
    """The same tree as plain ipywidgets."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._kept: dict[tuple[str, str], Any] = {}
        self._showing = False
        super().__init__()

    def show(self, tree: Node) -> None:
        """Show a tree; a field that is there already stays the one it is."""
        self._showing = True
        try:
            self.children = [*self._several(tree["children"]), ipywidgets.Label(NO_ANYWIDGET)]
        finally:
            self._showing = False

    def _several(self, nodes: list[Node]) -> list[Any]:
        return [widget for node in nodes for widget in self._made(node)]

    def _made(self, node: Node) -> list[Any]:
        kind = node["is"]
        make = {
            "field": self._field, "choice": self._choice, "button": self._button, "copy": self._copied,
            "tabs": self._tabs, "row": self._row, "note": self._note,
        }.get(kind)  # fmt: skip
        if make is not None:
            return [make(node)]
        if kind in ("group", "fold"):
            head = [ipywidgets.HTML(f"<b>{html.escape(node['label'])}</b>")] if node["label"] else []
            return [*head, *self._several(node["children"])]
        return [ipywidgets.HTML(_static(node))]

    def _row(self, node: Node) -> Any:
        layout = ipywidgets.Layout(flex_flow="row wrap")
        return ipywidgets.HBox(self._several(node["children"]), layout=layout)

    def _note(self, node: Node) -> Any:
        words = ipywidgets.HTML(html.escape(f"{node['mark']} {node['text']}"))
        return ipywidgets.HBox([words, *self._several(node["children"])])

    def _button(self, node: Node) -> Any:
        style = "primary" if node["primary"] else ""
        made = ipywidgets.Button(description=node["text"], disabled=not node["can"], button_style=style)
        made.layout.width = "auto"
        made.on_click(lambda _: self._act({"do": node["do"], **node["more"]}))
        return made

    def _copied(self, node: Node) -> Any:
        words = html.escape(node["text"])
        return ipywidgets.HTML(f"<details><summary>{words}</summary><pre>{html.escape(node['what'])}</pre></details>")

    def _tabs(self, node: Node) -> Any:
        made = ipywidgets.ToggleButtons(options=[(text, value) for value, text in node["options"]], value=node["value"])
        made.observe(lambda change: self._act({"do": "tab", "tab": change["new"]}), "value")
        return made

    def _field(self, node: Node) -> Any:
        def make() -> Any:
            if node["lines"] > 1:
                return ipywidgets.Textarea(rows=node["lines"], continuous_update=False)
            return (
                ipywidgets.Combobox(continuous_update=False)
                if node["known"]
                else ipywidgets.Text(continuous_update=False)
            )

        made = self._keep(("field", node["name"]), make)
        made.description, made.placeholder = node["label"], node["hint"]
        if node["known"] and isinstance(made, ipywidgets.Combobox):
            made.options = tuple(node["known"])
        made.value = node["value"]
        return made

    def _choice(self, node: Node) -> Any:
        made = self._keep(("choice", node["name"]), ipywidgets.Dropdown)
        options = tuple((text, value) for value, text in node["options"])
        if tuple(made.options) != options:
            made.options = options
        made.description, made.value = node["label"], node["value"]
        return made

    def _keep(self, key: tuple[str, str], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            made = self._kept[key] = make()
            made.style.description_width = "auto"

            def changed(change: Mapping[str, Any], name: str = key[1]) -> None:
                if not self._showing:
                    self._act({"do": "set", "name": name, "value": change["new"]})

            made.observe(changed, "value")
        return self._kept[key]


def _static(node: Node) -> str:
    kind = node["is"]
    if kind == "picture":
        return f'<div style="overflow:auto;max-height:480px">{node["svg"]}</div>'
    if kind == "nested":
        return html_list(node["lines"])
    if kind == "trouble":
        return "<br>".join(html.escape(line) for line in node["lines"])
    tag = "pre" if kind == "pre" else "div"
    return f"<{tag}>{html.escape(node['text'])}</{tag}>"
