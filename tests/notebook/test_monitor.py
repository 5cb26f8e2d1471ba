"""The monitor of runs: new runs, actions on runs, and a server that stops and returns."""

from __future__ import annotations

import re
import sys
import threading
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.panels.runs.actions import ACTIONS
from aero_jupyter.notebook.panels.runs.panel import Monitor, RunPager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.tables.table_view import TableView
from aero_jupyter.notebook.widgets.poller import Poller

SLOW = """%%aero_register --output {name}
def {name}(seconds=30):
    import time
    print("begun", flush=True)
    time.sleep(seconds)
    return 7
"""


class Followed:
    """A pager of runs, looked at when the test says so."""

    def __init__(self, flow: str | None) -> None:
        self.views: list[dict[str, Any]] = []
        self.poller = Poller()
        listing = QueryResult(aero_jupyter.current(), ListQuery("run", flow))
        self.pager = RunPager(listing, self.views.append, lambda _: "", begin=lambda task: task(), by=self.poller)
        self.pager.turn(self.pager.place)

    def look(self) -> dict[str, Any]:
        self.answered = self.pager.look()
        return self.views[-1]

    def do(self, what: str, **more: Any) -> TableView:
        self.pager.act({"do": what, **more})
        return self.look()

    def states(self) -> list[str]:
        return [row.cells[0].whole for row in self.views[-1].rows]


@pytest.fixture
def follow(influent: Any) -> Followed:
    return Followed(aero_jupyter.current().client.resolve_flow("follow").id)


def can(view: TableView, what: str) -> bool:
    return next(action["can"] for action in view.actions if action["do"] == what)


def until(look: Any, ready: Any) -> TableView:
    clock = threading.Event()
    for _ in range(400):
        view: TableView = look()
        if ready(view):
            return view
        clock.wait(0.05)
    raise AssertionError(view)


def test_a_run_that_is_asked_for_appears_and_its_end_is_noticed(follow: Followed) -> None:
    before = len(follow.look().rows)
    follow.do("run")
    view = until(follow.look, lambda view: len(view.rows) > before and ": run " in view.note)
    assert view.note.startswith(("✓ done: run", "= unchanged: run"))
    assert view.asked.startswith("as of ")


def test_an_open_run_shows_its_steps_and_log_as_they_grow_and_is_cancelled(shell: Any, influent: Any) -> None:
    shell.run_cell_magic("aero_register", "--output idle_long", SLOW.format(name="idle_long").split("\n", 1)[1])
    flow = aero_jupyter.current().client.resolve_flow("idle_long")
    slow = Followed(flow.id)
    slow.do("run")
    view = until(slow.look, lambda view: view.rows and "running" in slow.states()[0])
    slow.do("open", id=view.rows[0].id)
    view = until(slow.look, lambda view: "begun" in view.detail.pre)
    assert "running" in view.detail.heading
    assert "● running: running" in view.detail.pre
    own = {action["do"]: action for action in view.detail.actions}
    assert (own["cancel"]["can"], own["retry"]["can"]) == (True, False)
    assert can(view, "cancel")
    view = slow.do("select", ids=[view.rows[0].id], on=True)
    assert can(view, "cancel")
    assert not can(view, "retry")
    slow.do("cancel")
    view = until(slow.look, lambda view: "cancelled" in slow.states()[0])
    assert can(view, "retry")
    assert "cancelled" in view.detail.heading
    assert slow.do("close").detail is None


def test_the_links_of_an_open_run_lead_to_the_pages_of_its_versions_and_to_its_lineage(follow: Followed) -> None:
    client = aero_jupyter.current().client
    run = next(run for run in client.list("run", match=follow.pager.listing.question.query).all() if run.made)
    opened: list[tuple[str, Any]] = []
    follow.pager.navigate = lambda action, subject: opened.append((action, subject))
    links = follow.do("open", id=run.id).detail.links
    made = run.made[0]
    for link in links:
        follow.pager.act({"do": "carry", "what": link["what"]})
    assert opened[-2:] == [("page", f"{made.data_id}@{made.version}"), ("lineage", client.get_run(run.id))]


def test_standing_still_nothing_moves(follow: Followed) -> None:
    view = follow.do("stand")
    assert view.asked.startswith("paused since")
    shown = len(follow.views)
    follow.look()
    assert len(follow.views) == shown
    assert follow.do("resume").asked.startswith("as of")


