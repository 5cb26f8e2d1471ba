"""Turning pages, without a browser: what is shown, what is selected, and what came late."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aero_jupyter
from aero_jupyter.client.pages import Pages, pages_over
from aero_jupyter.core.errors import ServerFailed
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.wire import Reply, Window
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.tables.table_view import TableView


def data(number: int) -> Data:
    return Data(f"{number:08d}-0000", f"d{number:03d}", description="odd" if number % 2 else "even")


class Table:
    """A pager over a catalogue, whose tasks run when they are told to."""

    def __init__(self, pages: Pages[Any], question: ListQuery | None = None, *, at_once: bool = True) -> None:
        self.tasks: list[Any] = []
        self.at_once = at_once
        self.views: list[TableView] = []
        self.listing = QueryResult(aero_jupyter.current(), question or ListQuery("data"))
        self.listing.pages = pages
        self.listing.again = self.again  # type: ignore[method-assign]
        self.next_pages: Pages[Any] = pages
        self.questions: list[ListQuery] = []
        self.pager = Pager(self.listing, self.views.append, lambda _: "code", begin=self.begin)
        self.pager.turn(self.pager.place)

    def again(self, question: ListQuery | None = None) -> QueryResult:
        self.questions.append(question or self.listing.question)
        again = QueryResult(aero_jupyter.current(), self.questions[-1])
        again.pages = self.next_pages
        again.again = self.again  # type: ignore[method-assign]
        return again

    def begin(self, task: Any) -> None:
        if self.at_once:
            task()
        else:
            self.tasks.append(task)

    def do(self, what: str, **more: Any) -> TableView:
        self.pager.act({"do": what, **more})
        return self.view

    @property
    def view(self) -> TableView:
        return self.views[-1]

    @property
    def names(self) -> list[str]:
        return [row.cells[0].text for row in self.view.rows]


@pytest.fixture(autouse=True)
def _session(aero: Any) -> None:
    aero_jupyter.local()


@pytest.fixture
def table() -> Table:
    return Table(pages_over([data(number) for number in range(47)]))


def as_data(row: Any) -> Data:
    return Data(row["id"], row["name"])


def untold(count: int, size: int = 15) -> Pages[Any]:
    """A server that does not tell how many rows there are."""
    rows = [{"id": f"{number:08d}-0000", "name": f"d{number:03d}"} for number in range(count)]
    return Pages(
        lambda part: Reply(tuple(rows[part.offset : part.offset + part.limit])),
        lambda row: Data(row["id"], row["name"]),
    )


def test_pages_are_turned_and_said(table: Table) -> None:
    assert (table.view.about, table.view.pages) == ("1–15 of 47", 4)
    assert table.view.can == {"first": False, "previous": False, "next": True, "last": True}
    assert table.do("next").about == "16–30 of 47"
    assert table.do("last").about == "46–47 of 47"
    assert table.view.can == {"first": True, "previous": True, "next": False, "last": False}
    assert table.do("next").about == "46–47 of 47"
    assert table.do("page", page=3).about == "31–45 of 47"
    assert table.do("page", page=99).about == "46–47 of 47"
    assert table.do("page", page=-1).about == "1–15 of 47"
    assert table.do("size", size=30).about == "1–30 of 47"
    assert table.do("next").about == "31–47 of 47"
    assert table.do("size", size=15).about == "31–45 of 47"


def test_a_total_that_is_not_told_is_not_claimed() -> None:
    table = Table(untold(61))
    assert table.view.about == "1–15 of 15+"
    assert table.view.can["last"] is None
    table.do("next")
    assert table.do("next").about == "31–45 of 61"
    table.do("next")
    assert table.do("next").about == "61–61 of 61"
    assert table.view.note == "Last page reached."
    assert table.view.can["next"] is False


@pytest.mark.parametrize("pages", [untold(0), pages_over([])])
def test_an_empty_list_says_so(pages: Pages[Any]) -> None:
    view = Table(pages).view
    assert (view.about, view.empty) == ("0 of 0", "There is nothing yet.")
    assert view.can["next"] is False


def test_past_a_last_page_that_was_full_one_stays_there() -> None:
    table = Table(untold(30), at_once=False)
    table.do("next")
    while table.tasks:
        table.tasks.pop(0)()
    table.do("next")
    while table.tasks:
        table.tasks.pop(0)()
    assert table.view.about == "16–30 of 30"
    assert table.view.note == "Last page reached."


def test_the_next_page_is_fetched_ahead_and_earlier_ones_are_here() -> None:
    fetched = []
    pages = untold(60)
    fetch = pages._fetch
    pages._fetch = lambda part: (fetched.append(part.offset), fetch(part))[1]
    table = Table(pages, at_once=False)
    while table.tasks:
        table.tasks.pop(0)()
    assert fetched == [0, 14, 28]
    assert table.do("next").busy is False
    assert table.do("previous").about.startswith("1–15")
    assert fetched == [0, 14, 28]


def test_a_late_reply_does_not_replace_a_newer_page() -> None:
    table = Table(untold(300), at_once=False)
    table.tasks.pop(0)()
    table.tasks.clear()
    table.do("page", page=5)
    table.do("page", page=9)
    late, newest = table.tasks
    newest()
    assert table.view.about.startswith("121–135")
    late()
    assert table.view.about.startswith("121–135")


def test_a_second_click_while_a_page_comes_skips_none() -> None:
    table = Table(untold(300), at_once=False)
    table.tasks.pop(0)()
    table.tasks.clear()
    table.do("next")
    table.do("next")
    assert len(table.tasks) == 1
    table.tasks.pop(0)()
    assert table.view.about.startswith("16–30")


def test_what_is_selected_stays_so_across_pages(table: Table) -> None:
    ids = [row.id for row in table.view.rows]
    assert table.do("select", ids=ids[1:3], on=True).selected == 2
    table.do("next")
    table.do("select", ids=[table.view.rows[0].id, "unknown"], on=True)
    assert [row.name for _, row in table.pager.selected] == ["d001", "d002", "d015"]
    table.do("first")
    assert [row.selected for row in table.view.rows][:4] == [False, True, True, False]
    table.do("select", ids=[ids[1]], on=False)
    assert [row.name for _, row in table.pager.selected] == ["d002", "d015"]
    assert table.do("clear").selected == 0


def test_what_the_server_sorts_is_asked_of_it(table: Table) -> None:
    table.do("sort", column="name")
    assert table.questions[-1].sort == "name"
    assert table.view.columns[0].sorted == "up"
    table.do("sort", column="name")
    assert table.questions[-1].sort == "-name"
    assert table.view.note == ""


def test_what_it_does_not_sort_is_sorted_here_and_said(table: Table) -> None:
    table.do("sort", column="url")
    table.do("sort", column="id")
    table.do("sort", column="id")
    assert table.questions == []
    assert table.names[:2] == ["d014", "d013"]
    assert table.view.note == "sorted: this page only"


def flows() -> Pages[Any]:
    return pages_over([Flow(f"{number:08d}-0000", "f", "e", PolicyEnum.ANY) for number in range(40)])


def test_flows_are_filtered_by_the_server() -> None:
    table = Table(flows(), ListQuery("flow"))
    table.next_pages = pages_over([])
    view = table.do("search", text="no such flow")
    assert table.questions[-1] == ListQuery("flow", text="no such flow")
    assert view.filter == "filter"
    assert (view.search, view.note) == ("no such flow", "")
    assert view.empty.startswith('No flow matches "no such flow".')


def test_where_the_server_cannot_they_are_filtered_here_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QueryResult, "can_filter", False)
    table = Table(flows(), ListQuery("flow"))
    view = table.do("search", text="00000007")
    assert [row.id for row in view.rows] == ["00000007-0000"]
    assert (view.filter, view.note) == ("filter this page", "filtered: this page only")
    assert table.questions == []


def test_what_was_clicked_just_before_the_page_turned_counts(table: Table) -> None:
    clicked = table.view.rows[3].id
    table.do("next")
    assert table.do("select", ids=[clicked], on=True).selected == 1
    assert [row.name for _, row in table.pager.selected] == ["d003"]


def test_what_was_clicked_just_before_a_search_was_answered_counts(table: Table) -> None:
    clicked = table.view.rows[3].id
    table.next_pages = pages_over([{"name": "found", "data_id": "x"}])
    table.do("search", text="sewage")
    assert table.do("select", ids=[clicked], on=True).error is None
    assert [row.name for _, row in table.pager.selected] == ["d003"]


def test_a_search_asks_the_server_and_keeps_what_was_selected(table: Table) -> None:
    table.do("select", ids=[table.view.rows[0].id], on=True)
    table.next_pages = pages_over([{"name": "found", "data_id": "x"}])
    view = table.do("search", text=" sewage ")
    assert table.questions[-1] == ListQuery("data", "sewage")
    assert (view.about, view.search, view.selected) == ("1–1 of 1", "sewage", 1)
    assert table.names == ["found"]


def test_nothing_found_is_said_with_the_search_still_there(table: Table) -> None:
    table.next_pages = pages_over([])
    view = table.do("search", text="wastewatr")
    assert view.empty.startswith('No data matches "wastewatr".')
    assert (view.search, view.about) == ("wastewatr", "0 of 0")


def test_a_search_is_answered_on_a_page_of_any_size() -> None:
    table = Table(pages_over([data(number) for number in range(47)]))
    table.do("size", size=60)
    table.do("sort", column="url")
    found = [{"name": f"found {number}", "data_id": str(number)} for number in range(40)]
    table.next_pages = Pages(lambda part: Reply(tuple(found[part.offset : part.offset + part.limit])), dict)
    assert table.do("search", text="found").about == "1–40 of 40"
    assert table.view.error is None


def test_a_page_that_is_turned_says_so_even_where_nothing_else_changes(table: Table) -> None:
    before = table.view.turned
    assert table.do("page", page=1).turned > before
    before = table.do("last").turned
    assert table.do("next").turned > before


def test_the_heading_names_what_is_listed_and_the_server(table: Table) -> None:
    assert table.view.heading == "Data · local AERO"
    table.next_pages = pages_over([{"name": "found", "data_id": "x"}])
    assert table.do("search", text="sewage").heading == 'Data · "sewage" · local AERO'


def test_what_is_older_is_never_shown_over_what_is_newer(table: Table) -> None:
    begun, going_on = threading.Event(), threading.Event()
    shown: list[str] = []

    def slow(view: dict[str, Any]) -> None:
        if threading.current_thread().name == "slow":
            begun.set()
            going_on.wait(0.2)
        shown.append(view.note)

    table.pager._show_view = slow
    late = threading.Thread(target=table.pager.note, args=("older",), name="slow")
    late.start()
    assert begun.wait(180)
    table.pager.note("newer")
    going_on.set()
    late.join(180)
    assert shown == ["older", "newer"]


def test_new_rows_are_counted(table: Table) -> None:
    totals = iter([40, 43, 43])
    rows = [{"id": str(number), "name": "n"} for number in range(45)]
    pages = Pages(lambda part: Reply(tuple(rows[part.offset : part.offset + part.limit]), next(totals)), as_data)
    grown = Table(pages)
    assert grown.view.grown == 3


@pytest.mark.parametrize("is_announced", [False, True])
def test_rows_that_came_while_one_looked_are_counted_when_a_page_is_turned(is_announced: bool) -> None:
    catalogue = Moving(is_announced)
    table = Table(Pages(catalogue.part, lambda row: Data(row["id"], row["id"])))
    table.do("last" if is_announced else "next")
    catalogue.rows[:0] = ["new1", "new2"]
    table.pager.news_after = 0.0
    assert table.do("first").grown == 2
    catalogue.rows[:0] = ["new3"]
    assert table.do("first").grown == 3


def test_a_page_past_the_end_leads_to_the_last_in_a_few_looks() -> None:
    looks = []
    pages = untold(31)
    fetch = pages._fetch
    pages._fetch = lambda part: (looks.append(part.offset), fetch(part))[1]
    table = Table(pages)
    looks.clear()
    assert table.do("page", page=1000).about == "31–31 of 31"
    assert len(looks) < 15


@pytest.mark.parametrize("total", [10, 100])
def test_a_total_that_is_not_so_is_not_shown_for_long(total: int) -> None:
    rows = tuple({"id": str(number), "name": "n"} for number in range(40))
    pages = Pages(lambda part: Reply(rows[part.offset : part.offset + part.limit], total), as_data)
    table = Table(pages)
    for _ in range(4):
        table.do("next")
    assert table.view.about == ("31–40 of 40" if total == 10 else "31–40 of 100")
    assert table.view.note == ("Last page reached." if total == 10 else "The server sent 40 of 100 rows.")
    assert table.view.can["next"] is False
    assert table.do("last").about.startswith("31–40")


def test_a_server_that_gives_its_first_rows_again_is_said() -> None:
    rows = tuple({"id": str(number), "name": "n"} for number in range(15))
    table = Table(Pages(lambda _: Reply(rows), as_data))
    assert table.view.about == "1–15 of 15+"
    assert "repeats its first rows" in table.view.note
    assert table.view.can["next"] is False


def test_a_page_of_which_everything_was_shown_is_passed_over() -> None:
    catalogue = Moving(told=False)
    table = Table(Pages(catalogue.part, lambda row: Data(row["id"], row["id"])), at_once=False)
    table.tasks.pop(0)()
    table.tasks.clear()
    catalogue.rows[:0] = [f"new{number}" for number in range(15)]
    table.do("next")
    table.tasks.pop(0)()
    assert set(table.names).isdisjoint(catalogue.rows[:15])
    assert table.names


@pytest.mark.usefixtures("errors_are_shown")
def test_what_was_typed_stays_in_the_box_when_the_search_fails(table: Table) -> None:
    def broken(_: object) -> Any:
        raise ServerFailed(503, "The server failed.", "Ask later.")

    table.next_pages = Pages(broken, as_data)
    view = table.do("search", text="sewage")
    assert view.error.lines == ("The server failed.", "Ask later.")
    assert view.search == "sewage"


def test_where_the_search_of_a_server_is_broken_the_catalogue_is_searched_here(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(self: Table, question: ListQuery | None = None) -> QueryResult:
        assert question is not None
        listing = Table.again(self, question)
        if not question.scan:
            listing.pages = Pages(broken, as_data)
        return listing

    def broken(_: object) -> Any:
        raise ServerFailed(500, "The search of this server is broken.", "Scan.")

    table.next_pages = pages_over([{"name": "found", "data_id": "x"}])
    table.listing.again = lambda question=None: asked(table, question)  # type: ignore[method-assign]
    view = table.do("search", text="sewage")
    assert (table.names, view.error, view.search) == (["found"], None, "sewage")
    assert "whole catalogue" in view.note
    assert table.pager.listing.question.scan


def test_a_view_that_was_made_earlier_is_not_shown_over_a_later_one(table: Table) -> None:
    shown = table.pager._show_view
    later: list[Any] = []

    def slowly(view: Any) -> None:
        if not later:
            later.append(view)
            table.pager.show()
        shown(view)

    table.pager._show_view = slowly
    table.pager.note("first")
    assert table.view.note == "first"


def test_opening_a_row_does_not_lose_the_page_that_is_on_its_way() -> None:
    table = Table(untold(300), at_once=False)
    table.tasks.pop(0)()
    table.tasks.clear()
    row = table.view.rows[0].id
    table.do("next")
    table.do("open", id=row)
    table.tasks.pop(0)()
    assert table.view.about.startswith("16–30")


def test_a_row_opens_and_closes(table: Table) -> None:
    made = aero_jupyter.current().client.post(
        "data/source", data={"name": "opened", "url": "https://example.org/o.csv"}
    )
    table = Table(pages_over([Data(made["id"], "opened")]))
    assert table.do("open", id=made["id"]).detail.code == "aero.read('opened')"
    assert "No version yet." in table.view.detail.lines
    assert table.do("close").detail is None


def broken(_: int) -> Any:
    raise ServerFailed(500, "The server failed.", "Ask later.")


def test_in_tests_an_error_of_a_callback_is_raised_again(table: Table) -> None:
    table.listing.pages._fetch = broken
    with pytest.raises(ServerFailed):
        table.do("page", page=4)
    assert table.view.error.lines == ("The server failed.", "Ask later.")


@pytest.mark.usefixtures("errors_are_shown")
def test_an_error_is_shown_and_the_page_stays(table: Table) -> None:

    table.listing.pages._fetch = broken
    view = table.do("page", page=4)
    assert view.error.lines == ("The server failed.", "Ask later.")
    assert "ServerFailed" in view.error.story
    assert (view.about, view.busy) == ("1–15 of 47", False)
    assert table.do("next").error is None


@pytest.mark.parametrize("message", [{}, {"do": "nothing"}, {"do": "page"}, {"do": "size", "size": 7}, {"do": "open"}])
def test_what_is_not_understood_changes_nothing(table: Table, message: dict[str, Any]) -> None:
    before = table.view
    table.pager.act(message)
    assert table.view == before


class Moving:
    """A catalogue whose rows come and go while it is paged, as offset paging sees it."""

    def __init__(self, told: bool) -> None:
        self.rows = [f"{number:04d}" for number in range(40)]
        self.told = told
        self.always = set(self.rows)

    def part(self, part: Window) -> Reply:
        rows = tuple({"id": id} for id in self.rows[part.offset : part.offset + part.limit])
        return Reply(rows, len(self.rows) if self.told else None)


@settings(max_examples=60, deadline=None)
@given(
    told=st.booleans(),
    steps=st.lists(
        st.one_of(
            st.sampled_from(["next", "previous", "first", "last"]),
            st.tuples(st.just("insert"), st.integers(0, 50)),
            st.tuples(st.just("remove"), st.integers(0, 50)),
            st.tuples(st.just("reorder"), st.integers(0, 50)),
        ),
        max_size=12,
    ),
)
def test_whatever_moves_no_row_is_shown_twice_and_nothing_untrue_is_claimed(told: bool, steps: list[Any]) -> None:
    catalogue = Moving(told)
    table = Table(Pages(catalogue.part, lambda row: Data(row["id"], row["id"])))
    new = iter(range(10_000, 20_000))
    for step in steps:
        if isinstance(step, str):
            table.do(step)
        elif step[0] == "insert":
            catalogue.rows.insert(min(step[1], len(catalogue.rows)), str(next(new)))
        elif step[0] == "reorder" and catalogue.rows:
            catalogue.rows.insert(0, catalogue.rows.pop(min(step[1], len(catalogue.rows) - 1)))
        elif catalogue.rows:
            catalogue.rows.pop(min(step[1], len(catalogue.rows) - 1))
        catalogue.always &= set(catalogue.rows)
        seen = [row.id for row in table.view.rows]
        assert len(seen) == len(set(seen))
        assert table.view.error is None
        if not told and table.view.about.endswith("+"):
            assert table.view.can["last"] is None
    if table.listing.pages.is_complete:
        known = {row.id for row in table.listing.pages.loaded_items()}
        assert len(known) == table.listing.pages.total
        assert catalogue.always <= known
