"""The notifications of a table of runs: runs that ended since the last view, and no older ones."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.models import Data, Run, Version
from aero_jupyter.notebook.panels import run_notifications
from aero_jupyter.notebook.panels.run_notifications import RunEndTracker
from aero_jupyter.notebook.panels.runs.pager import RunPager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.widgets.poller import Poller

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
MANY = """%%aero_register --output {name} --replace
def {name}(n=1):
    import pandas as pd
    return pd.DataFrame({{"n": [{what}]}})
"""


def run(id: str, state: str, ended: datetime | None = None, **more: Any) -> Run:
    return Run(id, "flow", state, ended_at=ended, **more)


def test_an_old_run_that_is_seen_for_the_first_time_is_no_news() -> None:
    news_of = RunEndTracker(NOW).newly_ended
    assert news_of([run("a", "done", NOW - SECOND)], NOW) == []
    assert news_of([run("b", "failed", NOW - 3 * SECOND)], NOW + SECOND) == []
    assert news_of([run("a", "done", NOW - SECOND)], NOW + 2 * SECOND) == []


def test_what_ended_is_told_once_whether_it_was_seen_before_or_not() -> None:
    tracker = RunEndTracker(NOW)
    assert tracker.newly_ended([run("a", "running")], NOW) == []
    ended = [run("a", "done", NOW + SECOND), run("b", "failed", NOW + SECOND)]
    assert [each.id for each in tracker.newly_ended(ended, NOW + 2 * SECOND)] == ["b", "a"]
    assert tracker.newly_ended(ended, NOW + 3 * SECOND) == []


def test_a_run_that_was_seen_going_is_news_whatever_the_clocks_say() -> None:
    tracker = RunEndTracker(NOW)
    tracker.newly_ended([run("a", "queued")], NOW)
    assert [each.id for each in tracker.newly_ended([run("a", "cancelled")], NOW)] == ["a"]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_notifications, "MAX_TRACKED_RUNS", 10)
    tracker = RunEndTracker(NOW)
    for number in range(100):
        tracker.newly_ended([run(str(number), "done", NOW)], NOW)
    assert len(tracker._was_final) == 10


def test_failures_come_first_with_a_count_and_versions_by_their_names() -> None:
    version = Version("v", "d", 3, data=Data("d", "level"))
    done = run("c" * 8, "done", made=(version,), flow_name="smooth")
    failed = run("a" * 8, "failed", flow_name="boom")
    assert run_notifications.announcement([done]) == "✓ done: run cccccccc of smooth made level v3"
    assert run_notifications.announcement([failed, replace(failed, id="b" * 8), done]) == (
        "2 failed, 1 done: ✕ run aaaaaaaa of boom; ✕ run bbbbbbbb of boom; ✓ run cccccccc of smooth made level v3"
    )
    assert run_notifications.announcement([]) == ""


class Followed:
    """A pager of runs that is looked at when the test says so."""

    def __init__(self, flow: str | None) -> None:
        self.views: list[dict[str, Any]] = []
        self.ended: list[Run] = []
        listing = QueryResult(aero_jupyter.current(), ListQuery("run", flow))
        self.pager = RunPager(listing, self.views.append, lambda _: "", begin=lambda task: task(), by=Poller())
        self.pager.on_run_end = self.ended.append
        self.pager.turn(self.pager.place)

    def look(self) -> dict[str, Any]:
        assert self.pager.look()
        return self.views[-1]

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        self.pager.act({"do": what, **more})
        return self.look()


@pytest.fixture
def many(shell: Any, influent: Any) -> str:
    """A flow with more runs than stand on a page."""
    shell.run_cell(MANY.format(name="told_often", what="__import__('time').time()"))
    client = aero_jupyter.current().client
    flow = client.resolve_flow("told_often").id
    while len(client.list("run", match=flow).all()) < 17:
        ended(flow)
    return flow


def ended(flow: str) -> Run:
    client = aero_jupyter.current().client
    return client.wait_for_run(client.run_flow(flow).id, 180)


def test_turning_and_searching_among_old_runs_says_nothing(many: str) -> None:
    table = Followed(many)
    table.look()
    for what, more in (("next", {}), ("previous", {}), ("search", {"text": "told_often"}), ("search", {"text": ""})):
        view = table.do(what, **more)
        assert "run " not in view.note, (what, view.note)
    assert table.ended == []


def test_what_ends_is_told_on_whatever_page_one_is(many: str) -> None:
    table = Followed(many)
    table.do("next")
    new = ended(many)
    view = table.look()
    assert f"run {new.id[:8]} of told_often" in view.note
    assert view.page == 2
    assert [each.id for each in table.ended] == [new.id]
    assert table.look().note == view.note
    assert len(table.ended) == 1


def test_a_failure_is_not_hidden_behind_a_success(shell: Any, influent: Any) -> None:
    for name, what in (("told_good", "n"), ("told_bad", "1 / 0")):
        shell.run_cell(MANY.format(name=name, what=what))
    client = aero_jupyter.current().client
    table = Followed(None)
    table.look()
    ended(client.resolve_flow("told_bad").id)
    ended(client.resolve_flow("told_good").id)
    view = table.look()
    assert view.note.startswith("1 failed, 1 ")
    assert "✕ run " in view.note.split(";")[0]
    assert table.ended[0].state == "failed"


def waited(wait: Any, *, meanwhile: Any) -> Any:
    async def both() -> Any:
        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        threading.Thread(target=meanwhile).start()
        return await asyncio.wait_for(waiting, 60)

    # On a thread of its own: the browser tests keep a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(both())).result(180)


def test_who_waits_for_a_card_is_given_the_run_that_ends(many: str) -> None:
    card = aero_jupyter.flow(many)
    before = card.wait(180).run.id
    run = waited(card.panel.wait, meanwhile=lambda: card.panel.act({"do": "run"}))
    assert run.is_final
    assert run.flow_id == many
    assert run.id != before


def test_a_run_that_ended_before_somebody_waited_is_not_missed(many: str) -> None:
    card = aero_jupyter.flow(many)
    new = ended(many)
    card.panel.look()
    assert waited(card.panel.wait, meanwhile=lambda: None).id == new.id
