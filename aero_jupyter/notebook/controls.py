"""The table's controls as plain ipywidgets, for front ends without anywidget: what the table can do, they can."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from aero_jupyter.notebook.fields import Act, Bar, Fields, folded, labelled, line
from aero_jupyter.notebook.handshake import NO_ANYWIDGET
from aero_jupyter.notebook.page import View

_TURNS = {"first": "First", "previous": "Previous", "next": "Next", "last": "Last"}
_DOWNLOADS = [
    {"do": "download", "text": "CSV of this page", "what": "page", "format": "csv"},
    {"do": "download", "text": "CSV of all", "what": "all", "format": "csv"},
    {"do": "download", "text": "Parquet of all", "what": "all", "format": "parquet"},
]
_ORDERS = (("▴", False), ("▾", True))


class Controls(ipywidgets.VBox):  # type: ignore[misc]
    """Everything that the table can do, around a static table.

    Parameters
    ----------
    act : callable
        Gets what somebody did, as the table would send it.
    """

    def __init__(self, act: Act) -> None:
        self._act = act
        self._fields = Fields()
        self._choices: dict[str, Any] = {}
        self._search = self._heard(ipywidgets.Text(continuous_update=False), self._tell("search", "text"))
        self._sort = self._dropdown("sorted by", self._sort_by)
        self._page = self._heard(ipywidgets.IntText(continuous_update=False), self._tell("page", "page"))
        self._size = self._dropdown("rows", self._tell("size", "size"))
        self._open = self._dropdown("open", self._open_row)
        self._selected = self._heard(ipywidgets.SelectMultiple(description="select", rows=6), self._select)
        self._heading, self._table, self._question, self._detail = (ipywidgets.HTML() for _ in range(4))
        self._file, self._code, self._note, self._about = (ipywidgets.HTML() for _ in range(4))
        self._turns, self._actions, self._confirm, self._links, self._downloads = (Bar(act) for _ in range(5))
        self._filters = line()
        super().__init__([
            self._heading, self._filters, line(self._search, self._sort), self._table, self._question, self._confirm,
            line(self._turns, self._about, self._page, self._size), self._actions,
            line(self._open, self._selected), self._detail, self._links,
            line(self._downloads, self._file), self._code, self._note,
        ])  # fmt: skip

    def show(self, view: View, table: str = "") -> None:
        """Show where one is, and what can be done there; with the table, where it does not stand above."""
        self._heading.value = f"<b>{html.escape(view['heading'])}</b>"
        self._table.value = table
        self._show_place(view)
        self._show_rows(view)
        self._show_filters(view.get("choices") or ())
        self._show_actions(view)
        self._show_detail(view["detail"])
        self._code.value = folded("Copy as code", view["code"])
        self._note.value = _noted(view)

    def offer(self, name: str, type: str, content: bytes) -> None:
        """Offer a file to keep."""
        name, coded = html.escape(name), base64.b64encode(content).decode()
        self._file.value = f'<a download="{name}" href="data:{type};base64,{coded}">Save {name}</a>'

    def _show_place(self, view: View) -> None:
        can = {what: can and not view["busy"] for what, can in view["can"].items()}
        refresh = f"{view['grown']} new · refresh" if view["grown"] else "Refresh"
        turns = [{"do": what, "text": text, "can": can[what]} for what, text in _TURNS.items()]
        self._turns.show([*turns, {"do": "refresh", "text": refresh}])
        self._downloads.show(_DOWNLOADS)
        self._about.value = html.escape(f"{view['about']} · {view['asked']}")
        self._search.description = view["filter"].capitalize()
        self._page.description = f"page, of {view['pages']}" if view["pages"] else "page"
        self._fields.put(self._search, view["search"])
        self._fields.put(self._page, view["page"])
        self._fields.put(self._size, view["size"], [(f"{size} a page", size) for size in view["sizes"]])
        names = [column["name"] for column in view["columns"]]
        by = [(column["name"], column["sorted"] == "down") for column in view["columns"] if column["sorted"]]
        orders = [(f"{name} {mark}", (name, down)) for name in names for mark, down in _ORDERS]
        self._fields.put(self._sort, by[0] if by else "", [("as it comes", ""), *orders])

    def _show_rows(self, view: View) -> None:
        rows = [(_named(row), row["id"]) for row in view["rows"]]
        opened = view["opened"]
        is_here = not opened or opened in [id for _, id in rows]
        elsewhere = [] if is_here else [(f"{opened[:8]}, not on this page", opened)]
        self._fields.put(self._open, opened, [("nothing", ""), *elsewhere, *rows])
        self._fields.put(self._selected, tuple(row["id"] for row in view["rows"] if row["selected"]), rows)

    def _show_filters(self, choices: Sequence[View]) -> None:
        for choice in choices:
            name = choice["name"]
            if name not in self._choices:
                self._choices[name] = self._dropdown(choice["label"], self._tell("choose", "value", name=name))
            self._fields.put(self._choices[name], choice["value"], [(text, value) for value, text in choice["options"]])
        if len(self._filters.children) != len(choices):
            self._filters.children = [self._choices[choice["name"]] for choice in choices]

    def _show_actions(self, view: View) -> None:
        count, confirm = view["selected"], view.get("confirm")
        clear = [{"do": "clear", "text": f"Clear {count} selected"}] if count else []
        self._actions.show([*(view.get("actions") or ()), *clear])
        self._question.value = html.escape(confirm["text"]) if confirm else ""
        answers = (
            [{"do": confirm["do"], "text": confirm["words"]}, {"do": "keep", "text": "Keep it"}] if confirm else []
        )
        self._confirm.show(answers)

    def _show_detail(self, detail: View | None) -> None:
        self._detail.value = _detailed(detail) if detail else ""
        links = [{"do": "carry", **link} for link in detail.get("links") or ()] if detail else []
        close = [{"do": "close", "text": "Close"}] if detail else []
        self._links.show([*((detail or {}).get("actions") or ()), *links, *close])

    def _tell(self, what: str, key: str, **more: Any) -> Callable[[Any, Any], object]:
        def tell(_: Any, value: Any) -> None:
            self._act({"do": what, key: value, **more})

        return tell

    def _sort_by(self, _: Any, by: Any) -> None:
        if by:
            self._act({"do": "sort", "column": by[0], "down": by[1]})

    def _open_row(self, _: Any, id: str) -> None:
        self._act({"do": "open", "id": id} if id else {"do": "close"})

    def _select(self, before: Sequence[str], now: Sequence[str]) -> None:
        for ids, on in (
            ([id for id in now if id not in before], True),
            ([id for id in before if id not in now], False),
        ):
            if ids:
                self._act({"do": "select", "ids": ids, "on": on})

    def _dropdown(self, label: str, tell: Callable[[Any, Any], object]) -> Any:
        return self._heard(ipywidgets.Dropdown(description=label, options=[("", "")]), tell)

    def _heard(self, widget: Any, tell: Callable[[Any, Any], object]) -> Any:
        return self._fields.heard(labelled(widget), tell)


def _named(row: Mapping[str, Any]) -> str:
    """Tell a row from the others by its first cells, and by its id."""
    first = [cell["text"] for cell in row["cells"][:2] if cell["text"]]
    return " · ".join([*first, row["id"][:8]])


def _detailed(detail: View) -> str:
    lines = "".join(f"<div>{html.escape(line)}</div>" for line in detail["lines"])
    story = f"<pre>{html.escape(detail['pre'])}</pre>" if detail["pre"] else ""
    code = folded("Copy code that loads it", detail["code"]) if detail.get("code") else ""
    return f"<b>{html.escape(detail['heading'])}</b>{lines}{story}{code}"


def _noted(view: View) -> str:
    error = view["error"]
    if error:
        return f"{'<br>'.join(map(html.escape, error['lines']))}{folded('More', error['story'])}"
    return "<br>".join(html.escape(part) for part in (view["note"] or view["empty"], NO_ANYWIDGET) if part)
