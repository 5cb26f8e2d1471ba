"""The controls of the live table as plain ipywidgets, for front ends without anywidget."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any  # ipywidgets, which have no types

import ipywidgets

from aero_jupyter.notebook.tables.page_view import View
from aero_jupyter.notebook.widgets.fallback_fields import Bar, WatchedFields, folded, labelled, line
from aero_jupyter.notebook.widgets.widget_host import NO_ANYWIDGET, MessageHandler, Widget

_PAGE_BUTTONS = {"first": "First", "previous": "Previous", "next": "Next", "last": "Last"}
_ORDERS = (("▴", False), ("▾", True))


class FallbackControls(ipywidgets.VBox):  # type: ignore[misc]
    """All actions of the live table, around a static table.

    Parameters
    ----------
    act : callable
        Called with the messages that the live table would send.
    """

    def __init__(self, act: MessageHandler) -> None:
        self._act = act
        self._fields = WatchedFields()
        self._choices: dict[str, Any] = {}
        self._search = self._watch(ipywidgets.Text(continuous_update=False), self._sender("search", "text"))
        self._sort = self._dropdown("sorted by", self._sort_by)
        self._page = self._watch(ipywidgets.IntText(continuous_update=False), self._sender("page", "page"))
        self._size_choice = self._dropdown("rows", self._sender("size", "size"))
        self._open = self._dropdown("open", self._open_row)
        self._selected = self._watch(ipywidgets.SelectMultiple(description="select", rows=6), self._select)
        self._heading, self._table, self._confirm_text, self._detail = (ipywidgets.HTML() for _ in range(4))
        self._file, self._code, self._note, self._position = (ipywidgets.HTML() for _ in range(4))
        self._page_buttons, self._actions, self._confirm, self._links, self._downloads = (Bar(act) for _ in range(5))
        self._filters = line()
        super().__init__([
            self._heading, self._filters, line(self._search, self._sort), self._table,
            self._confirm_text, self._confirm,
            line(self._page_buttons, self._position, self._page, self._size_choice), self._actions,
            line(self._open, self._selected), self._detail, self._links,
            line(self._downloads, self._file), self._code, self._note,
        ])  # fmt: skip

    def show(self, view: View, table: str = "") -> None:
        """Show a view; with the static table if the snapshot above does not show it."""
        self._heading.value = f"<b>{html.escape(view['heading'])}</b>"
        self._table.value = table
        self._show_page(view)
        self._show_rows(view)
        self._update_filter_dropdowns(view.get("choices") or ())
        self._show_actions(view)
        self._show_detail(view["detail"])
        copies = [("Copy as code", view["code"]), *((e["text"], e["copy"]) for e in view["chosen"] if "copy" in e)]
        self._code.value = "".join(folded(words, text) for words, text in copies)
        self._note.value = _note_html(view)

    def offer(self, name: str, type: str, content: bytes) -> None:
        """Offer a file for download."""
        name, coded = html.escape(name), base64.b64encode(content).decode()
        self._file.value = f'<a download="{name}" href="data:{type};base64,{coded}">Save {name}</a>'

    def _show_page(self, view: View) -> None:
        can = {what: can and not view["busy"] for what, can in view["can"].items()}
        refresh = f"{view['grown']} new · refresh" if view["grown"] else "Refresh"
        turns = [{"do": what, "text": text, "can": can[what]} for what, text in _PAGE_BUTTONS.items()]
        self._page_buttons.show([*turns, {"do": "refresh", "text": refresh}])
        self._downloads.show(view["downloads"])
        self._position.value = html.escape(f"{view['about']} · {view['asked']}")
        self._search.description = view["filter"].capitalize()
        self._page.description = f"page, of {view['pages']}" if view["pages"] else "page"
        self._fields.put(self._search, view["search"])
        self._fields.put(self._page, view["page"])
        self._fields.put(self._size_choice, view["size"], [(f"{size} a page", size) for size in view["sizes"]])
        names = [column["name"] for column in view["columns"]]
        by = [(column["name"], column["sorted"] == "down") for column in view["columns"] if column["sorted"]]
        orders = [(f"{name} {mark}", (name, down)) for name in names for mark, down in _ORDERS]
        self._fields.put(self._sort, by[0] if by else "", [("as it comes", ""), *orders])

    def _show_rows(self, view: View) -> None:
        rows = [(_row_label(row), row["id"]) for row in view["rows"]]
        opened = view["opened"]
        is_on_page = not opened or opened in [id for _, id in rows]
        other = [] if is_on_page else [(f"{opened[:8]}, not on this page", opened)]
        self._fields.put(self._open, opened, [("nothing", ""), *other, *rows])
        self._fields.put(self._selected, tuple(row["id"] for row in view["rows"] if row["selected"]), rows)

    def _update_filter_dropdowns(self, choices: Sequence[View]) -> None:
        for choice in choices:
            name = choice["name"]
            if name not in self._choices:
                self._choices[name] = self._dropdown(choice["label"], self._sender("choose", "value", name=name))
            self._fields.put(self._choices[name], choice["value"], [(text, value) for value, text in choice["options"]])
        if len(self._filters.children) != len(choices):
            self._filters.children = [self._choices[choice["name"]] for choice in choices]

    def _show_actions(self, view: View) -> None:
        confirm = view.get("confirm")
        self._actions.show([*(view.get("actions") or ()), *(each for each in view["chosen"] if "copy" not in each)])
        self._confirm_text.value = html.escape(confirm["text"]) if confirm else ""
        answers = (
            [{"do": confirm["do"], "text": confirm["words"]}, {"do": "keep", "text": "Keep it"}] if confirm else []
        )
        self._confirm.show(answers)

    def _show_detail(self, detail: View | None) -> None:
        self._detail.value = _detail_html(detail) if detail else ""
        links = [{"do": "carry", **link} for link in detail.get("links") or ()] if detail else []
        close = [{"do": "close", "text": "Close"}] if detail else []
        self._links.show([*((detail or {}).get("actions") or ()), *links, *close])

    def _sender(self, what: str, key: str, **fields: Any) -> Callable[[Any, Any], object]:
        def send(_: object, value: object) -> None:
            self._act({"do": what, key: value, **fields})

        return send

    def _sort_by(self, _: Any, by: Any) -> None:
        if by:
            self._act({"do": "sort", "column": by[0], "down": by[1]})

    def _open_row(self, _: object, id: str) -> None:
        self._act({"do": "open", "id": id} if id else {"do": "close"})

    def _select(self, before: Sequence[str], now: Sequence[str]) -> None:
        for ids, on in (
            ([id for id in now if id not in before], True),
            ([id for id in before if id not in now], False),
        ):
            if ids:
                self._act({"do": "select", "ids": ids, "on": on})

    def _dropdown(self, label: str, on_change: Callable[[Any, Any], object]) -> Widget:
        return self._watch(ipywidgets.Dropdown(description=label, options=[("", "")]), on_change)

    def _watch(self, widget: Widget, on_change: Callable[[Any, Any], object]) -> Widget:
        return self._fields.watch(labelled(widget), on_change)


def _row_label(row: Mapping[str, Any]) -> str:
    """Return a label of a row: its first cells, and its id."""
    first = [cell["text"] for cell in row["cells"][:2] if cell["text"]]
    return " · ".join([*first, row["id"][:8]])


def _detail_html(detail: View) -> str:
    lines = "".join(f"<div>{html.escape(line)}</div>" for line in detail["lines"])
    story = f"<pre>{html.escape(detail['pre'])}</pre>" if detail["pre"] else ""
    code = folded("Copy code that loads it", detail["code"]) if detail.get("code") else ""
    return f"<b>{html.escape(detail['heading'])}</b>{lines}{story}{code}"


def _note_html(view: View) -> str:
    error = view["error"]
    if error:
        return f"{'<br>'.join(map(html.escape, error['lines']))}{folded('More', error['story'])}"
    return "<br>".join(html.escape(part) for part in (view["note"] or view["empty"], NO_ANYWIDGET) if part)
