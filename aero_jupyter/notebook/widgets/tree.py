"""Tree of plain data that describes a panel: live controls, static HTML and text are rendered from it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from aero_jupyter.notebook.formatting import printable
from aero_jupyter.notebook.widgets import nodes
from aero_jupyter.notebook.widgets.code import code_html
from aero_jupyter.notebook.widgets.drawing_svg import drawing_svg
from aero_jupyter.notebook.widgets.figures import chart_html, table_html, table_lines
from aero_jupyter.notebook.widgets.nodes import Node as Node
from aero_jupyter.notebook.widgets.nodes import NodeData

_FONT = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);line-height:20px;"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color1,#fff);"
    "border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:2px;padding:8px 12px;"
    "white-space:pre-wrap"
)
_META = "font-size:var(--jp-ui-font-size0,11px);color:var(--jp-ui-font-color2,#616161)"
_PRE = "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);white-space:pre-wrap"
#: Colours of states are mixed with that of the text, so that their contrast suffices in light and in dark themes.
_TEXT_STYLES = {
    "meta": _META,
    "strong": "font-weight:600",
    "code": "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px)",
    "bad": "color:color-mix(in srgb,#d32f2f 45%,currentColor)",
    "good": "color:color-mix(in srgb,#2e7d32 45%,currentColor)",
    "active": "color:color-mix(in srgb,#1565c0 45%,currentColor)",
}


def text(words: str, kind: str = "", *, title: str = "") -> Node:
    """Build a line of text; `kind` is "", "strong", "meta", "code", or that of a state: "bad", "good", "active"."""
    return nodes.TextNode(words, kind, title)


def pre(words: str, marked: Sequence[int] = ()) -> Node:
    """Build preformatted text; the lines of these numbers, counted from 0, are marked."""
    return nodes.PreNode(words, tuple(marked))


def row(*children: Node | None) -> Node:
    """Build a row of nodes."""
    return nodes.RowNode(_present(children))


def group(label: str, *children: Node | None, key: str = "") -> Node:
    """Build a named part of a panel."""
    return nodes.GroupNode(label, _present(children), key)


def fold(label: str, *children: Node | None, is_open: bool = False, is_narrow: bool = False) -> Node:
    """Build a part that is folded at first; `is_narrow` unfolds it in a narrow panel."""
    return nodes.FoldNode(label, _present(children), is_open, is_narrow)


def button(words: str, do: str, *, can: bool = True, primary: bool = False, **more: Any) -> Node:
    """Build a button; `more` is sent with its message."""
    return nodes.ButtonNode(words, do, can, primary, more)


def copy(words: str, content: str, name: str) -> Node:
    """Build a button that copies a text."""
    return nodes.CopyNode(words, content, name)


def field(
    name: str,
    label: str,
    value: str,
    *,
    known: Iterable[str] = (),
    hint: str = "",
    lines: int = 1,
    quiet: bool = False,
    wide: bool = False,
) -> Node:
    """Build a text field; `known` is offered while typing.

    The label of a quiet field is for screen readers only; a wide field takes the width of the panel.
    """
    return nodes.FieldNode(name, label, value, tuple(known), hint, lines, quiet, wide)


def choice(name: str, label: str, value: str, options: Mapping[str, str]) -> Node:
    """Build a selection of one option: value to label."""
    return nodes.ChoiceNode(name, label, value, tuple(options.items()))


def selection(name: str, label: str, values: Sequence[str], options: Mapping[str, str]) -> Node:
    """Build a selection of several options: value to label."""
    return nodes.SelectionNode(name, label, tuple(values), tuple(options.items()))


def file(name: str, href: str) -> Node:
    """Build a link that saves a file, which is in its address."""
    return nodes.FileNode(name, href)


def note(mark: str, words: str, *buttons: Node | None) -> Node:
    """Build a finding, with the button that fixes it."""
    return nodes.NoteNode(mark, words, _present(buttons))


def tabs(value: str, options: Mapping[str, str]) -> Node:
    """Build a row of tabs."""
    return nodes.TabsNode(value, tuple(options.items()))


def picture(drawn: Mapping[str, Any], *controls: Node | None) -> Node:
    """Build a drawing: boxes and lines with their positions, and live controls."""
    return nodes.PictureNode(drawn, _present(controls))


def nested(lines: Iterable[tuple[int, str]], ids: Iterable[str] = ()) -> Node:
    """Build a nested list: the depth and the text of each line; a click on a line opens its id."""
    return nodes.NestedNode(tuple(lines), tuple(ids))


def trouble(lines: Sequence[str], story: str) -> Node:
    """Build an error: two lines, and the details folded."""
    return nodes.TroubleNode(tuple(lines), story)


def panel(*children: Node | None, label: str) -> Node:
    """Build the root of a panel."""
    return nodes.PanelNode(label, _present(children))


def _present(children: Iterable[Node | None]) -> tuple[Node, ...]:
    return tuple(child for child in children if child is not None)


def walk(node: Node | NodeData) -> Iterator[NodeData]:
    """Yield a node and all nodes below it, as plain data."""
    data = nodes.plain(node)
    yield data
    for child in data.get("children", ()):
        yield from walk(child)


def as_html(node: Node | NodeData, mark: str = "") -> str:
    """Write a tree as static HTML: values are shown, and nothing can be clicked. A live view finds it by its mark."""
    marked = f' data-aero="{html.escape(mark, quote=True)}"' if mark else ""
    return f'<div style="{_FONT}"{marked}>{node_html(nodes.plain(node))}</div>'


def node_html(node: NodeData) -> str:
    """Write a node as static HTML, without the frame of the whole tree."""
    kind, inner = node["is"], "".join(node_html(child) for child in node.get("children", ()))
    if kind == "text":
        title = f' title="{html.escape(node["title"], quote=True)}"' if node["title"] else ""
        style = f' style="{style}"' if (style := _TEXT_STYLES.get(node["kind"])) else ""
        return f"<div{style}{title}>{html.escape(node['text'])}</div>" if node["text"] else ""
    if kind == "pre":
        return f'<pre style="{_PRE}">{html.escape(node["text"])}</pre>' if node["text"] else ""
    if kind == "row":
        return f'<div style="display:flex;flex-wrap:wrap;gap:4px 12px">{inner}</div>'
    if kind == "group":
        return f"<div><b>{html.escape(node['label'])}</b>{inner}</div>" if inner else ""
    if kind == "fold":
        return f"<details><summary>{html.escape(node['label'])}</summary>{inner}</details>"
    if kind in _LEAVES:
        return _LEAVES[kind](node)
    said = _control_text(node)
    return f"<div>{html.escape(said)}{inner if kind != 'note' else ''}</div>" if said else inner


#: Writers of the nodes that have no children, or no part of them in static HTML.
_LEAVES: dict[str, Callable[[NodeData], str]] = {
    "picture": lambda node: f'<div style="overflow-x:auto;margin:8px 0">{drawing_svg(node)}</div>',
    "nested": lambda node: html_list(node["lines"]),
    "table": lambda node: table_html(node, node_html),
    "chart": chart_html,
    "code": code_html,
    "trouble": lambda node: "".join(f"<div>{html.escape(line)}</div>" for line in node["lines"]),
}


def _control_text(node: NodeData) -> str:
    """Return the value of a control on one line."""
    kind = node["is"]
    if kind == "note":
        return f"{node['mark']} {node['text']}"
    if kind == "field" and node["lines"] == 1:
        return node["value"] or "—" if node["quiet"] else f"{node['label']}: {node['value'] or '—'}"
    if kind == "choice":
        return f"{node['label']}{'' if node['label'].endswith('=') else ':'} {_selected_label(node)}"
    if kind == "selection":
        labels = dict(node["options"])
        return f"{node['label']}: {', '.join(labels[value] for value in node['value']) or '—'}"
    if kind == "tabs":
        return f"{dict(node['options'])[node['value']]}"
    return ""


def _selected_label(node: NodeData) -> str:
    return str(dict(node["options"]).get(node["value"], node["value"]))


def as_text(node: Node | NodeData) -> str:
    """Write a tree as text."""
    return "\n".join(_lines(nodes.plain(node)))


def _lines(node: NodeData) -> Iterator[str]:
    kind = node["is"]
    if kind in ("text", "pre", "chart", "code"):
        yield from printable(node["text"]).rstrip("\n").split("\n") if node["text"] else ()
    elif kind == "nested":
        yield text_list(node["lines"])
    elif kind == "trouble":
        yield from map(printable, node["lines"])
    elif kind == "table":
        yield from table_lines(node, as_text)
    elif kind == "row":
        parts = [line for child in node["children"] for line in _lines(child)]
        yield from [" · ".join(parts)] if parts else ()
    elif kind == "group":
        inner = [line for child in node["children"] for line in _lines(child)]
        yield from [printable(node["label"]), *(f"  {line}" for line in inner)] if inner and node["label"] else inner
    else:
        yield from [printable(said)] if (said := _control_text(node)) else ()
        if kind in ("panel", "fold"):
            for child in node["children"]:
                yield from _lines(child)


def text_list(lines: Iterable[Sequence[Any]]) -> str:
    """Write a nested list as text."""
    return "\n".join(f"{'    ' * (depth - 1) + '└── ' if depth else ''}{printable(words)}" for depth, words in lines)


def html_list(lines: Iterable[Sequence[Any]]) -> str:
    """Write a nested list as HTML."""
    parts, open_lists = [], 0
    for depth, words in lines:
        while open_lists > depth + 1:
            parts.append("</ul>")
            open_lists -= 1
        while open_lists < depth + 1:
            parts.append("<ul>")
            open_lists += 1
        parts.append(f"<li>{html.escape(words)}</li>")
    return "".join(parts) + "</ul>" * open_lists
