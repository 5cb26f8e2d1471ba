"""The live table of a frame: an anywidget where the front end has it, plain controls where not, and a static twin."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import ipywidgets
import traitlets
from IPython.display import display

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.columns import columns_of
from aero_jupyter.notebook.controls import Controls
from aero_jupyter.notebook.frames import AeroFrame, framed
from aero_jupyter.notebook.frontend import module, style
from aero_jupyter.notebook.handshake import PATIENCE, Handshake, closed, counted
from aero_jupyter.notebook.listing import Listing
from aero_jupyter.notebook.options import moment
from aero_jupyter.notebook.page import View
from aero_jupyter.notebook.paging import Pager
from aero_jupyter.notebook.panels.base import Twin


class Grid(anywidget.AnyWidget):
    """The table in the front end; it shows `view`, and says what was done in it."""

    _esm = module("grid")
    _css = style("grid")
    view = traitlets.Dict().tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        return f"Grid({self.view.get('about', '')})"


class _Box(ipywidgets.VBox):  # type: ignore[misc]
    """Holds the table or its plain controls; in words, where widgets do not live."""

    def __repr__(self) -> str:
        return "Its pages turn while a kernel runs: run the cell again."


class Live:
    """A frame as it is shown: the static twin, and below it the table or the plain controls.

    Attributes
    ----------
    pager : Pager
    grid : Grid
    """

    def __init__(
        self,
        listing: Listing,
        code: Callable[[Listing], str],
        *,
        make: Callable[..., Pager] = Pager,
        hear: Callable[[Mapping[str, Any]], object] = lambda _: None,
    ) -> None:
        self._mark = uuid.uuid4().hex
        self._twin = Twin(self._static, self)
        self._controls: Controls | None = None
        self._fetching = threading.Lock()
        self._hear = hear
        self.pager = make(listing, self._show, code)
        self.grid = Grid(mark=self._mark, view=self.pager.view())
        self.grid.on_msg(self._heard)
        self.box = _Box([self.grid])
        self._handshake = Handshake(PATIENCE, self._give_up)

    def display(self) -> None:
        """Show it: in this cell, at once."""
        self.begin()
        self._twin.display()
        display(self.box)

    def begin(self) -> None:
        """Turn to its first page, and wait for the front end to say that it shows it."""
        self.pager.start()
        self._handshake.begin()

    def take(self, twin: Twin, mark: str) -> None:
        """Let what stands in the cell already be what is saved with the notebook."""
        self._twin, self._mark, self.grid.mark = twin, mark, mark
        twin.tell(self._static)

    def close(self) -> None:
        """Wait no more for a front end."""
        self._handshake.heard()

    def _show(self, view: View) -> None:
        self.grid.view = view
        if self._controls is not None:
            self._controls.show(view, self._static()["text/html"] if not self._twin.is_shown else "")
            self._twin.now()
        else:
            self._twin.later()

    def _static(self) -> dict[str, str]:
        view = self.pager.view()
        rows = framed(self.pager.listing, self.pager.shown)
        pages = f"page {view['page']} of {view['pages'] or 'more'}"
        server = self.pager.listing.session.name
        return rows.as_bundle(f"{view['about']} · {self.pager.as_of(moment)}, {pages} · {server}", self._mark)

    @callback
    def _heard(self, _: Any, message: Any, __: Any) -> None:
        self._hear(message)
        if message.get("do") == "hello":
            self._there()
        else:
            self._act(message)

    def _act(self, message: Any) -> None:
        if message.get("do") == "download":
            # A second click while a file is on its way does not fetch another.
            if self._fetching.acquire(blocking=False):
                threading.Thread(target=self._fetch, args=(message,), name="aero-download", daemon=True).start()
        else:
            self.pager.act(message)

    def show_error(self, lines: tuple[str, ...], story: str) -> None:
        """Show an error above the table."""
        self.pager.show_error(lines, story)

    def _there(self) -> None:
        self._handshake.heard()
        if self._controls is not None:
            # It was only slow: a busy kernel hears of it late.
            controls, self._controls = self._controls, None
            self.box.children = [self.grid]
            closed(controls)
            self._hear({"do": "bye", "view": "plain"})

    @callback
    def _give_up(self) -> None:
        self._controls = Controls(self._act)
        self._show(self.pager.view())
        self.box.children = [self._controls]
        counted(self._controls, self._hear)

    def _fetch(self, message: Any) -> None:
        try:
            self._download(message)
        finally:
            self._fetching.release()

    @callback
    def _download(self, message: Any) -> None:
        self.pager.note("Reading …")
        listing, whole = self.pager.listing, message.get("what") == "all"
        rows = listing.pages.all(self._told) if whole else self.pager.shown
        kind, name = message.get("format"), f"{listing.question.kind}-{listing.asked:%Y%m%d-%H%M%S}"
        table = _plain(listing, rows)
        if kind == "parquet":
            self._send(f"{name}.parquet", "application/vnd.apache.parquet", _parquet(table))
        else:
            self._send(f"{name}.csv", "text/csv", table.to_csv(index=False).encode())
        self.pager.note(f"{len(rows):,} row{'s' * (len(rows) != 1)} downloaded.")

    def _told(self, count: int, total: int | None) -> None:
        self.pager.note(f"Read {count:,} of {f'{total:,}' if total is not None else f'{count:,}+'}")

    def _send(self, name: str, type: str, content: bytes) -> None:
        if self._controls is not None:
            self._controls.offer(name, type, content)
            return
        self.grid.send({"do": "file", "name": name, "type": type}, buffers=[content])


def _plain(listing: Listing, rows: Any) -> Any:
    import pandas as pd

    table = pd.DataFrame(columns_of(listing.question.shape, rows))
    return table.astype(dict.fromkeys(table.select_dtypes("object"), "str")).where(table.notna())


def _parquet(table: Any) -> bytes:
    try:
        content: bytes = table.to_parquet(index=False)
    except ImportError:
        raise InvalidArgument("Parquet needs pyarrow.", "Run: pip install pyarrow; or take the CSV.") from None
    return content


def show(frame: AeroFrame, listing: Listing) -> Pager:
    """Show a frame as a live table; give its pager."""
    live = Live(listing, frame.aero.code_of)
    live.display()
    return live.pager
