"""Search queries against a real FTS5 table: they find what they say, and nothing typed can break them."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aero_jupyter.core.search_query import QueryProblem, to_fts5

ROWS = [
    ("stickney_north", "Stickney, north influent", "http://example.org/s.csv", "sewage", "aeroall"),
    ("obrien", "O'Brien plant, wastewater", "http://example.org/o.csv", "sewage", "aeroall"),
    ("traffic", "Link traffic report", "http://example.org/t.xml", "roads", "aeroall"),
]


@pytest.fixture(scope="module")
def table():
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE t USING fts5 (name, description, url, tags, everything, "
        "tokenize = 'unicode61 remove_diacritics 2')"
    )
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", ROWS)
    yield db
    db.close()


def found(db, query):
    expression = to_fts5(query)
    if expression is None:
        return {row[0] for row in ROWS}
    return {row[0] for row in db.execute("SELECT name FROM t WHERE t MATCH ?", (expression,))}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"stickney_north", "obrien", "traffic"}),
        ("*", {"stickney_north", "obrien", "traffic"}),
        ("sewage", {"stickney_north", "obrien"}),
        ("sewage influent", {"stickney_north"}),
        ("influent OR traffic", {"stickney_north", "traffic"}),
        ("sewage AND NOT obrien", {"stickney_north"}),
        ("NOT sewage", {"traffic"}),
        ('"north influent"', {"stickney_north"}),
        ("waste*", {"obrien"}),
        ("name:traffic", {"traffic"}),
        ("tags:(roads OR nothing)", {"traffic"}),
        ("aeroall", set()),
    ],
)
def test_a_query_finds_what_it_says(table, query, names):
    assert found(table, query) == names


@pytest.mark.parametrize("query", ['"open', "(a", "a)", "colour:red", "a AND", "OR"])
def test_a_malformed_query_says_where(query):
    with pytest.raises(QueryProblem) as problem:
        to_fts5(query)
    assert 1 <= problem.value.position <= len(query) + 1


@given(st.text(alphabet=st.sampled_from("ab \"()*:-+ANDORT\x00é^{}'"), max_size=40) | st.text(max_size=40))
def test_no_text_breaks_the_search(table, query):
    try:
        expression = to_fts5(query)
    except QueryProblem:
        return
    if expression is not None:
        table.execute("SELECT count(*) FROM t WHERE t MATCH ?", (expression,)).fetchone()
