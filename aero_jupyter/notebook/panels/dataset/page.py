"""The page of a dataset: what it is, what its table holds, how it changed, where it comes from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter.client.transport import request_deadline
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.table_summary import TableSummary
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.panels.base import Message, Subject, Task, start_thread
from aero_jupyter.notebook.panels.dataset import comparison, sections, transfers
from aero_jupyter.notebook.panels.dataset.facts import DatasetFacts, refetch
from aero_jupyter.notebook.panels.dataset.state import DatasetPageState
from aero_jupyter.notebook.panels.dataset.table_window import TableWindow
from aero_jupyter.notebook.panels.loading import FIRST_PAGE_SECONDS
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.tables.loading import load_into_notebook
from aero_jupyter.notebook.widgets.poller import poller
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Seconds to wait for the summary of a version.
_SUMMARY_SECONDS = 300.0
#: Bytes of a version that the kernel reads for a snapshot.
_READ_UNASKED_BYTES = 5_000_000


class DatasetPage(TreePanel):
    """The page of a dataset; `dataset` makes it.

    Examples
    --------
    >>> page = aero.dataset("sewage")
    >>> page.value.data.name
    'sewage'
    """

    label = "Dataset"

    def __init__(
        self,
        session: Session,
        facts: DatasetFacts,
        state: DatasetPageState,
        *,
        begin: Callable[[Task], None] = start_thread,
    ) -> None:
        super().__init__(session, begin=begin)
        self._facts, self._state = facts, state
        self._summaries: dict[int, TableSummary] = {}
        self._changes: dict[int, tuple[int, str]] = {}
        self._window = TableWindow(session.client, state.data.id)
        self._differences = self._note = self._citation = ""
        #: Why the summary of the shown version is missing.
        self._missing = ""
        self._is_reading, self._is_started = False, False

    @property
    def value(self) -> DatasetPageState:
        """The state that the page shows."""
        return self._state

    @property
    def summary(self) -> TableSummary | None:
        """The summary of the shown version; None until it is known."""
        number = self._shown_number()
        return None if number is None else self._summaries.get(number)

    @property
    def subject(self) -> Subject:
        """The dataset, or its shown version."""
        data, version = self._state.data, self._state.version
        return data if version is None else f"{data.id}@{version}"

    def expression(self) -> str:
        """Return the call that builds the page."""
        state = self._state
        chart = {"date": state.date, "number": state.number}
        return called("dataset", state.data.id, version=state.version, compared=state.compared, **chart)

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        rows = self._window.rows_of(self._shown_number())
        facts = self._session, self._facts, self._state, self.summary, rows
        view = sections.PageView(*facts, self._changes, self._differences, self._missing)
        return [
            *sections.heading(view, self._note, self.as_code()),
            *sections.citation(self._citation),
            *sections.content(view, is_reading=self._is_reading),
            *sections.history(view),
        ]

    def _fetch_for_snapshot(self) -> None:
        """Fetch the summary, unless the kernel would have to read a large table for it."""
        version = self._facts.version(self._state.version)
        size = version.file.size if version and version.file else None
        with contextlib.suppress(AeroError), request_deadline(FIRST_PAGE_SECONDS):
            if self._session.client.dialect.summaries or (size is not None and size <= _READ_UNASKED_BYTES):
                self.fetch_summary(FIRST_PAGE_SECONDS)
                self.fetch_changes()

    def _repr_html_(self) -> str:
        self._fetch_for_snapshot()
        return super()._repr_html_()

    def __repr__(self) -> str:
        self._fetch_for_snapshot()
        return super().__repr__()

    def screen_reader_text(self) -> str:
        """Return the last note."""
        return self._note

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        client, data = self._session.client, self._state.data
        return {
            "version": lambda message: self._open_version(_number(message.get("number"))),
            "set": self._set,
            "rows": lambda message: self.run_in_background(lambda: self._turn_to(message)),
            "summarize": lambda _: self.run_in_background(lambda: self._fetch_all(is_asked=True)),
            "load": lambda _: self._report(lambda: load_into_notebook(client, data, self._shown_number())),
            "download": lambda _: self._report(
                lambda: transfers.save_version(client, data, self._shown_number(), Path.cwd())
            ),
            "cite": lambda _: self.run_in_background(self._cite),
            "carry": lambda message: self.navigate(str(message.get("what")), data),
        }

    def on_shown(self) -> None:
        """Follow the dataset, and request what is shown."""
        poller.watch(self)
        if not self._is_started:
            self._is_started = True
            self.run_in_background(self._fetch_all)

    def on_hidden(self) -> None:
        """Stop following the dataset."""
        poller.leave(self)

    def look(self) -> bool:
        """Fetch the versions and runs; return whether the server answered."""
        try:
            facts = refetch(self._session, self._facts)
        except AeroError as error:
            self._note = f"{error.message} Trying again."
            self.show()
            return False
        if facts != self._facts:
            self._take(facts)
        return True

    def _take(self, facts: DatasetFacts) -> None:
        before, self._facts = self._facts.newest, facts
        newest = facts.newest
        if newest is not None and newest != before:
            self._note = f"Version {newest.version} was added."
            self.run_in_background(self._fetch_all)
        self.show()

    def fetch_summary(self, seconds: float = _SUMMARY_SECONDS) -> None:
        """Fetch the summary of the shown version; the page shows the reason if there is none."""
        number, self._missing = self._shown_number(), ""
        if number is None or number in self._summaries:
            return
        self._is_reading = True
        self.show()
        try:
            self._summaries[number] = self._session.client.summarize(self._state.data.id, number, timeout=seconds)
        except AeroError as error:
            self._missing = f"{error.message} {error.cure or ''}".strip()
        finally:
            self._is_reading = False

    def _turn_to(self, message: Message) -> None:
        self._note = self._window.turn_to(self._shown_number(), _number(message.get("start")), self.summary)

    def fetch_changes(self) -> None:
        """Count what changed in the latest versions, and compare the chosen ones."""
        self._changes = comparison.count_changes(self._session, self._facts, self._changes)
        self._compare()

    def _fetch_all(self, *, is_asked: bool = False) -> None:
        # Other servers have no summaries: the kernel reads the table only if the user asks for it.
        if is_asked or self._session.client.dialect.summaries:
            self.fetch_summary()
        self.show()
        self.fetch_changes()

    def _shown_number(self) -> int | None:
        version = self._facts.version(self._state.version)
        return None if version is None else version.version

    def _open_version(self, number: int | None) -> None:
        """Open a version; the one that was open before is compared with it."""
        if number is None or self._facts.version(number) is None:
            return
        before = self._shown_number()
        compared = before if before != number else None
        self._change(replace(self._state, version=number, compared=compared))

    def _set(self, message: Message) -> None:
        name, value = message.get("name"), str(message.get("value") or "")
        if name == "version" and self._facts.version(_number(value)) is not None:
            self._change(replace(self._state, version=_number(value)))
        elif name == "compared":
            self._change(replace(self._state, compared=_number(value)))
        elif name in ("date", "number"):
            is_date = name == "date"
            self._state = replace(self._state, date=value) if is_date else replace(self._state, number=value)
            self.show()

    def _change(self, state: DatasetPageState) -> None:
        self._state = state
        self._differences = self._note = self._citation = ""
        self.run_in_background(self._fetch_all)

    def _compare(self) -> None:
        shown, compared = self._shown_number(), self._state.compared
        if shown is None or compared is None or shown == compared:
            return
        first, second = sorted((shown, compared))
        try:
            found = comparison.compare_versions(self._session, self._facts, first, second)
            self._differences = str(found)
        except AeroError as error:
            self._differences = f"{error.message} {error.cure or ''}".strip()

    def _cite(self) -> None:
        version = self._facts.version(self._state.version)
        if version is not None:
            self._citation = transfers.citation_of(self._session, self._facts.data, version)

    def _report(self, work: Callable[[], str]) -> None:
        def run() -> None:
            self._note = work()

        self.run_in_background(run)


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
