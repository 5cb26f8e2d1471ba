"""Pages of runs that follow the server, with actions on the runs and their flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any  # records of any kind

from aero_jupyter.core.errors import AeroError, NotFound, Unreachable
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.notebook.panels.run_notifications import RunEndTracker, announcement
from aero_jupyter.notebook.panels.runs.actions import ACTIONS, RUN_ACTIONS, actions_on_flow, actions_on_runs
from aero_jupyter.notebook.panels.runs.filters import FlowLabels, describe_flow, filter_choices, with_filter
from aero_jupyter.notebook.panels.runs.run_detail import missing_run_detail, run_detail
from aero_jupyter.notebook.settings import clock
from aero_jupyter.notebook.tables.page_view import PageState
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.tables.table_view import Action, ConfirmView, DetailView, TableView
from aero_jupyter.notebook.widgets.callbacks import callback
from aero_jupyter.notebook.widgets.poller import Poller, poller

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient


class RunPager(Pager):
    """Pages of runs that follow the server while a view is open.

    Attributes
    ----------
    flow : Flow or None
        The flow whose runs are shown; None for all flows.
    warning : str
        The question before the flow is deleted; empty if there is none.
    on_run_end : callable
        Called with a run that has ended.
    """

    news_after, selection_code = None, ""

    def __init__(
        self,
        listing: QueryResult,
        shown: Callable[[TableView], None],
        code: Callable[[QueryResult], str],
        *,
        begin: Callable[[Callable[[], None]], None] | None = None,
        by: Poller = poller,
        flow: Flow | None = None,
    ) -> None:
        self.paused = False
        self.flow = flow
        self.on_run_end: Callable[[Run], None] = lambda run: None
        self.warning = ""
        self._flow_labels = FlowLabels(flow)
        self._is_flow_deleted = False
        #: Counts changes of the flow, so that a reply from before one is dropped.
        self._flow_changes = 0
        self._poller, self._update_error = by, ""
        self._updated_at: datetime | None = None
        self._ends = RunEndTracker(listing.asked)
        super().__init__(listing, shown, code, begin=begin)

    @property
    def client(self) -> AeroClient:
        """The client of the session."""
        return self.listing.session.client

    def view(self) -> TableView:
        """Return the view with the actions, the filters and the question before the flow is deleted."""
        do, text = ("resume", "Resume updates") if self.paused else ("stand", "Pause updates")
        return replace(
            super().view(),
            heading=self._heading(),
            actions=[{"do": do, "text": text, "can": True, "menu": True}, *self._actions()],
            choices=filter_choices(self.listing.question, self._flow_labels),
            confirm=ConfirmView(self.warning, "delete it", "Delete the flow") if self.warning else None,
        )

    def _actions(self) -> list[Action]:
        if not self.client.dialect.runs:
            return []
        on_runs = actions_on_runs(self._target_runs(), has_flow=bool(self.listing.question.query))
        return [*on_runs, *(actions_on_flow(flow) if (flow := self.flow) else [])]

    def _heading(self) -> str:
        where = self.listing.session.name
        if (flow := self.flow) is not None:
            return f"Runs of {describe_flow(flow)} · {where}"
        flow_id = self.listing.question.query
        if not flow_id:
            return f"Runs · {where}"
        deleted = " · deleted" if self._is_flow_deleted else ""
        return f"Runs of {self._flow_labels.label_of(flow_id)}{deleted} · {where}"

    def _set_filter(self, message: Mapping[str, Any]) -> None:
        name, value = str(message.get("name")), str(message.get("value") or "")
        if name == "flow":
            self.warning, self.flow, self._is_flow_deleted = "", None, False
        self._updated_at = None
        self._change_query(with_filter(self.listing.question, name, value))
        self._poller.now()

    @callback
    def act(self, message: Mapping[str, Any]) -> None:
        """Handle a message of the front end."""
        action = str(message.get("do"))
        if action in ACTIONS:
            self._begin(lambda: self._run_action(action, message))
        elif action == "open":
            self._detail = self._detail if self.opened == message.get("id") else None
            self.opened = str(message.get("id"))
            self._begin(self._open_run)
        elif action == "choose":
            self._set_filter(message)
        elif action == "carry":
            self._follow_link(str(message.get("what")))
        else:
            if action == "refresh":
                self._flow_labels.expire()
            super().act(message)

    @callback
    def _run_action(self, action: str, message: Mapping[str, Any]) -> None:
        ids = [str(message["id"])] if message.get("id") else [run.id for run in self._target_runs()]
        ACTIONS[action](self, [self.client.get_run(id) for id in ids] if action in RUN_ACTIONS else ())
        self.show()
        self._poller.now()

    def _target_runs(self) -> list[Run]:
        """Return the runs that an action applies to: the selected ones, else the open one."""
        with self._lock:
            # A run of the current page is newer than the selected one.
            runs = [self._current_rows.get(id, selected)[1] for id, selected in self._chosen.items()]
            return runs or ([self._open_row] if self.opened and self._open_row is not None else [])

    def set_flow(self, flow: Flow) -> None:
        """Follow the changed flow; replies from before are dropped."""
        with self._lock:
            self.flow = flow
            self._flow_changes += 1

    def forget_flow(self) -> None:
        """Mark the flow as deleted."""
        with self._lock:
            if not self._is_flow_deleted:
                self._note = "This flow was deleted. Its runs and their versions are kept."
            self.flow, self.warning, self._is_flow_deleted = None, "", True
            self._flow_changes += 1

    def start(self) -> None:
        """Show the first page, and open the run that is to be open."""
        super().start()
        if self.opened is not None:
            self._begin(self._open_run)

    @callback
    def _open_run(self) -> None:
        if id := self.opened:
            self._show_run(id, *self._fetch_run(id))
            self.show()

    def _fetch_run(self, id: str) -> tuple[DetailView, Run | None]:
        try:
            run = self.client.get_run(id)
        except AeroError as error:
            if isinstance(error, Unreachable):
                raise
            # The rest of the table stays up to date.
            return missing_run_detail(id, error), None
        return run_detail(run), run

    def _show_run(self, id: str, detail: DetailView, run: Run | None) -> None:
        with self._lock:
            # The user may have closed it meanwhile.
            if self.opened == id:
                self._detail, self._open_row = detail, run

    def _follow_link(self, link: str) -> None:
        action, _, version = link.partition(" ")
        if self._open_row is not None:
            self.navigate(action, version or self._open_row)

    def look(self) -> bool:
        """Update the page and the open run; return whether the server answered."""
        if self.paused or self._busy:
            return True
        try:
            self._update()
        except AeroError as error:
            is_unreachable = isinstance(error, Unreachable)
            self._update_error = "the server does not answer; trying again" if is_unreachable else error.message
            self.show()
            return False
        return True

    def _update(self) -> None:
        generation, flow_changes, page_state, id = self._generation, self._flow_changes, self.place, self.opened
        listing = self.listing.again()
        rows = list(listing.pages.between(*self._span(page_state)))
        latest = self._latest_runs(listing.question, page_state, rows)
        opened = self._fetch_run(id) if id else None
        flow = self._fetch_flow(rows)
        with self._lock:
            if (generation, flow_changes) != (self._generation, self._flow_changes) or self.paused:
                return
            ended = self._ends.newly_ended([*rows, *latest], listing.asked)
            self._note = announcement(ended) or self._note
            self.listing, self._update_error = listing, ""
            self._put(rows)
            self._updated_at, self.flow = datetime.now(timezone.utc), flow
            if flow is None and listing.question.query:
                self.forget_flow()
            if id and opened:
                self._show_run(id, *opened)
        self.show()
        if ended:
            self.on_run_end(ended[0])

    def _latest_runs(self, query: ListQuery, page_state: PageState, rows: list[Run]) -> tuple[Run, ...]:
        """Return the latest runs if the page does not show them: their ends are announced on every page."""
        if page_state.page == 1 and len(rows) <= page_state.size and not (query.sort or query.where or query.text):
            return ()
        return self.client.list("run", match=query.query).page(1)

    def _fetch_flow(self, rows: list[Run]) -> Flow | None:
        """Fetch the flow of the table, and the labels of the flows that its rows belong to."""
        self._flow_labels.update(self.client, rows)
        id = self.listing.question.query
        if not id:
            return None
        try:
            flow = self.client.get_flow(id)
        except NotFound:
            return None
        self._flow_labels.add(flow)
        return flow

    def as_of(self, format_time: Callable[[datetime], str] = clock) -> str:
        """Return the "as of" label: the time, whether updates are paused, and the last error."""
        when = format_time(self._updated_at or self.listing.asked)
        if self.paused:
            return f"paused since {when}"
        return f"as of {when}; {self._update_error}" if self._update_error else f"as of {when}"
