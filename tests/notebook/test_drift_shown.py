"""Drift and freshness appear by themselves: on the card of the flow, on the dataset's page and timeline, in tables."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from support.local_server import LocalAeroServer

import aero_jupyter
from aero_jupyter.core.models import Flow, Version
from aero_jupyter.service.local_home import State

NAME, LATE = "drifting counts", "late counts"
#: What the local AERO finds in version 10.
NOTES = ("column cases is gone", "2 rows of old dates are gone, from 2026-01-04 to 2026-01-05")


def table(number: int) -> pd.DataFrame:
    """Return a version: three more days than the one before; the tenth lacks a column and two old rows."""
    days = pd.date_range("2026-01-01", periods=3 * number).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"day": days, "cases": range(len(days)), "deaths": 0})
    return frame.drop(columns="cases", index=[3, 4]) if number == 10 else frame


@pytest.fixture(scope="module")
def flow(aero: State) -> Flow:
    """Return the flow that made ten versions."""
    session = aero_jupyter.local()
    server = LocalAeroServer(aero)
    server.add_data(LATE)
    data = server.add_data(NAME)
    for number in range(1, 11):
        server.add_version(data, table(number).to_csv(index=False).encode())
    session.client._poll(lambda: versions()[-1].drift_notes or None, 120, "There is no note.")
    return session.client.get_flow(server.flow_ids[data["id"]])


def versions() -> list[Version]:
    client = aero_jupyter.current().client
    return client.versions(client.resolve_data(NAME).id)


def notices(event: str) -> list[str]:
    found = aero_jupyter.current().client.notices(1000)
    return [each["text"] for each in found if each["dataset"] == NAME and each["event"] == event]


def test_the_version_that_drifted_has_notes_and_one_notice(flow: Flow) -> None:
    assert [each.drift_notes for each in versions()] == [()] * 9 + [NOTES]
    assert notices("drifted") == [f"{NAME}: version 10 drifted: {'; '.join(NOTES)}."]


def test_the_card_of_the_flow_shows_them(flow: Flow) -> None:
    assert f"{NAME} v10 ▲ drifted: {NOTES[0]}" in repr(aero_jupyter.flow(flow.id))


def test_the_page_and_its_timeline_show_them(flow: Flow) -> None:
    page = aero_jupyter.dataset(NAME)
    text = repr(page)
    assert f"Version 10 ▲ drifted: {NOTES[0]}; {NOTES[1]}" in text
    assert "●" * 9 + "▲" in text
    assert re.search(r"v10 .*▲", text)
    assert page._repr_html_().count(f"▲ drifted: {NOTES[0]}; {NOTES[1]}") >= 2
    page.close()


def test_tables_of_datasets_and_of_versions_show_them(flow: Flow) -> None:
    listed = aero_jupyter.frame("data", limit=None)
    drift = listed.set_index("name")["drift"]
    assert drift[NAME] == "; ".join(NOTES)
    assert aero_jupyter.frame("version", NAME).set_index("version")["drift"].dropna().to_dict() == {
        10: "; ".join(NOTES)
    }


@pytest.mark.parametrize(
    ("name", "since", "shown"),
    [(NAME, None, "on time"), (LATE, "2025-12-31", "▲ late since 2025-12-31 23:59 UTC"), (NAME, "", None)],
)
def test_tables_and_the_page_show_freshness(flow: Flow, name: str, since: str | None, shown: str | None) -> None:
    promise = None if since == "" else "daily by 23:59 UTC"
    state = aero_jupyter.expect(name, promise, since=since or None)
    listed = aero_jupyter.frame("data", limit=None).set_index("name")["freshness"].dropna()
    page = aero_jupyter.dataset(name)
    assert listed.get(name) == shown
    assert ("Expected daily by 23:59 UTC" in repr(page)) is (promise is not None)
    assert state is None or str(state) in repr(page)
    page.close()
    aero_jupyter.expect(name, None)
