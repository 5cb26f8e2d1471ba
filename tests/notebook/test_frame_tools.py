"""Frames that know where they came from, on the local AERO and on servers of both generations."""

from __future__ import annotations

import pandas as pd
import pytest

import aero_jupyter
from aero_jupyter.client.pages import pages_over
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.tables.aero_frame import frame_from
from aero_jupyter.notebook.tables.live_table import LiveTable
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult


@pytest.fixture
def many(influent):
    """A listing of 200 data, of a catalogue that is not asked for."""
    session = aero_jupyter.local()
    listing = QueryResult(session, ListQuery("data"))
    listing.pages = pages_over([Data(f"{number:08d}-0000", f"d{number}") for number in range(200)])
    return listing


def test_a_frame_says_where_it_came_from(influent):
    frame = aero_jupyter.frame("data")
    assert frame.attrs["server"] == aero_jupyter.current().client.base_url
    assert (frame.attrs["kind"], frame.attrs["query"]) == ("data", None)
    assert pd.Timestamp(frame.attrs["asked"]).tz is not None


def test_columns_have_their_types(influent):
    # Other tests register flows, too.
    runs, flows = aero_jupyter.frame("run"), aero_jupyter.frame("flow").aero.all()
    assert str(runs["created"].dtype) == "datetime64[ns, UTC]"
    assert isinstance(runs["state"].dtype, pd.CategoricalDtype)
    assert isinstance(flows["policy"].dtype, pd.CategoricalDtype)
    assert set(flows["policy"]) >= {"any", "ingestion"}
    assert str(aero_jupyter.frame("version", "influent")["size"].dtype) == "Int64"


def test_what_a_flow_reads_and_makes_is_text_and_the_things_themselves(influent):
    flow = aero_jupyter.frame("flow", "follow").set_index("name").loc["follow"]
    assert flow["inputs"] == "influent"
    assert [data.name for data in flow["inputs"].objects] == ["influent"]
    run = aero_jupyter.frame("run", where={"made": "level v2"}).iloc[0]
    assert [(version.data.name, version.version) for version in run["used"].objects] == [("influent", 2)]


def test_all_gets_the_rest(many):
    frame = frame_from(many, 50)
    assert (len(frame), frame.attrs["complete"]) == (50, False)
    assert "1–50 of 200 rows · as of" in repr(frame)
    whole = frame.aero.all()
    assert (len(whole), whole.attrs["complete"]) == (200, True)
    assert "1–60 of 200 rows · as of" in repr(whole)


def test_interrupting_keeps_what_came(many, monkeypatch):
    frame = frame_from(many, 15)

    def interrupted(progress):
        many.pages.page(2)
        raise KeyboardInterrupt

    monkeypatch.setattr(many.pages, "all", interrupted)
    part = frame.aero.all()
    assert 30 <= len(part) < 200
    assert part.attrs["complete"] is False
    assert f"1–{len(part)} of 200 rows · as of" in repr(part)


def test_a_frame_whose_total_is_not_known_says_so(many, monkeypatch):
    monkeypatch.setattr(type(many.pages), "total", property(lambda _: None))
    assert "1–50 of 50+ rows · as of" in repr(frame_from(many, 50))


def test_refresh_sees_what_came_meanwhile(influent):
    frame = aero_jupyter.frame("run", "follow")
    aero_jupyter.current().client.run_flow(aero_jupyter.current().client.resolve_flow("follow").id)
    frame = aero_jupyter.frame("run")
    before = frame.attrs["asked"]
    assert frame.aero.refresh().attrs["asked"] > before


@pytest.mark.parametrize("row", [0, "influent"])
def test_a_row_opens_with_its_versions_and_the_code_that_loads_it(influent, row):
    frame = aero_jupyter.frame("data", "influent")
    card = repr(frame.aero.open(row))
    assert card.startswith("influent\n")
    assert "v2  " in card
    assert "v1  " in card
    assert "Inflow <b>north</b>" in card
    assert ", expected every day: on time." in card
    assert "used by follow (when any input changes)" in card
    assert "aero.read('influent')" in card
    assert "<b>" not in frame.aero.open(row)._repr_html_()


@pytest.mark.parametrize("kind", ["flow", "prov", "run"])
def test_other_rows_open_too(influent, kind):
    frame = aero_jupyter.frame(kind)
    assert frame.loc[0, "id"] in repr(frame.aero.open(0))


@pytest.mark.parametrize("row", [10_000, -10_000, "nosuch"])
def test_a_row_that_is_not_there_is_said(influent, row):
    with pytest.raises(UnknownName, match="row"):
        aero_jupyter.frame("data").aero.open(row)


@pytest.mark.parametrize(
    "made", [("data", None), ("data", "influent"), ("flow", "follow"), ("version", "influent"), ("run", None)]
)
def test_the_code_of_a_frame_makes_it_again(influent, made):
    frame = aero_jupyter.frame(*made)
    names = {}
    exec(frame.aero.as_code().replace("aero.frame", "again = aero.frame"), names)
    assert names["again"]["id"].tolist()[-len(frame) :] == frame["id"].tolist()


def test_nothing_is_selected_where_nothing_was_shown(influent):
    frame = aero_jupyter.frame("data")
    assert list(frame.aero.selected) == list(frame)
    assert frame.aero.selected.empty


def test_what_is_made_of_it_is_plain_and_keeps_its_origin(influent):
    frame = aero_jupyter.frame("data")
    plain = frame.query("name == 'influent'")
    assert type(plain) is pd.DataFrame
    assert plain.attrs["server"] == frame.attrs["server"]
    with pytest.raises(AttributeError):
        plain.aero  # noqa: B018


@pytest.mark.parametrize(("kind", "words"), [("nothing", "no list of 'nothing'"), ("version", "id of a dataset")])
def test_what_cannot_be_listed_is_said(influent, kind, words):
    with pytest.raises(InvalidArgument, match=words):
        aero_jupyter.frame(kind)


def test_what_is_selected_before_and_after_a_search_comes_back_as_one_table(influent):
    found, listed = aero_jupyter.frame("data", "influent"), aero_jupyter.frame("data", limit=None)
    pager = Pager(listed._listing, lambda _: None, lambda _: "", begin=lambda task: task())
    listed._pager = pager
    pager.turn(pager.place)
    first = pager.view().rows[0].id
    pager.act({"do": "select", "ids": [first], "on": True})
    pager.act({"do": "search", "text": "influent"})
    pager.act({"do": "select", "ids": [found["id"][0]], "on": True})
    chosen = listed.aero.selected
    assert set(chosen["id"]) == {first, found["id"][0]}
    assert list(chosen.columns) == list(listed.columns)
    assert chosen["newest version"].notna().any()


def test_saved_with_a_notebook_the_live_table_says_how_it_lives_again(influent):
    influent_frame = aero_jupyter.frame("data", "influent")
    live = LiveTable(influent_frame._listing, influent_frame.aero.code_of)
    saved = live.box._repr_mimebundle_()
    assert saved["text/plain"] == "This output needs a running kernel: run the cell again."
