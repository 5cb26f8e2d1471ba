from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aero_jupyter.client.pages import Pages
from aero_jupyter.core.wire import FLASK, NEWEST, Dialect, Reply, Window

Change = tuple[str, int, int]


class Catalogue:
    """Rows by offset, as a server gives them; changes itself while it is read.

    A change is a word, a place and a number: "insert" and "remove" so many rows there, "swap" that row with another.
    """

    def __init__(
        self,
        rows: int,
        *,
        tells: bool | int = False,
        changes: Iterable[Change] = (),
        cap: int = 15,
        dialect: Dialect = NEWEST,
    ) -> None:
        self.ids = [f"old{number}" for number in range(rows)]
        self.tells = tells
        self.changes = list(changes)
        self.cap = cap
        self.dialect = dialect
        self.always = set(self.ids)
        self.requested_offsets: list[int] = []
        self.lock = threading.Lock()

    def fetch(self, window: Window) -> Reply:
        with self.lock:
            self.requested_offsets.append(window.offset)
            if len(self.requested_offsets) > 1 and self.changes:
                self.change(*self.changes.pop(0))
            requested = self.dialect.query_params(window)
            if "page" in requested:
                limit = min(requested["per_page"], self.cap)
                start = (requested["page"] - 1) * limit
            else:
                start, limit = requested["offset"], min(requested["limit"], self.cap)
            rows = tuple({"id": id_} for id_ in self.ids[start : start + limit])
            total = self.tells if isinstance(self.tells, int) and self.tells > 1 else len(self.ids)
            return Reply(rows, total if self.tells else None)

    def change(self, what: str, where: int, many: int) -> None:
        where %= len(self.ids) + 1
        if what == "insert":
            self.ids[where:where] = [f"new{len(self.requested_offsets)}-{extra}" for extra in range(many)]
        elif what == "remove":
            del self.ids[where : where + many]
        elif len(self.ids) > 1:
            one, other = where % len(self.ids), (where + many) % len(self.ids)
            self.ids[one], self.ids[other] = self.ids[other], self.ids[one]
        self.always &= set(self.ids)

    def pages(self) -> Pages[str]:
        return Pages(self.fetch, lambda row: str(row["id"]), dialect=lambda: self.dialect)


