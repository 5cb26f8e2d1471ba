"""Pages of runs that follow the server, and what can be done to the runs and their flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.resolve import flow_name
from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import AeroError, NotFound, Unreachable
from aero_jupyter.core.models import FINAL_STATES, Flow, Run
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.columns import names_of
from aero_jupyter.notebook.listing import Listing
from aero_jupyter.notebook.options import clock
from aero_jupyter.notebook.paging import Pager, View
from aero_jupyter.notebook.panels.poller import Poller, poller
from aero_jupyter.notebook.panels.story import told
from aero_jupyter.notebook.words import state_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

#: What the table can be narrowed to: states, and times in seconds.
STATES = ("queued", "pulling", "running", "committing", "done", "unchanged", "failed", "cancelled")
TIMES = {"3600": "the last hour", "86400": "the last day", "604800": "the last week"}


class RunPager(Pager):
    """Pages of runs that follow the server while somebody looks."""

    def __init__(
        self,
        listing: Listing,
        shown: Callable[[View], None],
        code: Callable[[Listing], str],
        *,
        begin: Callable[[Callable[[], None]], None] | None = None,
        by: Poller = poller,
        flow: Flow | None = None,
    ) -> None:
        self.paused = False
        self.flow = flow
        self.came: Callable[[Any], None] = lambda run: None
        self._flows: dict[str, str] = {flow.id: flow_name(flow)} if flow else {}
        self._question = ""
        self.opened: str | None = None
        self._by = by
        self._looked: datetime | None = None
        self._trouble = ""
        self._known: dict[str, str] = {}
        super().__init__(listing, shown, code, begin=begin)

    def view(self) -> View:
        """Describe what is to be seen, with what can be done and when it was looked."""
        client = self.listing.session.client
        chosen = [run for run in self._rows if self.listing.id_of(run) in self._chosen]
        ended = [run for run in chosen if run.state in FINAL_STATES]
        one_flow = self.listing.question.query or chosen
        actions = [
            ("run", "Run now", bool(one_flow)),
            ("cancel", "Cancel", len(ended) < len(chosen)),
            ("retry", "Retry", any(run.state in ("failed", "cancelled") for run in chosen)),
        ]
        if self.flow is not None:
            rests = self.flow.raw.get("paused")
            actions += [("go", "Resume the flow", True) if rests else ("pause", "Pause the flow", True)]
            actions += [("delete", "Delete the flow", True)]
        told = [{"do": what, "text": text, "can": can} for what, text, can in actions] if client.dialect.runs else []
        what, text = ("resume", "Follow") if self.paused else ("stand", "Stand still")
        confirm = {"text": self._question, "do": "delete it", "words": "Delete the flow"} if self._question else None
        return {
            **super().view(),
            "heading": self._heading(),
            "asked": self._when(),
            "actions": [*told, {"do": what, "text": text, "can": True}],
            "choices": self._choices(),
            "confirm": confirm,
        }

    def _heading(self) -> str:
        if self.flow is None:
            return "Runs"
        rests = " · paused" if self.flow.raw.get("paused") else ""
        return f"Runs of {flow_name(self.flow)} · {policies.in_words(self.flow.policy, self.flow.timer)}{rests}"

    def _choices(self) -> list[View]:
        question = self.listing.question
        chosen = {
            "flow": question.query or "",
            "state": dict(question.where).get("state", ""),
            "since": str(question.since or ""),
        }
        own = {chosen["since"]: f"{question.since} s"} if question.since else {}
        offered = {
            "flow": {"": "all flows", **self._flows},
            "state": {"": "any state", **{state: state_of(state) for state in STATES}},
            "since": {"": "any time", **own, **TIMES},
        }
        labels = {"flow": "of", "state": "in", "since": "from"}
        return [
            {"name": name, "label": labels[name], "value": chosen[name], "options": [*map(list, offered[name].items())]}
            for name in offered
        ]

    def _choose(self, message: Mapping[str, Any]) -> None:
        """Narrow the table to a flow, a state or a time."""
        name, value = message.get("name"), str(message.get("value") or "")
        question = self.listing.question
        if name == "flow":
            question = replace(question, query=value or None)
            self._question, self.flow = "", None
        elif name == "state":
            question = replace(question, where=(("state", value),) if value else ())
        elif name == "since":
            question = replace(question, since=int(value) if value.isdigit() else None)
        self._looked = None
        self._ask(question)
        self._by.now()

    @callback
    def act(self, message: Mapping[str, Any]) -> None:
        """Do what somebody did in the table, or to its runs."""
        action = _RUN_ACTIONS.get(str(message.get("do")))
        if action is not None:
            self._begin(lambda: self._do(action))
        elif message.get("do") == "open":
            self.opened = str(message.get("id"))
            self._begin(self._open_run)
        elif message.get("do") == "choose":
            self._choose(message)
        else:
            if message.get("do") == "close":
                self.opened = None
            super().act(message)

    @callback
    def _do(self, action: Callable[[RunPager], None]) -> None:
        action(self)
        self.show()
        self._by.now()

    @callback
    def _open_run(self) -> None:
        if self.opened is not None:
            run = self.listing.session.client.get_run(self.opened)
            with self._lock:
                self._detail, self._open_row = self._told(run), run
        self.show()

    def _told(self, run: Run) -> View:
        return {**told(run), "links": self.links(run)}

    def links(self, row: Any) -> list[View]:
        """Give the versions that a run used and made, and its flow, to go to."""
        versions = [("used", row.used or ()), ("made", row.made or ())]
        links = [
            {"what": f"lineage {each.data_id}@{each.version}", "text": f"{word} {names_of([each])}"}
            for word, several in versions
            for each in several
        ]
        return [*links, {"what": "lineage", "text": "Lineage"}] if links else []

    def _carry(self, message: Mapping[str, Any]) -> None:
        what, _, version = str(message.get("what")).partition(" ")
        if self._open_row is not None:
            self.carry(what, version or self._open_row)

    def look(self) -> bool:
        """Look at the server: the page, and the run that is open; say whether it answered."""
        if self.paused or self._busy:
            return True
        try:
            self._follow()
        except Unreachable:
            self._trouble = "the server does not answer; trying again"
            self.show()
            return False
        except AeroError as error:
            self._trouble = error.message
            self.show()
            return False
        return True

    def _follow(self) -> None:
        generation, place = self._generation, self.place
        listing = self.listing.again()
        rows = list(listing.pages.between(*self._span(place)))
        client = listing.session.client
        opened = client.get_run(self.opened) if self.opened else None
        flow = self._flow(client)
        with self._lock:
            if generation != self._generation or self.paused:
                return
            self._notice(rows, first=self._looked is None)
            self.listing, self._trouble = listing, ""
            self._put(rows)
            self._looked, self.flow = datetime.now(timezone.utc), flow
            if opened is not None:
                self._detail, self._open_row = self._told(opened), opened
        self.show()

    def _flow(self, client: AeroClient) -> Flow | None:
        """Ask for the flow as it is now; and which there are, to choose from."""
        flows = client.list("flow").page(1)
        self._flows |= {flow.id: flow_name(flow) for flow in flows}
        wanted = self.listing.question.query
        if not wanted:
            return None
        found = next((flow for flow in flows if flow.id == wanted), None)
        try:
            found = found or client.get_flow(wanted)
        except NotFound:
            self._note = "This flow was deleted; its runs and what they made stay."
            return None
        self._flows[found.id] = flow_name(found)
        return found

    def _notice(self, runs: list[Run], *, first: bool) -> None:
        """Say what ended since the last look."""
        news = [run for run in runs if run.is_final and self._known.get(run.id) not in (None, *FINAL_STATES)]
        news += [run for run in runs if run.is_final and run.id not in self._known and not first]
        self._known = {run.id: run.state for run in runs}
        if news:
            run = news[0]
            made = names_of(run.made) or ""
            self._note = f"{state_of(run.state)}: run {run.id[:8]}{f' made {made}' if made else ''}"
            self.came(run)

    def _when(self) -> str:
        if self.paused:
            return f"standing still since {clock(self._looked or self.listing.asked)}"
        when = f"as of {clock(self._looked or self.listing.asked)}"
        return f"{when}; {self._trouble}" if self._trouble else when

    def _picked(self, states: Callable[[str], bool]) -> list[Run]:
        with self._lock:
            ids = list(self._chosen)
        runs = [self.listing.session.client.get_run(id) for id in ids]
        return [run for run in runs if states(run.state)]

    def _run_now(self) -> None:
        client = self.listing.session.client
        flow = self.listing.question.query
        flows = [flow] if flow else list(dict.fromkeys(run.flow_id for run in self._picked(lambda _: True)))
        for each in flows:
            client.run_flow(each)
        self._note = f"{len(flows)} asked for." if flows else "Select a run of the flow to run."

    def _cancel(self) -> None:
        runs = self._picked(lambda state: state not in FINAL_STATES)
        for run in runs:
            self.listing.session.client.cancel_run(run.id)
        self._note = f"{len(runs)} cancelled."

    def _retry(self) -> None:
        runs = self._picked(lambda state: state in ("failed", "cancelled"))
        for flow in dict.fromkeys(run.flow_id for run in runs):
            self.listing.session.client.run_flow(flow)
        self._note = f"{len(runs)} asked for again."

    def _pause(self) -> None:
        self._turned(self.listing.session.client.pause_flow)
        self._note = "The flow is paused: it runs only when you say so."

    def _go(self) -> None:
        self._turned(self.listing.session.client.resume_flow)
        self._note = "The flow goes on."

    def _turned(self, turn: Callable[[str], Flow]) -> None:
        if self.flow is not None:
            self.flow = turn(self.flow.id)

    def _delete(self) -> None:
        """Say first what will be lost."""
        if self.flow is None:
            return
        flow, client = self.flow, self.listing.session.client
        runs = client.list("run", match=flow.id)
        count = len(runs.page(1)) if runs.total is None else runs.total
        made = ", ".join(each.name for each in flow.outputs) or "nothing"
        self._question = (
            f"{flow_name(flow)} will not run any more ({policies.in_words(flow.policy, flow.timer)} until now), "
            f"and its registration is lost. What it made ({made}), its {count} runs and their provenance stay."
        )

    def _delete_it(self) -> None:
        if self.flow is not None and self._question:
            client = self.listing.session.client
            client.delete_flow(self.flow.id)
            self._note = f"{flow_name(self.flow)} was deleted."
            self.flow, self._question = None, ""

    def _keep(self) -> None:
        self._question = ""

    def _stand(self) -> None:
        self.paused = True

    def _resume(self) -> None:
        self.paused = False


_RUN_ACTIONS: dict[str, Callable[[RunPager], None]] = {
    "run": RunPager._run_now,
    "cancel": RunPager._cancel,
    "retry": RunPager._retry,
    "pause": RunPager._pause,
    "go": RunPager._go,
    "delete": RunPager._delete,
    "delete it": RunPager._delete_it,
    "keep": RunPager._keep,
    "stand": RunPager._stand,
    "resume": RunPager._resume,
}