def test_a_server_that_is_gone_is_said_and_what_was_shown_stays(
    follow: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = follow.look().rows

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    with monkeypatch.context() as away:
        away.setattr(aero_jupyter.current().client, "_request", gone)
        view = follow.look()
        assert not follow.answered
        assert "does not answer; trying again" in view.asked
        assert [row.id for row in view.rows] == [row.id for row in rows]
    assert "does not answer" not in follow.look().asked
    assert follow.answered


class Watching:
    def __init__(self, answers: list[bool]) -> None:
        self.answers = answers
        self.looked = threading.Semaphore(0)

    def look(self) -> bool:
        self.looked.release()
        return self.answers.pop(0) if self.answers else True


def test_the_poller_looks_slower_while_there_is_no_answer_and_ends_with_the_last_watcher() -> None:
    poller, one = Poller(0.01), Watching([False, False, False])
    poller.watch(one)
    thread = poller._thread
    for _ in range(3):
        assert one.looked.acquire(timeout=120)
    pause = poller.pause
    assert pause > 0.01
    for _ in range(3):
        assert one.looked.acquire(timeout=120)
    assert thread is not None
    poller.leave(one)
    thread.join(180)
    assert not thread.is_alive()
    poller.watch(one)
    assert one.looked.acquire(timeout=120)
    poller.leave(one)


def test_who_is_forgotten_is_not_watched() -> None:
    poller, one = Poller(0.01), Watching([])
    poller.watch(one)
    thread = poller._thread
    assert one.looked.acquire(timeout=120)
    assert thread is not None
    del one
    thread.join(180)
    assert not thread.is_alive()


class Failing(Watching):
    def __init__(self) -> None:
        super().__init__([])
        self.shown: list[tuple[str, ...]] = []

    def look(self) -> bool:
        super().look()
        raise ValueError("so it is")

    def show_error(self, lines: tuple[str, ...], story: str) -> None:
        self.shown.append(lines)
        assert "so it is" in story


def test_one_who_fails_is_told_so_and_the_others_are_looked_for_as_often_as_before() -> None:
    poller, bad, good = Poller(0.02), Failing(), Watching([])
    poller.watch(bad)
    poller.watch(good)
    for _ in range(20):
        assert good.looked.acquire(timeout=120)
    # 20 polls at a constant pace are four or five at a doubling one.
    assert 1 <= bad.looked._value <= 8
    assert bad.shown[0] == ("Something went wrong here: ValueError: so it is", "See more with %aero_traceback")
    assert str(sys.last_value) == "so it is"
    for one in (bad, good):
        poller.leave(one)


def test_something_done_is_looked_for_at_once_whatever_the_pause() -> None:
    poller, one = Poller(60), Watching([False])
    poller.watch(one)
    for _ in range(3):
        assert one.looked.acquire(timeout=120)
        poller.now()
    poller.leave(one)


class Ending(Watching):
    def look(self) -> bool:
        super().look()
        raise SystemExit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_begun_again() -> None:
    poller, first, second = Poller(0.01), Ending([]), Watching([])
    poller.watch(first)
    thread = poller._thread
    assert thread is not None
    thread.join(180)
    assert not thread.is_alive()
    poller.watch(second)
    for _ in range(3):
        assert second.looked.acquire(timeout=120)
    for one in (first, second):
        poller.leave(one)


def test_it_is_a_value_and_code_and_text(influent: Any) -> None:
    flow = aero_jupyter.current().client.resolve_flow("follow")
    panel = aero_jupyter.monitor("follow")
    assert panel.value.flow == flow.id
    assert "done" in repr(panel)
    assert "✓ done" in panel._repr_html_()
    names: dict[str, Any] = {}
    exec(panel.as_code().replace("aero.monitor", "again = aero.monitor"), names)
    assert isinstance(names["again"], Monitor)
    assert names["again"].value == panel.value


def test_an_open_run_is_cancelled_and_retried_without_being_ticked(shell: Any, influent: Any) -> None:
    shell.run_cell_magic("aero_register", "--output idle_open", SLOW.format(name="idle_open").split("\n", 1)[1])
    client = aero_jupyter.current().client
    flow = client.resolve_flow("idle_open")
    table, run = Followed(flow.id), client.run_flow(flow.id)
    table.do("open", id=run.id)
    table.do("cancel", id=run.id)
    assert client.wait_for_run(run.id, 180).state == "cancelled"
    assert can(table.look(), "retry")
    table.do("retry")
    again = client.list("run", match=flow.id).page(1)
    assert len(again) == 2
    table.do("cancel", id=again[0].id)
    assert client.wait_for_run(again[0].id, 180).state == "cancelled"


def test_all_flows_are_offered_told_apart_by_what_they_make_and_asked_for_once(aero: Any) -> None:
    session = aero_jupyter.local()
    hop = portable("def hop(n=1):\n    return n\n")
    for number in range(20):
        session.register(hop, outputs=[f"hop_{number}"])
    table = Followed(None)

    def offered() -> list[str]:
        return [words for _, words in table.look().choices[0].options]

    assert {f"hop → hop_{number}" for number in range(20)} <= set(offered())
    requested: list[str] = []
    listed = session.client.list
    table.pager.listing.session.client.list = lambda kind, **more: (requested.append(kind), listed(kind, **more))[1]
    try:
        offered()
        assert "flow" not in requested
        late = session.register(hop, outputs=["hop_late"])
        session.client.wait_for_run(session.client.run_flow(late.id).id, 180)
        assert "hop → hop_late" in offered()
    finally:
        del session.client.list


def test_what_is_saved_says_the_day_and_the_server(influent: Any) -> None:
    panel = aero_jupyter.monitor("follow")
    assert panel.widget is not None
    saved = panel._live._static()
    for text in saved.values():
        assert re.search(r"as of \d{4}-\d\d-\d\d \d\d:\d\d UTC, page 1 of \w+ · local AERO", text)
    assert re.search(r"as of \d{4}-\d\d-\d\d \d\d:\d\d UTC · local AERO", repr(panel))
    card = aero_jupyter.flow("follow").panel.snapshot_bundle()
    assert re.search(r"As of \d{4}-\d\d-\d\d \d\d:\d\d UTC · local AERO", card["text/plain"])
    assert re.fullmatch(r"as of \d\d:\d\d:\d\d UTC", panel._live.pager.view().asked)


class ForgetfulTable:
    """A table of runs whose flow is forgotten by polling as soon as it is deleted."""

    warning = "Really?"

    def __init__(self) -> None:
        self.flow: Flow | None = Flow("f1", None, None, PolicyEnum.NONE, function_name="weekly")
        self.client, self.notes = self, []

    def delete_flow(self, id: str) -> None:
        assert id == "f1"
        self.flow = None

    def forget_flow(self) -> None:
        self.flow = None

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_flow_that_is_forgotten_while_it_is_deleted_is_named() -> None:
    table = ForgetfulTable()
    ACTIONS["delete it"](table, ())
    assert table.notes == ["weekly was deleted."]