def pages_of(fetch: Callable[[Window], Reply]) -> Pages[str]:
    return Pages(fetch, lambda row: str(row["id"]))


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 14, 15, 16, 30, 44])
def test_all_rows_come_once_and_the_total_is_exact(rows: int, tells: bool) -> None:
    catalogue = Catalogue(rows, tells=tells)
    pages = pages_of(catalogue.fetch)
    assert list(pages) == catalogue.ids
    assert (pages.total, pages.is_complete, pages.has_ended, pages.has_changed) == (rows, True, True, False)
    assert list(map(len, pages.raw_pages())) == [15] * (rows // 15) + [rows % 15] * bool(rows % 15)


def test_nothing_is_sent_until_looked_at_and_nothing_twice() -> None:
    catalogue = Catalogue(50)
    pages = pages_of(catalogue.fetch)
    assert catalogue.requested_offsets == []
    assert pages.total is None
    assert pages.page(2) == tuple(catalogue.ids[15:30])
    assert not pages.is_complete
    pages.all()
    count_before = len(catalogue.requested_offsets)
    pages.all()
    list(pages.raw_pages())
    assert [*map(pages.page, (1, 2, 3))] == [
        tuple(catalogue.ids[:15]),
        tuple(catalogue.ids[15:30]),
        tuple(catalogue.ids[30:45]),
    ]
    assert len(catalogue.requested_offsets) == count_before


def test_a_known_total_is_fetched_with_exactly_the_pages_it_needs() -> None:
    catalogue = Catalogue(150, tells=True)
    pages = pages_of(catalogue.fetch)
    assert len(pages.all()) == 150
    assert sorted(catalogue.requested_offsets) == [14 * number for number in range(11)]
    assert pages.page(11) == ()
    assert len(catalogue.requested_offsets) == 11


def test_an_unknown_total_costs_few_requests_past_the_end() -> None:
    catalogue = Catalogue(150)
    assert len(pages_of(catalogue.fetch).all()) == 150
    assert len(catalogue.requested_offsets) <= 11 + 8


def test_past_the_end_is_empty_and_tells_nothing_wrong() -> None:
    pages = pages_of(Catalogue(20).fetch)
    assert pages.page(50) == ()
    assert pages.page(0) == ()
    assert "there may be more" in repr(pages)
    assert pages.page(2) == tuple(f"old{number}" for number in range(15, 20))
    assert (pages.has_ended, pages.is_complete) == (True, True)
    assert "end was reached" in repr(pages)


def test_a_server_that_ignores_paging_does_not_go_on_forever_nor_claim_to_be_complete() -> None:
    same = Reply(tuple({"id": str(number)} for number in range(15)))
    pages = pages_of(lambda _: same)
    assert len(pages.all()) == 15
    assert pages.has_ended
    assert not pages.is_complete
    assert pages.total is None
    assert not pages.has_changed


def test_rows_inserted_while_reading_are_given_once_and_told() -> None:
    pages = pages_of(Catalogue(40, changes=[("insert", 0, 2)]).fetch)
    items = list(pages)
    assert len(items) == len(set(items)) == 40
    assert pages.added_rows == 2
    assert pages.has_changed
    assert not pages.is_complete


def test_a_total_that_changes_is_told() -> None:
    pages = pages_of(Catalogue(40, tells=True, changes=[("insert", 40, 1)]).fetch)
    list(pages)
    assert pages.has_changed


def test_prefetch_runs_at_most_eight_at_once_and_really_at_once() -> None:
    catalogue = Catalogue(15 * 40, tells=True)
    ninth = threading.Event()

    def linger() -> None:
        # All eight stay here, so that a ninth would come now if it could.
        ninth.wait(0.2)

    together = threading.Barrier(8, action=linger)
    under_way, most = 0, 0

    def fetch(window: Window) -> Reply:
        nonlocal under_way, most
        with catalogue.lock:
            under_way += 1
            most = max(most, under_way)
        if most > 8:
            ninth.set()
        if 1 <= window.offset // 14 <= 8:
            together.wait(180)
        reply = catalogue.fetch(window)
        with catalogue.lock:
            under_way -= 1
        return reply

    pages = pages_of(fetch)
    pages.prefetch(workers=100)
    assert most == 8
    assert pages.is_complete


def test_prefetch_stops_at_its_limit() -> None:
    catalogue = Catalogue(150, tells=True)
    assert len(pages_of(catalogue.fetch).first(40)) == 40
    assert sorted(catalogue.requested_offsets) == [0, 14, 28]


def test_two_threads_cause_one_request() -> None:
    catalogue = Catalogue(10)
    entered, go = threading.Event(), threading.Event()

    def fetch(window: Window) -> Reply:
        entered.set()
        assert go.wait(180)
        return catalogue.fetch(window)

    pages = pages_of(fetch)
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(pages.page(1))) for _ in range(2)]
    threads[0].start()
    assert entered.wait(180)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(180)
    assert seen[0] == seen[1] == tuple(catalogue.ids)
    assert sorted(catalogue.requested_offsets) == [0, 9]


def test_a_failed_page_can_be_asked_for_again_and_the_rest_is_kept() -> None:
    catalogue = Catalogue(40)
    broken = {14}

    def fetch(window: Window) -> Reply:
        if window.offset in broken:
            broken.remove(window.offset)
            raise OSError("gone")
        return catalogue.fetch(window)

    pages = pages_of(fetch)
    with pytest.raises(OSError, match="gone"):
        pages.all()
    assert pages.all() == catalogue.ids
    assert catalogue.requested_offsets.count(0) == 1


CHANGES = st.tuples(st.sampled_from(["insert", "remove", "swap"]), st.integers(0, 100), st.integers(1, 20))


@settings(deadline=None, max_examples=400)
@given(
    rows=st.integers(0, 70),
    tells=st.booleans(),
    changes=st.lists(CHANGES, max_size=6),
    ahead=st.integers(0, 8),
    cap=st.integers(1, 15),
    dialect=st.sampled_from([NEWEST, FLASK]),
)
def test_paging_ends_and_never_claims_what_it_has_not(
    rows: int, tells: bool, changes: list[Change], ahead: int, cap: int, dialect: Dialect
) -> None:
    catalogue = Catalogue(rows, tells=tells, changes=changes, cap=cap, dialect=dialect)
    pages = catalogue.pages()
    pages.prefetch(workers=ahead) if ahead else None
    items = list(pages)
    assert len(items) == len(set(items))
    assert pages.has_ended
    if not changes:
        assert items == catalogue.ids
    # A row that changes places with one that was read, and whose partner then goes, leaves no trace but in a total.
    is_traceless = not tells and {"swap", "remove"} <= {what for what, _, _ in changes}
    if pages.is_complete and cap > 1 < rows and (dialect is NEWEST or cap == 15) and not is_traceless:
        assert catalogue.always <= set(items)
        assert pages.total == len(items)
        # Of requests under way at once, one past the end may be the last to see a change.
        assert ahead > 1 or set(items) == set(catalogue.ids)


