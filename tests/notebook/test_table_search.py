"""The search of a table: beginnings of words, diacritics, similar names, filters of columns, unfinished queries."""

from __future__ import annotations

from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.search_query import terms, with_prefixes
from aero_jupyter.notebook.panels.catalogue import CataloguePager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult


@pytest.fixture
def table(shell: Any) -> Any:
    """A table of the catalogue, whose tasks run at once."""
    session, views = aero_jupyter.current(), []
    known = {data.name for data in session.client.list("data")}
    for name, about in (("fjord_ålesund", "Salinity of the fjørd"), ("fjord_bergen", "Turbidity"), ("tarn", "")):
        if name not in known:
            body = {"name": name, "url": f"https://example.org/{name}.csv", "description": about}
            session.client.post("data/source", data=body)
    listing = QueryResult(session, ListQuery("data"))
    pager = CataloguePager(listing, views.append, lambda _: "code", begin=lambda task: task())
    pager.start()

    def act(what: str, **more: Any) -> dict[str, Any]:
        pager.act({"do": what, **more})
        return views[-1]

    act.pager, act.views = pager, views
    return act


def names(view: dict[str, Any]) -> set[str]:
    return {row.cells[0].text for row in view.rows}


def test_the_beginning_of_a_word_finds_it_without_diacritics(table: Any) -> None:
    view = table("search", text="ales")
    assert names(view) == {"fjord_ålesund"}
    assert (view.search, view.words) == ("ales", ["ales"])
    assert names(table("search", text='"ales"')) == set()
    assert names(table("search", text="fjord NOT berg")) == {"fjord_ålesund"}


def test_other_lists_are_filtered_without_diacritics(table: Any) -> None:
    frame = aero_jupyter.frame("data", text="FJORD_AL")
    assert list(frame["name"]) == ["fjord_ålesund"]


@pytest.mark.parametrize(("typed", "meant"), [("fjord_brgen", "fjord_bergen"), ("salinty", "Salinity")])
def test_nothing_found_offers_similar_names_and_words_of_descriptions(table: Any, typed: str, meant: str) -> None:
    view = table("search", text=typed)
    assert view.empty.startswith(f'No data matches "{typed}".')
    assert meant in view.similar
    assert meant in view.empty
    assert table("search", text=meant).rows


def test_an_unfinished_query_keeps_the_rows_and_names_its_column(table: Any) -> None:
    before = names(table("search", text="fjord"))
    view = table("search", text="fjord AND", typing=True)
    assert "column 10" in view.note
    assert (names(view), view.search, view.error) == (before, "fjord AND", None)
    with pytest.raises(aero_jupyter.AeroError):
        table("search", text="fjord AND")


def test_a_column_is_filtered_and_the_filter_is_removed(table: Any) -> None:
    table("search", text="fjord")
    view = table("filter", column="description", value="turbid")
    assert names(view) == {"fjord_bergen"}
    assert view.filters == [{"column": "description", "value": "*turbid*"}]
    assert "description" in view.filterable
    assert names(table("filter", column="description", value="")) == {"fjord_bergen", "fjord_ålesund"}


def test_a_registration_appears_when_the_catalogue_is_polled(table: Any) -> None:
    pager = table.pager
    assert pager.look()
    shown = len(table.views)
    assert pager.look()
    assert len(table.views) == shown, "An unchanged catalogue is not sent again."
    body = {"name": "tarn_polled", "url": "https://example.org/tarn_polled.csv"}
    aero_jupyter.current().client.post("data/source", data=body)
    assert pager.look()
    assert "tarn_polled" in names(table.views[-1])


def test_the_downloads_and_the_pager_that_apply_are_offered(table: Any) -> None:
    view = table("search", text="fjord")
    assert [each["text"] for each in view.downloads] == ["CSV of all", "Parquet of all", "Excel of all"]
    assert view.chosen == ()
    view = table("select", ids=[row.id for row in view.rows], on=True)
    assert "CSV of the selected rows" in [each["text"] for each in view.downloads]
    texts = [each["text"] for each in view.chosen]
    wanted = {"Load as DataFrames", "Compare", "Use as inputs", "Copy names", "Copy code", "Clear 2 selected"}
    assert wanted <= set(texts)


def test_words_of_a_query_are_what_its_results_contain() -> None:
    assert terms('sew* "north influent" -flu NOT name:old OR url:x') == ("sew", "north influent", "x")
    assert with_prefixes('(sew OR "north influent") AND name:st*') == '(sew* OR "north influent") AND name:st*'
