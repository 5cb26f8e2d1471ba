"""Nodes of the tree of a panel: frozen, typed data. The wire and the renderers have the same as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar  # numbers and texts of drawings and messages

#: A node as plain data: ``is`` names its kind, and each field has its name.
NodeData = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """One part of a panel; each kind of part is a class of its own."""

    kind_name: ClassVar[str] = ""

    def as_data(self) -> NodeData:
        """Return the node and all nodes below it as plain data."""
        return {"is": self.kind_name, **{each.name: _as_data(getattr(self, each.name)) for each in fields(self)}}


def plain(node: Node | NodeData) -> NodeData:
    """Return a node as plain data, which it may be already."""
    return node.as_data() if isinstance(node, Node) else node


def _as_data(value: Any) -> Any:
    if hasattr(value, "as_data"):
        return value.as_data()
    if isinstance(value, (tuple, list)):
        return [_as_data(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


@dataclass(frozen=True)
class TextNode(Node):
    """A line of text; `kind` is "", "strong", "meta", "code", or that of a state: "bad", "good", "active"."""

    kind_name = "text"
    text: str
    kind: str = ""
    title: str = ""


@dataclass(frozen=True)
class PreNode(Node):
    """Preformatted text; the lines of the numbers in `marked`, counted from 0, are marked."""

    kind_name = "pre"
    text: str
    marked: tuple[int, ...] = ()


@dataclass(frozen=True)
class CodeNode(Node):
    """Python code: for each part, the kind of its token and its text."""

    kind_name = "code"
    label: str
    text: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RowNode(Node):
    """Nodes in a row."""

    kind_name = "row"
    children: tuple[Node, ...]


@dataclass(frozen=True)
class GroupNode(Node):
    """A named part of a panel; `key` tells it from a group with the same label."""

    kind_name = "group"
    label: str
    children: tuple[Node, ...]
    key: str = ""


@dataclass(frozen=True)
class FoldNode(Node):
    """A part that is folded, unless it is `open`; `narrow` unfolds it in a narrow panel."""

    kind_name = "fold"
    label: str
    children: tuple[Node, ...]
    open: bool = False
    narrow: bool = False


@dataclass(frozen=True)
class PanelNode(Node):
    """The root of a panel."""

    kind_name = "panel"
    label: str
    children: tuple[Node, ...]


@dataclass(frozen=True)
class NoteNode(Node):
    """A finding, with the buttons that fix it."""

    kind_name = "note"
    mark: str
    text: str
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class ButtonNode(Node):
    """A button; its message has the action `do` and the values of `more`."""

    kind_name = "button"
    text: str
    do: str
    can: bool = True
    primary: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CopyNode(Node):
    """A button that copies a text."""

    kind_name = "copy"
    text: str
    what: str
    name: str


@dataclass(frozen=True)
class FileNode(Node):
    """A link that saves a file, which is in its address."""

    kind_name = "file"
    name: str
    href: str


@dataclass(frozen=True)
class FieldNode(Node):
    """A text field; the label of a quiet field is for screen readers only."""

    kind_name = "field"
    name: str
    label: str
    value: str
    known: tuple[str, ...] = ()
    hint: str = ""
    lines: int = 1
    quiet: bool = False
    wide: bool = False


@dataclass(frozen=True)
class ChoiceNode(Node):
    """A selection of one option; an option is a value and its label."""

    kind_name = "choice"
    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SelectionNode(Node):
    """A selection of several options."""

    kind_name = "selection"
    name: str
    label: str
    value: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TabsNode(Node):
    """A row of tabs, of which `value` is open."""

    kind_name = "tabs"
    value: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PictureNode(Node):
    """A drawing: boxes and lines with their positions, and live controls."""

    kind_name = "picture"
    drawn: Mapping[str, Any]
    children: tuple[Node, ...] = ()

    def as_data(self) -> NodeData:
        """Return the node and all nodes below it as plain data."""
        return {"is": self.kind_name, **self.drawn, "children": _as_data(self.children)}


@dataclass(frozen=True)
class NestedNode(Node):
    """A nested list: the depth and the text of each line; a click on a line opens its id."""

    kind_name = "nested"
    lines: tuple[tuple[int, str], ...]
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TroubleNode(Node):
    """An error: its lines, and the details folded."""

    kind_name = "trouble"
    lines: tuple[str, ...]
    story: str
