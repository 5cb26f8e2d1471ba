"""Pages of runs that follow the server, and what can be done to the runs and their flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.resolve import flow_name
from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import AeroError, NotFound, Unreachable
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.columns import names_of
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import clock
from aero_jupyter.notebook.page import Place, View
from aero_jupyter.notebook.paging import Pager
from aero_jupyter.notebook.panels import doing, news
from aero_jupyter.notebook.panels.poller import Poller, poller
from aero_jupyter.notebook.panels.story import lost, told
from aero_jupyter.notebook.words import state_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

#: What the table can be narrowed to: states, and times in seconds.
STATES = ("queued", "pulling", "running", "committing", "done", "unchanged", "failed", "cancelled")
TIMES = {"3600": "the last hour", "86400": "the last day", "604800": "the last week"}
#: Flows that are offered to choose from, the newest.
MOST_FLOWS = 600


class RunPager(Pager):
    """Pages of runs that follow the server while somebody looks.

    Attributes
    ----------
    flow : Flow or None
        Whose runs these are, where they are one flow's.
    warning : str
        What is said before the flow is deleted; empty while nothing is.
    """

    news_after = None

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
        self.warning = ""
        self._flows: dict[str, str] = {flow.id: labelled(flow)} if flow else {}
        self._strangers: set[str] | None = None
        self._gone = False
        self._done = 0
        self._by = by
        self._looked: datetime | None = None
        self._trouble = ""
        self._news = news.News(listing.asked)
        super().__init__(listing, shown, code, begin=begin)

    @property
    def client(self) -> AeroClient:
        """What asks the server."""
        return self.listing.session.client

    def view(self) -> View:
        """Describe what is to be seen, with what can be done and when it was looked."""
        asked = self.listing.question.query
        can = [*doing.of_runs(self._meant(), has_flow=bool(asked)), *(doing.of_flow(self.flow) if self.flow else [])]
        turn = ("resume", "Resume updates") if self.paused else ("stand", "Pause updates")
        confirm = {"text": self.warning, "do": "delete it", "words": "Delete the flow"} if self.warning else None
        return {
            **super().view(),
            "heading": self._heading(),
            "actions": [*(can if self.client.dialect.runs else []), {"do": turn[0], "text": turn[1], "can": True}],
            "choices": self._choices(),
            "confirm": confirm,
        }

    def _heading(self) -> str:
        asked, where = self.listing.question.query, self.listing.session.name
        if not asked:
            return f"Runs · {where}"
        if self.flow is None:
            name = self._flows.get(asked, f"flow {asked[:8]}")
            return f"Runs of {name}{' · deleted' if self._gone else ''} · {where}"
        rests = " · paused" if self.flow.raw.get("paused") else ""
        when = policies.in_words(self.flow.policy, self.flow.timer)
        return f"Runs of {flow_name(self.flow)} · {when}{rests} · {where}"

    def _choices(self) -> list[View]:
        question = self.listing.question
        chosen = {
            "flow": question.query or "",
            "state": dict(question.where).get("state", ""),
            "since": str(question.since or ""),
        }
        own = {chosen["since"]: f"{question.since} s"} if question.since else {}
        asked = {question.query: f"flow {question.query[:8]}"} if question.query else {}
        every = f"all flows, of them the {MOST_FLOWS} newest are here" if len(self._flows) > MOST_FLOWS else "all flows"
        offered = {
            "flow": {"": every, **dict(sorted((asked | self._flows).items(), key=lambda each: each[1].casefold()))},
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
            self.warning, self.flow, self._gone = "", None, False
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
        what = str(message.get("do"))
        if what in doing.ACTIONS:
            self._begin(lambda: self._do(what, message))
        elif what == "open":
            self.opened = str(message.get("id"))
            self._begin(self._open_run)
        elif what == "choose":
            self._choose(message)
        else:
            if what == "refresh":
                self._strangers = None
            super().act(message)

    @callback
    def _do(self, what: str, message: Mapping[str, Any]) -> None:
        ids = [str(message["id"])] if message.get("id") else [run.id for run in self._meant()]
        doing.ACTIONS[what](self, [self.client.get_run(id) for id in ids] if what in doing.TO_RUNS else ())
        self.show()
        self._by.now()

    def _meant(self) -> list[Run]:
        """Give the runs that are meant: those that are selected, else the one that is open."""
        with self._lock:
            chosen = {id: self._here[id][1] if id in self._here else run for id, (_, run) in self._chosen.items()}
            opened = [self._open_row] if self.opened and self._open_row is not None else []
            return list(chosen.values()) or opened

    def say(self, text: str) -> None:
        """Have something said below the table, with what is shown next."""
        self._note = text

    def became(self, flow: Flow) -> None:
        """Know how the flow is by now; what was asked before is old."""
        with self._lock:
            self.flow = flow
            self._done += 1

    def lose(self) -> None:
        """Know that the flow is not there any more."""
        with self._lock:
            if not self._gone:
                self._note = "This flow was deleted; its runs and what they made stay."
            self.flow, self.warning, self._gone = None, "", True
            self._done += 1

    def start(self) -> None:
        """Turn to its page, and open the run that is to be open."""
        super().start()
        if self.opened is not None:
            self._begin(self._open_run)

    @callback
    def _open_run(self) -> None:
        id = self.opened
        if id is not None:
            self._opened(id, *self._asked_run(id))
            self.show()

    def _asked_run(self, id: str) -> tuple[View, Run | None]:
        try:
            run = self.client.get_run(id)
        except Unreachable:
            raise
        except AeroError as error:
            # The rest of the table goes on.
            return lost(id, error), None
        actions = [{**action, "id": run.id} for action in doing.of_runs([run])]
        return {**told(run), "links": self.links(run), "actions": actions}, run

    def _opened(self, id: str, detail: View, run: Run | None) -> None:
        with self._lock:
            # It may have been closed meanwhile.
            if self.opened == id:
                self._detail, self._open_row = detail, run

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
        generation, done, place, id = self._generation, self._done, self.place, self.opened
        listing = self.listing.again()
        rows = list(listing.pages.between(*self._span(place)))
        latest = self._latest(listing.question, place, rows)
        opened = self._asked_run(id) if id else None
        flow = self._flow(rows)
        with self._lock:
            if (generation, done) != (self._generation, self._done) or self.paused:
                return
            ended = self._news.of([*rows, *latest], listing.asked)
            self._note = news.told(ended) or self._note
            self.listing, self._trouble = listing, ""
            self._put(rows)
            self._looked, self.flow = datetime.now(timezone.utc), flow
            if flow is None and listing.question.query:
                self.lose()
            if id and opened:
                self._opened(id, *opened)
        self.show()
        if ended:
            self.came(ended[0])

    def _latest(self, question: Question, place: Place, rows: list[Run]) -> tuple[Run, ...]:
        """Give the latest runs where the page does not show them: what ends is told wherever one is."""
        begins = place.page == 1 and len(rows) <= place.size
        if begins and not (question.sort or question.where or question.text):
            return ()
        return self.client.list("run", match=question.query).page(1)

    def _flow(self, rows: list[Run]) -> Flow | None:
        """Ask for the flow as it is now; and, where a run is of one not known yet, which there are to choose from."""
        strangers = {run.flow_id for run in rows} - self._flows.keys()
        if self._strangers is None or strangers - self._strangers:
            flows = self.client.list("flow").first(MOST_FLOWS)
            self._flows |= {flow.id: labelled(flow) for flow in flows}
            self._strangers = strangers - self._flows.keys()
        wanted = self.listing.question.query
        if not wanted:
            return None
        try:
            found = self.client.get_flow(wanted)
        except NotFound:
            return None
        self._flows[found.id] = labelled(found)
        return found

    def as_of(self, tell: Callable[[datetime], str] = clock) -> str:
        """Say of when this is, whether it stands still, and what is in the way."""
        when = tell(self._looked or self.listing.asked)
        if self.paused:
            return f"standing still since {when}"
        return f"as of {when}; {self._trouble}" if self._trouble else f"as of {when}"


def labelled(flow: Flow) -> str:
    """Tell a flow from others of the same function: "smooth → clean"."""
    made = ", ".join(each.name for each in flow.outputs)
    return " → ".join(part for part in (flow.function_name, made) if part) or f"flow {flow.id[:8]}"
