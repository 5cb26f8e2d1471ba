from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aero_jupyter.client.pages import Pages
from aero_jupyter.core.wire import Reply


class Catalogue:
    """Rows by offset, as a server gives them; changes itself while it is read."""

    def __init__(self, rows: int, *, tells: bool = False, changes: list[tuple[int, int]] | None = None) -> None:
        self.ids = [f"old{number}" for number in range(rows)]
        self.tells = tells
        self.changes = list(changes or ())
        self.asked: list[int] = []
        self.lock = threading.Lock()

    def fetch(self, number: int) -> Reply:
        with self.lock:
            self.asked.append(number)
            if len(self.asked) > 1 and self.changes:
                where, many = self.changes.pop(0)
                where %= len(self.ids) + 1
                self.ids[where:where] = [f"new{len(self.ids) + extra}" for extra in range(many)]
            rows = tuple({"id": id_} for id_ in self.ids[(number - 1) * 15 : number * 15])
            return Reply(rows, len(self.ids) if self.tells else None)


def pages_of(fetch: Callable[[int], Reply]) -> Pages[str]:
    return Pages(fetch, lambda row: str(row["id"]))


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 14, 15, 16, 30, 44])
def test_all_rows_come_once_and_the_total_is_exact(rows: int, tells: bool) -> None:
    catalogue = Catalogue(rows, tells=tells)
    pages = pages_of(catalogue.fetch)
    assert list(pages) == catalogue.ids
    assert (pages.total, pages.complete, pages.ended, pages.moved) == (rows, True, True, False)
    assert list(map(len, pages.pages())) == [15] * (rows // 15) + [rows % 15] * bool(rows % 15)


def test_nothing_is_sent_until_looked_at_and_nothing_twice() -> None:
    catalogue = Catalogue(40)
    pages = pages_of(catalogue.fetch)
    assert catalogue.asked == []
    assert pages.total is None
    assert pages.page(2) == tuple(catalogue.ids[15:30])
    assert not pages.complete
    pages.all()
    pages.all()
    list(pages.raw_pages())
    assert sorted(catalogue.asked) == [1, 2, 3]


def test_a_known_total_is_fetched_with_exactly_the_pages_it_needs() -> None:
    catalogue = Catalogue(150, tells=True)
    pages = pages_of(catalogue.fetch)
    assert len(pages.all()) == 150
    assert sorted(catalogue.asked) == list(range(1, 11))
    assert pages.page(11) == ()
    assert len(catalogue.asked) == 10


def test_an_unknown_total_costs_few_requests_past_the_end() -> None:
    catalogue = Catalogue(150)
    assert len(pages_of(catalogue.fetch).all()) == 150
    assert max(catalogue.asked) <= 10 + 8


def test_past_the_end_is_empty_and_tells_nothing_wrong() -> None:
    pages = pages_of(Catalogue(20).fetch)
    assert pages.page(50) == ()
    assert pages.page(0) == ()
    assert "there may be more" in repr(pages)
    assert pages.page(2) == tuple(f"old{number}" for number in range(15, 20))
    assert (pages.ended, pages.complete) == (True, False)
    assert "end was reached" in repr(pages)


def test_a_server_that_ignores_paging_does_not_go_on_forever_nor_claim_to_be_complete() -> None:
    same = Reply(tuple({"id": str(number)} for number in range(15)))
    pages = pages_of(lambda _: same)
    assert len(pages.all()) == 15
    assert pages.ended
    assert not pages.complete
    assert pages.total is None
    assert not pages.moved


def test_rows_inserted_while_reading_are_given_once_and_told() -> None:
    pages = pages_of(Catalogue(40, changes=[(0, 2)]).fetch)
    items = list(pages)
    assert len(items) == len(set(items)) == 40
    assert pages.repeated == 2
    assert pages.moved
    assert not pages.complete


def test_a_total_that_changes_is_told() -> None:
    pages = pages_of(Catalogue(40, tells=True, changes=[(40, 1)]).fetch)
    list(pages)
    assert pages.moved


def test_prefetch_runs_at_most_eight_at_once_and_really_at_once() -> None:
    catalogue = Catalogue(15 * 40, tells=True)
    ninth = threading.Event()

    def linger() -> None:
        # All eight stay here, so that a ninth would come now if it could.
        ninth.wait(0.2)

    together = threading.Barrier(8, action=linger)
    under_way, most = 0, 0

    def fetch(number: int) -> Reply:
        nonlocal under_way, most
        with catalogue.lock:
            under_way += 1
            most = max(most, under_way)
        if most > 8:
            ninth.set()
        if 2 <= number <= 9:
            together.wait(10)
        reply = catalogue.fetch(number)
        with catalogue.lock:
            under_way -= 1
        return reply

    pages = pages_of(fetch)
    pages.prefetch(workers=100)
    assert most == 8
    assert pages.complete


def test_prefetch_stops_at_its_limit() -> None:
    catalogue = Catalogue(150, tells=True)
    pages_of(catalogue.fetch).prefetch(limit=3)
    assert sorted(catalogue.asked) == [1, 2, 3]


def test_two_threads_cause_one_request() -> None:
    catalogue = Catalogue(10)
    entered, go = threading.Event(), threading.Event()

    def fetch(number: int) -> Reply:
        entered.set()
        assert go.wait(10)
        return catalogue.fetch(number)

    pages = pages_of(fetch)
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(pages.page(1))) for _ in range(2)]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert seen[0] == seen[1] == tuple(catalogue.ids)
    assert catalogue.asked == [1]


def test_a_failed_page_can_be_asked_for_again_and_the_rest_is_kept() -> None:
    catalogue = Catalogue(40)
    broken = {2}

    def fetch(number: int) -> Reply:
        if number in broken:
            broken.remove(number)
            raise OSError("gone")
        return catalogue.fetch(number)

    pages = pages_of(fetch)
    with pytest.raises(OSError, match="gone"):
        pages.all()
    assert pages.all() == catalogue.ids
    assert catalogue.asked.count(1) == 1


@settings(deadline=None, max_examples=200)
@given(
    rows=st.integers(0, 70),
    tells=st.booleans(),
    changes=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20)), max_size=6),
    ahead=st.booleans(),
)
def test_paging_ends_and_never_claims_what_it_has_not(
    rows: int, tells: bool, changes: list[tuple[int, int]], ahead: bool
) -> None:
    catalogue = Catalogue(rows, tells=tells, changes=changes)
    pages = pages_of(catalogue.fetch)
    pages.prefetch(workers=1) if ahead else None
    items = list(pages)
    assert len(items) == len(set(items))
    assert pages.ended
    if pages.complete:
        assert set(items) == set(catalogue.ids)
        assert pages.total == len(items)
    assert len(catalogue.asked) == len(set(catalogue.asked))


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(0, 200), tells=st.booleans(), workers=st.integers(1, 8))
def test_fetching_ahead_gives_what_reading_gives(rows: int, tells: bool, workers: int) -> None:
    catalogue = Catalogue(rows, tells=tells)
    pages = pages_of(catalogue.fetch)
    pages.prefetch(workers)
    assert list(pages) == catalogue.ids
    assert pages.complete
