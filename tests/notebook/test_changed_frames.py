"""A frame that its owner changed shows what it is, opens what it shows, and leaves as a plain DataFrame."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from support.server_standins import Newest, serve_standin

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.notebook.tables import live_table
from aero_jupyter.notebook.tables.aero_frame import AeroFrame
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.widgets import frontend

# pandas would rather have frames that are never changed.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

KINDS = ("data", "flow", "prov")


@pytest.fixture
def server(aero: Any) -> Iterator[Newest]:
    with serve_standin(Newest()) as server:
        for number in range(20):
            server.add_data(f"d{number:02d}")
        server.add_flow(server.data[:1], server.data[1:2])
        server.prov.append({"id": "p", "flow_id": "f"})
        aero_jupyter.connect(server.url, token="t")
        yield server
    aero_jupyter.local()


@pytest.fixture
def shown_live(monkeypatch: pytest.MonkeyPatch) -> list[Pager]:
    """A front end that shows widgets; each table that was shown, by its pager."""
    pagers: list[Pager] = []

    def show(listing: QueryResult, _: Callable[[QueryResult], str]) -> Pager:
        pager = Pager(listing, lambda _: None, lambda _: "", begin=lambda task: task())
        pager.turn(pager.place)
        pagers.append(pager)
        return pager

    monkeypatch.setattr(frontend, "front_end", lambda: "widgets")
    monkeypatch.setattr(live_table, "show", show)
    return pagers


def add(frame: AeroFrame) -> None:
    frame["extra"] = "mine"


def drop(frame: AeroFrame) -> None:
    frame.drop(columns="url", inplace=True)


def turn_round(frame: AeroFrame) -> None:
    frame.sort_values("name", ascending=frame["name"][0] > frame["name"][1], inplace=True)


def rename_one(frame: AeroFrame) -> None:
    frame.loc[0, "name"] = "mine"


def index_by_id(frame: AeroFrame) -> None:
    frame.set_index("id", inplace=True)


def number_a_column(frame: AeroFrame) -> None:
    frame[3] = [[1]] * len(frame)


def misuse(frame: AeroFrame) -> None:
    frame["size"] = "big"


CHANGES = [add, drop, turn_round, rename_one, index_by_id, number_a_column, misuse]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_as_it_came_is_shown_live(server: Newest, shown_live: list[Pager], kind: str) -> None:
    frame = aero_jupyter.frame(kind)
    frame._ipython_display_()
    assert len(shown_live) == 1
    assert "changed" not in repr(frame)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_frame_is_shown_as_it_is_and_says_so(
    server: Newest, shown_live: list[Pager], change: Callable[[AeroFrame], None]
) -> None:
    frame = aero_jupyter.frame("data")
    change(frame)
    with pytest.raises(NotImplementedError):
        frame._ipython_display_()
    for shown in (repr(frame), frame._repr_html_()):
        assert "20 rows · changed here · as of" in shown
        assert all(str(name) in shown for name in frame.columns)


@pytest.mark.parametrize("change", [*CHANGES, lambda frame: None])
def test_what_is_opened_is_the_row_that_is_seen(server: Newest, change: Callable[[AeroFrame], None]) -> None:
    frame = aero_jupyter.frame("data")
    change(frame)
    ids = list(frame.get("id", frame.index))
    for place in (0, 7, -1):
        assert f"id {ids[place]}" in repr(frame.aero.open(place))
    assert f"id {ids[4]}" in repr(frame.aero.open(frame["name"].iloc[4]))


def test_a_row_that_did_not_come_from_the_server_is_said(server: Newest) -> None:
    frame = aero_jupyter.frame("data")
    frame.loc[0, "id"] = "mine"
    with pytest.raises(UnknownName, match="no longer a record of the server"):
        frame.aero.open(0)


@pytest.mark.parametrize("way", [lambda frame: pickle.loads(pickle.dumps(frame)), copy.copy, copy.deepcopy])
def test_a_copy_is_a_plain_data_frame_that_keeps_its_origin(server: Newest, way: Callable[[AeroFrame], Any]) -> None:
    frame = aero_jupyter.frame("data")
    kept = way(frame)
    assert type(kept) is pd.DataFrame
    assert kept.attrs == frame.attrs
    assert kept["id"].tolist() == frame["id"].tolist()


def test_a_frame_made_by_hand_says_that_it_came_from_nowhere() -> None:
    made = AeroFrame({"id": ["1"]})
    assert "1 row" in repr(made)
    with pytest.raises(InvalidArgument, match="origin of this frame is not known"):
        made.aero.open(0)


def test_shown_again_a_frame_keeps_what_was_selected_in_either_table(server: Newest, shown_live: list[Pager]) -> None:
    frame = aero_jupyter.frame("data")
    frame._ipython_display_()
    first, second = frame["id"][0], frame["id"][1]
    shown_live[0].act({"do": "select", "ids": [first], "on": True})
    frame._ipython_display_()
    assert frame.aero.selected["id"].tolist() == [first]
    assert [row.selected for row in shown_live[1].view().rows][:2] == [True, False]
    shown_live[1].act({"do": "select", "ids": [second], "on": True})
    shown_live[0].act({"do": "select", "ids": [first], "on": False})
    assert frame.aero.selected["id"].tolist() == [second]


def test_the_origin_tells_what_was_asked(server: Newest) -> None:
    frame = aero_jupyter.frame("data", where={"name": "d0*"}, sort="-name", text="about", limit=None)
    assert {name: frame.attrs[name] for name in ("where", "sort", "text")} == {
        "where": {"name": "d0*"},
        "sort": "-name",
        "text": "about",
    }
    assert "since" not in frame.attrs
    assert not {"where", "sort", "text"} & set(aero_jupyter.frame("data").attrs)


def test_a_limit_below_nothing_is_said() -> None:
    with pytest.raises(InvalidArgument, match="A limit of -1 rows makes no sense") as caught:
        aero_jupyter.frame("data", limit=-1)
    assert caught.value.cure == "Choose 0 or more, or None for all."


def test_a_server_that_tells_no_times_says_so_where_times_are_asked_for(server: Newest, error_lines: Any) -> None:
    aero_jupyter.connect(server.url, token="t")
    with pytest.raises(InvalidArgument, match="does not report when"):
        aero_jupyter.frame("data", since=7 * 86_400)
    assert "20 rows · not sorted: this server does not report updated" in repr(
        aero_jupyter.frame("data", sort="updated")
    )
    assert "not sorted" not in repr(aero_jupyter.frame("data", sort="name"))
    server.add_data("dated", created_at="2026-01-01T00:00:00Z")
    server.data[:] = server.data[-1:]
    assert aero_jupyter.frame("data", since=1).empty
