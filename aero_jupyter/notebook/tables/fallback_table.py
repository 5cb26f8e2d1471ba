"""A table as a tree of controls, for front ends without anywidget: all that the live table shows and does."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from aero_jupyter.notebook.tables.cell_format import cell_node
from aero_jupyter.notebook.tables.downloads import DownloadFile
from aero_jupyter.notebook.tables.table_view import Action, ChoiceView, ConfirmView, DetailView, RowView, TableView
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.callbacks import Message
from aero_jupyter.notebook.widgets.figures import table
from aero_jupyter.notebook.widgets.tree import Node

_TURNS = {"first": "First", "previous": "Previous", "next": "Next", "last": "Last"}
#: Fields of an action that are not part of its message.
_NOT_SENT = ("text", "can", "do", "menu", "danger")
_ORDERS = (("▴", ""), ("▾", "-"))


def table_tree(view: TableView, file: DownloadFile | None, *, with_rows: bool) -> Node:
    """Build the tree of a table; with its rows if no snapshot shows them, and with a file that is offered."""
    return trees.panel(
        trees.text(view.heading, "strong"),
        trees.row(*(_choice(each) for each in view.choices)),
        trees.row(trees.field("search", view.filter.capitalize(), view.search), _sort(view)),
        _rows(view) if with_rows else None,
        *_confirm(view.confirm),
        _pager(view),
        trees.row(*_actions([*view.actions, *view.chosen])),
        trees.row(_open(view), _selection(view)),
        *(_detail(view.detail) if view.detail else ()),
        trees.row(*_actions(view.downloads), _file(file) if file else None),
        trees.copy("Copy as code", view.code, "the code"),
        *_notes(view),
        label=view.heading,
    )


def table_messages(message: Message, view: TableView) -> Iterator[Message]:
    """Yield the messages of the live table that stand for a message of its tree."""
    if message.get("do") != "set":
        yield message
        return
    name, value = str(message["name"]), message["value"]
    if name == "open":
        yield {"do": "open", "id": value} if value else {"do": "close"}
    elif name == "sort" and value:
        yield {"do": "sort", "column": value.removeprefix("-"), "down": value.startswith("-")}
    elif name == "search":
        yield {"do": "search", "text": value}
    elif name in ("page", "size") and str(value).isdecimal():
        yield {"do": name, name: int(value)}
    elif name.startswith("choose "):
        yield {"do": "choose", "name": name.removeprefix("choose "), "value": value}
    elif name == "select":
        yield from _select_messages(value, [row.id for row in view.rows if row.selected])


def _select_messages(now: Sequence[str], before: Sequence[str]) -> Iterator[Message]:
    for ids, on in (
        ([id for id in now if id not in before], True),
        ([id for id in before if id not in now], False),
    ):
        if ids:
            yield {"do": "select", "ids": ids, "on": on}


def _choice(choice: ChoiceView) -> Node:
    return trees.choice(f"choose {choice.name}", choice.label, choice.value, dict(choice.options))


def _sort(view: TableView) -> Node:
    by = [f"{'-' * (column.sorted == 'down')}{column.name}" for column in view.columns if column.sorted]
    names = [column.name for column in view.columns]
    orders = {f"{minus}{name}": f"{name} {sign}" for name in names for sign, minus in _ORDERS}
    return trees.choice("sort", "sorted by", by[0] if by else "", {"": "as it comes", **orders})


def _rows(view: TableView) -> Node:
    numbers = [at for at, column in enumerate(view.columns) if column.side]
    names = [column.name for column in view.columns]
    rows = [
        [cell_node(name, cell.text, cell.whole, cell.tone) for name, cell in zip(names, row.cells, strict=True)]
        for row in view.rows
    ]
    return table(view.heading, names, rows, numbers)


def _confirm(confirm: ConfirmView | None) -> list[Node]:
    if confirm is None:
        return []
    buttons = trees.button(confirm.words, confirm.do), trees.button("Keep it", "keep")
    return [trees.text(confirm.text), trees.row(*buttons)]


def _pager(view: TableView) -> Node:
    can = {what: bool(can) and not view.busy for what, can in view.can.items()}
    return trees.row(
        *(trees.button(words, what, can=can[what]) for what, words in _TURNS.items()),
        trees.button(f"{view.grown} new · refresh" if view.grown else "Refresh", "refresh"),
        trees.text(f"{view.about} · {view.asked}"),
        trees.field("page", f"page, of {view.pages}" if view.pages else "page", str(view.page)),
        trees.choice("size", "rows", str(view.size), {str(size): f"{size} a page" for size in view.sizes}),
    )


def _actions(actions: Sequence[Action]) -> Iterator[Node]:
    for action in actions:
        if "copy" in action:
            yield trees.copy(action["text"], action["copy"], action["text"])
        else:
            more = {name: value for name, value in action.items() if name not in _NOT_SENT}
            yield trees.button(action["text"], action["do"], can=action.get("can", True), **more)


def _open(view: TableView) -> Node:
    rows = {row.id: _row_label(row) for row in view.rows}
    opened = view.opened
    other = {} if not opened or opened in rows else {opened: f"{opened[:8]}, not on this page"}
    return trees.choice("open", "open", opened, {"": "nothing", **other, **rows})


def _selection(view: TableView) -> Node:
    selected = [row.id for row in view.rows if row.selected]
    return trees.selection("select", "select", selected, {row.id: _row_label(row) for row in view.rows})


def _row_label(row: RowView) -> str:
    """Return a label of a row: its first cells, and its id."""
    first = [cell.text for cell in row.cells[:2] if cell.text]
    return " · ".join([*first, row.id[:8]])


def _detail(detail: DetailView) -> Iterator[Node]:
    yield trees.text(detail.heading, "strong")
    yield from (trees.text(line) for line in detail.lines)
    if detail.pre:
        yield trees.pre(detail.pre)
    if detail.code:
        yield trees.copy("Copy code that loads it", detail.code, "the code")
    links = [{"do": "carry", **link} for link in detail.links]
    yield trees.row(*_actions([*(detail.actions), *links, {"do": "close", "text": "Close"}]))


def _file(file: DownloadFile) -> Node:
    return trees.file(file.name, f"data:{file.type};base64,{base64.b64encode(file.content).decode()}")


def _notes(view: TableView) -> Iterator[Node]:
    if view.error:
        yield trees.trouble(view.error.lines, view.error.story)
    elif words := view.note or view.empty:
        yield trees.text(words)
