"""Runs followed: what is new, what is done to them, and a server that goes away and comes back."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.panels.monitor import Monitor, RunPager
from aero_jupyter.notebook.panels.poller import Poller

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
        listing = Listing(aero_jupyter.current(), Question("run", flow))
        self.pager = RunPager(listing, self.views.append, lambda _: "", begin=lambda task: task(), by=self.poller)
        self.pager.turn(self.pager.place)

    def look(self) -> dict[str, Any]:
        self.answered = self.pager.look()
        return self.views[-1]

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        self.pager.act({"do": what, **more})
        return self.look()

    def states(self) -> list[str]:
        return [row["cells"][0]["whole"] for row in self.views[-1]["rows"]]


@pytest.fixture
def follow(influent: Any) -> Followed:
    return Followed(aero_jupyter.current().client.resolve_flow("follow").id)


def can(view: dict[str, Any], what: str) -> bool:
    return next(action["can"] for action in view["actions"] if action["do"] == what)


def until(look: Any, ready: Any) -> dict[str, Any]:
    clock = threading.Event()
    for _ in range(400):
        view = look()
        if ready(view):
            return dict(view)
        clock.wait(0.05)
    raise AssertionError(view)


def test_a_run_that_is_asked_for_appears_and_its_end_is_noticed(follow: Followed) -> None:
    before = len(follow.look()["rows"])
    follow.do("run")
    view = until(follow.look, lambda view: len(view["rows"]) > before and "run " in view["note"])
    assert view["note"].startswith(("✓ done: run", "= unchanged: run"))
    assert view["asked"].startswith("as of ")


def test_an_open_run_shows_its_steps_and_log_as_they_grow_and_is_cancelled(shell: Any, influent: Any) -> None:
    shell.run_cell_magic("aero_register", "--output idle_long", SLOW.format(name="idle_long").split("\n", 1)[1])
    flow = aero_jupyter.current().client.resolve_flow("idle_long")
    slow = Followed(flow.id)
    slow.do("run")
    view = until(slow.look, lambda view: view["rows"] and "running" in slow.states()[0])
    slow.do("open", id=view["rows"][0]["id"])
    view = until(slow.look, lambda view: "begun" in view["detail"]["pre"])
    assert "running" in view["detail"]["heading"]
    assert "● running: running" in view["detail"]["pre"]
    view = slow.do("select", ids=[view["rows"][0]["id"]], on=True)
    assert can(view, "cancel")
    assert not can(view, "retry")
    slow.do("cancel")
    view = until(slow.look, lambda view: "cancelled" in slow.states()[0])
    assert can(view, "retry")
    assert "cancelled" in view["detail"]["heading"]
    assert slow.do("close")["detail"] is None


def test_standing_still_nothing_moves(follow: Followed) -> None:
    view = follow.do("stand")
    assert view["asked"].startswith("standing still since")
    shown = len(follow.views)
    follow.look()
    assert len(follow.views) == shown
    assert follow.do("resume")["asked"].startswith("as of")


def test_a_server_that_is_gone_is_said_and_what_was_shown_stays(
    follow: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = follow.look()["rows"]

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    with monkeypatch.context() as away:
        away.setattr(aero_jupyter.current().client, "_ask", gone)
        view = follow.look()
        assert not follow.answered
        assert "does not answer; trying again" in view["asked"]
        assert [row["id"] for row in view["rows"]] == [row["id"] for row in rows]
    assert "does not answer" not in follow.look()["asked"]
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
        assert one.looked.acquire(timeout=5)
    pause = poller.pause
    assert pause > 0.01
    for _ in range(3):
        assert one.looked.acquire(timeout=5)
    assert thread is not None
    poller.leave(one)
    thread.join(5)
    assert not thread.is_alive()
    poller.watch(one)
    assert one.looked.acquire(timeout=5)
    poller.leave(one)


def test_who_is_forgotten_is_not_watched() -> None:
    poller, one = Poller(0.01), Watching([])
    poller.watch(one)
    thread = poller._thread
    assert one.looked.acquire(timeout=5)
    assert thread is not None
    del one
    thread.join(5)
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
        assert good.looked.acquire(timeout=5)
    # 20 looks at an even pace are four or five at one that doubles.
    assert 1 <= bad.looked._value <= 8
    assert bad.shown[0] == ("Something went wrong here: ValueError: so it is", "See more with %aero_traceback.")
    assert str(sys.last_value) == "so it is"
    for one in (bad, good):
        poller.leave(one)


def test_something_done_is_looked_for_at_once_whatever_the_pause() -> None:
    poller, one = Poller(60), Watching([False])
    poller.watch(one)
    for _ in range(3):
        assert one.looked.acquire(timeout=5)
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
    thread.join(5)
    assert not thread.is_alive()
    poller.watch(second)
    for _ in range(3):
        assert second.looked.acquire(timeout=5)
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
