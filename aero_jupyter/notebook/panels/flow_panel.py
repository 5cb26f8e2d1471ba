"""The live card of a flow: it follows the flow and its runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError, NotFound
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.panels.base import Message, Task, start_thread
from aero_jupyter.notebook.panels.environment_nodes import environment_nodes, last_environment
from aero_jupyter.notebook.panels.flow_code import FlowCode, fetch_flow_code
from aero_jupyter.notebook.panels.flow_replay import FlowReplay
from aero_jupyter.notebook.panels.flow_sections import code_nodes, run_time_nodes
from aero_jupyter.notebook.panels.flow_status import FlowSnapshot, endpoint_label
from aero_jupyter.notebook.panels.run_notifications import RunEndTracker
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.source_facts import notified_dataset, notify_address, notify_command
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.poller import poller
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Seconds between two requests for the state of the endpoint.
ENDPOINT_CHECK_SECONDS = 30.0


class FlowPanel(TreePanel):
    """The live card of a flow: it follows the flow and its runs while a view is open."""

    label = "Flow"

    def __init__(
        self, session: Session, snapshot: FlowSnapshot, *, begin: Callable[[Task], None] = start_thread
    ) -> None:
        super().__init__(session, begin=begin)
        self._current = snapshot
        self._note = ""
        self._code: FlowCode | None = None
        self._replay = FlowReplay(session, self.show)
        self._ends = RunEndTracker(snapshot.fetched_at)
        self._ends.newly_ended(snapshot.runs, snapshot.fetched_at)
        #: A run that has ended and that no `wait()` has returned yet.
        self._ended_run: Run | None = None
        self._endpoint_checked = time.monotonic()

    @property
    def value(self) -> Flow:
        """The flow, as it was fetched last."""
        return self._current.flow

    @property
    def subject(self) -> Flow:
        """The flow."""
        return self.value

    def expression(self) -> str:
        """Return the call that builds the card."""
        return called("flow", self.value.id)

    async def wait(self) -> Run:
        """Return the next run that ends, each run once; nothing is blocked meanwhile."""
        poller.watch(self)
        try:
            run: Run = self._ended_run or await super().wait()
        finally:
            if not self._open_views:
                poller.leave(self)
        self._ended_run = None
        return run

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        heading, *lines = self._current.lines
        can_act, failed = self._session.client.dialect.runs, self._current.failed
        toggle = ("Resume", "resume") if self.value.is_paused else ("Pause", "pause")
        return [
            trees.text(heading, "strong"),
            *(trees.text(line) for line in lines),
            trees.row(
                trees.button("Run now", "run", primary=True) if can_act else None,
                trees.button(*toggle) if can_act else None,
                trees.button("Failed run", "failed") if failed else None,
                trees.button("Hide code" if self._code else "Code", "code"),
                *self._replay.buttons(self.value),
                trees.button("Runs", "carry", what="runs"),
                trees.button("Lineage", "carry", what="lineage"),
                trees.copy("Copy as code", self.as_code(), "the code"),
            ),
            *self._notification(),
            trees.text(self._note, "meta") if self._note else None,
            *environment_nodes("Environment of the last run", last_environment(self._current.runs)),
            *run_time_nodes(self._current.runs),
            *(code_nodes(self._code) if self._code else []),
            *self._replay.nodes(),
        ]

    def _notification(self) -> list[Node]:
        """Return where the source of the flow sends its notifications, with a line to copy."""
        data = notified_dataset(self.value)
        if data is None:
            return []
        address = trees.text(f"Notify: POST {notify_address(self._session.client, data.id)}", "code")
        return [trees.row(address, trees.copy("Copy curl line", notify_command(self._session, data.id), "the line"))]

    def screen_reader_text(self) -> str:
        """Return the last note, or the result of the last run."""
        return self._note or self._current.lines[-1]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        client = self._session.client
        return {
            "run": lambda _: self._request(client.run_flow, "Run requested."),
            "pause": lambda _: self._request(client.pause_flow, "Paused. It runs only when you press Run now."),
            "resume": lambda _: self._request(client.resume_flow, "Resumed."),
            "code": lambda _: self._toggle_code(),
            "replay": lambda message: self._start_replay(str(message.get("what"))),
            "run page": lambda message: self._open_run(str(message.get("id"))),
            "failed": lambda _: self._open_failed_run(),
            "carry": lambda message: self.navigate(str(message.get("what")), self.value),
        }

    @property
    def polled(self) -> FlowPanel:
        """The card, which follows its flow."""
        return self

    def look(self) -> bool:
        """Fetch the flow and its runs; return whether the server answered."""
        before, ended = self._shown_state(), []
        try:
            flow = self._session.client.get_flow(self.value.id)
            self._current = FlowSnapshot(self._session, flow, self._endpoint())
            ended = self._ends.newly_ended(self._current.runs, self._current.fetched_at)
        except NotFound:
            self._note = "This flow was deleted. Its versions are kept."
        except AeroError as error:
            self._note = f"{error.message} Trying again."
            self.show()
            return False
        if before != self._shown_state():
            self.show()
        if ended:
            self._ended_run = ended[0]
            self.resolve_waiters(ended[0])
        return True

    def _shown_state(self) -> object:
        return self._current.lines, self._note, last_environment(self._current.runs)

    def _endpoint(self) -> str:
        """Return the label of the endpoint, whose state is fetched only now and then."""
        if time.monotonic() - self._endpoint_checked < ENDPOINT_CHECK_SECONDS:
            return self._current.endpoint
        self._endpoint_checked = time.monotonic()
        return endpoint_label(self._session, self.value)

    def _toggle_code(self) -> None:
        if self._code is not None:
            self._code = None
            self.show()
        else:
            self.run_in_background(self.fetch_code)

    def _start_replay(self, name: str) -> None:
        if name in {data.name for data in self.value.inputs}:
            self.run_in_background(lambda: self._replay.run(self.value, name))

    def fetch_code(self) -> None:
        """Fetch the registered code of the flow's function, which is then shown."""
        self._code = fetch_flow_code(self._session, self.value)

    def _open_run(self, id: str) -> None:
        run = next((each for each in self._current.runs if each.id == id), None)
        if run is not None:
            self.navigate("page", run)

    def _open_failed_run(self) -> None:
        if (failed := self._current.failed) is not None:
            self.navigate("page", failed)

    def _request(self, request: Callable[[str], object], note: str) -> None:
        def send() -> None:
            request(self.value.id)
            self._note = note
            poller.now()
            self.look()

        self.run_in_background(send)
