"""One record in full, on servers of both generations: whole checksums, sizes, freshness, and code that loads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
from support.server_standins import Flask, Local, Newest, Standin, json_reply, serve_standin

import aero_jupyter
from aero_jupyter.notebook.formatting import span_of


@pytest.fixture(params=[Newest, Local, Flask])
def server(request: pytest.FixtureRequest, aero: Any) -> Iterator[Standin]:
    with serve_standin(request.param()) as server:
        aero_jupyter.connect(server.url, token="t")
        yield server
    aero_jupyter.local()


@pytest.fixture
def newest(aero: Any) -> Iterator[Standin]:
    with serve_standin(Newest()) as server:
        aero_jupyter.connect(server.url, token="t")
        yield server
    aero_jupyter.local()


def hours_ago(hours: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(hours=hours)).isoformat()


def card_of(name_or_id: str) -> str:
    return repr(aero_jupyter.frame("data").aero.open(name_or_id))


def loaded(card: str) -> pd.DataFrame:
    table: pd.DataFrame = eval(card.splitlines()[-1], {"aero": aero_jupyter})
    return table


@pytest.mark.parametrize("name", ["alone", "twice", "", "two\nlines", "-dash", "# no comment"])
def test_the_line_of_code_loads_that_data_and_no_other(server: Standin, name: str) -> None:
    rows = [server.add_data(name) for _ in range(2 if name == "twice" else 1)]
    for row in rows:
        server.add_version(row, b"a\n1\n")
        card = card_of(row["id"])
        assert loaded(card).attrs["aero"]["data_id"] == row["id"]
        assert name.split()[:1] == [] or name.split()[0] in card.splitlines()[-1]


def test_a_name_is_in_the_code_only_where_it_is_known_to_mean_one(newest: Standin) -> None:
    for number in range(60):
        newest.add_data(f"d{number}")
    first = aero_jupyter.frame("data")
    assert f"aero.read('{first['id'][0]}')  # {first['name'][0]}" in repr(first.aero.open(0))
    assert f"aero.read('{first['name'][0]}')" in repr(first.aero.all().aero.open(0))


def test_checksums_are_whole_and_the_newest_version_has_its_size(server: Standin) -> None:
    row = server.add_data("sized")
    checksums = [server.add_version(row, b"a\n" * count)["checksum"] for count in (1, 1_000)]
    lines = card_of("sized").splitlines()
    assert all(any(line.endswith(checksum) for line in lines) for checksum in checksums)
    assert any(line.startswith("v2") and "2.0 kB" in line for line in lines)


@pytest.mark.parametrize(
    ("hours", "words"),
    [(3, "Updated 3 h ago, expected every day: on time."), (73, "Updated 3 d ago, expected every day: 2 d late ▲.")],
)
def test_freshness_is_told_in_plain_words(newest: Standin, hours: float, words: str) -> None:
    row = newest.add_data("fresh")
    newest.add_version(row, b"a\n", created_at=hours_ago(hours))
    newest.add_flow([], [row], policy=0, timer=86_400)
    assert words in card_of("fresh")


def test_only_the_flows_of_a_data_are_read(newest: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    row = newest.add_data("asked")
    for _ in range(300):
        newest.add_flow([], [])
    mine = newest.add_flow([row], [], function_name="smooth")
    monkeypatch.setattr(newest, "_one", lambda kind, rest: attached(newest, kind, rest, mine))
    frame = aero_jupyter.frame("data")
    before = len(newest.requests)
    assert "used by smooth (when any input changes)" in repr(frame.aero.open(0))
    assert len(newest.requests) - before <= 4
    assert "/flow/" not in newest.paths()[before:]


def attached(server: Newest, kind: str, rest: str, flow: dict[str, Any]) -> Any:
    if rest.endswith("/flows"):
        return json_reply([{"flow_id": flow["id"], "role": "analysis"}])
    return Newest._one(server, kind, rest)


def test_odd_fields_do_not_keep_a_card_from_being_shown(newest: Standin) -> None:
    row = newest.add_data("odd", description=["a", {"b": 1}], owner={"who": 1}, url={"a": "\ud800"})
    newest.add_version(row, b"a\n", created_at="9999-12-31T23:59:59Z", version="x")
    newest.add_flow([row], [], policy=99, function_args="not json", timer="soon")
    card = aero_jupyter.frame("data").aero.open("odd")
    assert '["a", {"b": 1}]' in repr(card)
    assert "Updated 9999-12-31." in repr(card)
    repr(card).encode()
    card._repr_html_().encode()


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (20, "20 s"), (61, "1 min"), (7_200, "2 h"), (1e6, "11 d")]
)
def test_spans(seconds: float, words: str) -> None:
    assert span_of(seconds) == words