@settings(deadline=None, max_examples=200)
@given(
    rows=st.integers(0, 70),
    cap=st.integers(1, 15),
    tells=st.booleans(),
    dialect=st.sampled_from([NEWEST, FLASK]),
    numbers=st.lists(st.integers(1, 8), max_size=12),
)
def test_pages_are_what_they_are_in_whatever_order_they_are_turned(
    rows: int, cap: int, tells: bool, dialect: Dialect, numbers: list[int]
) -> None:
    catalogue = Catalogue(rows, tells=tells, cap=cap, dialect=dialect)
    pages = catalogue.pages()
    for number in numbers:
        assert pages.page(number) == tuple(catalogue.ids[(number - 1) * 15 : number * 15])
    assert pages.end in (None, rows)
    # Of a server that answers with two rows at most, rows are asked for one at a time.
    rows_each = 1 if cap == 2 else cap
    assert len(catalogue.requested_offsets) <= 3 + sum(2 + 15 // rows_each for _ in numbers)


@pytest.mark.parametrize("dialect", [NEWEST, FLASK])
@pytest.mark.parametrize("cap", [1, 7, 10])
def test_a_server_that_gives_fewer_at_once_is_read_to_its_end(cap: int, dialect: Dialect) -> None:
    catalogue = Catalogue(40, cap=cap, dialect=dialect)
    pages = catalogue.pages()
    assert pages.page(2) == tuple(catalogue.ids[15:30])
    assert pages.all() == catalogue.ids
    assert pages.end == 40


def test_a_server_that_gives_more_at_once_is_shown_by_pages_all_the_same() -> None:
    everything = tuple({"id": str(number)} for number in range(100))
    pages = pages_of(lambda window: Reply(everything[window.offset :]))
    assert list(map(len, pages.raw_pages())) == [15] * 6 + [10]
    assert pages.page(7) == tuple(map(str, range(90, 100)))
    assert pages.is_complete


@pytest.mark.parametrize(("reported_total", "withheld"), [(100, 60), (10, 0)])
def test_a_total_that_is_not_so_is_not_believed(reported_total: int, withheld: int) -> None:
    catalogue = Catalogue(40, tells=reported_total)
    pages = catalogue.pages()
    assert pages.all() == catalogue.ids
    assert (pages.is_complete, pages.reports_total, pages.total, pages.end) == (False, False, None, 40)
    assert pages.withheld == withheld


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize("dialect", [NEWEST, FLASK])
def test_rows_removed_while_reading_are_noticed(dialect: Dialect, tells: bool) -> None:
    changes = [("remove", 0, 5), ("insert", 45, 5)]
    catalogue = Catalogue(45, tells=tells, changes=changes, dialect=dialect)
    pages = catalogue.pages()
    assert not set(catalogue.ids) <= set(pages.all())
    assert pages.has_changed
    assert not pages.is_complete


def test_as_many_rows_as_a_page_inserted_before_it_do_not_end_the_list() -> None:
    catalogue = Catalogue(40, changes=[("insert", 0, 15)], dialect=FLASK)
    pages = catalogue.pages()
    pages.page(1)
    assert pages.page(2) == ()
    assert not pages.is_stuck
    assert pages.page(3) == tuple(f"old{number}" for number in range(15, 30))


def test_a_look_tells_what_came_meanwhile() -> None:
    for tells in (False, True):
        catalogue = Catalogue(20, tells=tells)
        pages = catalogue.pages()
        pages.all()
        assert (pages.count_new_rows(), pages.added_rows) == (0, 0)
        catalogue.change("insert", 0, 3)
        assert (pages.count_new_rows(), pages.added_rows) == (3, 3)


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(0, 200), tells=st.booleans(), workers=st.integers(1, 8))
def test_fetching_ahead_gives_what_reading_gives(rows: int, tells: bool, workers: int) -> None:
    catalogue = Catalogue(rows, tells=tells)
    pages = pages_of(catalogue.fetch)
    pages.prefetch(workers)
    assert list(pages) == catalogue.ids
    assert pages.is_complete
