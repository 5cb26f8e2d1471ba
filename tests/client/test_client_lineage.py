"""Lineage: by versions if the server lists them, otherwise rebuilt from the flows."""

from __future__ import annotations

import pytest
from support.server_standins import Flask, Local, Newest, Row, Standin

from aero_jupyter.client import AeroClient
from aero_jupyter.core import errors


def chain(server: Standin) -> dict[str, Row]:
    rows = {name: server.add_data(name) for name in ("raw", "clean", "smooth", "other")}
    server.add_flow([], [rows["raw"]], id="pulls")
    server.add_flow([rows["raw"]], [rows["clean"]], id="cleans")
    server.add_flow([rows["clean"]], [rows["smooth"]], id="smooths")
    server.add_flow([], [rows["other"]], id="apart")
    return rows


@pytest.mark.parametrize("name", ["raw", "clean", "smooth"])
def test_flow_lineage_is_rebuilt_from_the_flows_sources_first(newest: Newest, name: str) -> None:
    rows = chain(newest)
    with AeroClient(newest.url) as client:
        found = client.lineage(rows[name]["id"])
    assert ([link.flow_id for link in found.links], found.by_version) == (["pulls", "cleans", "smooths"], False)
    assert [data.name for data in found.links[1].used] == ["raw"]


def test_a_circle_of_flows_is_walked_once(newest: Newest) -> None:
    one, two = newest.add_data("one"), newest.add_data("two")
    newest.add_flow([one], [two], id="there")
    newest.add_flow([two], [one], id="back")
    with AeroClient(newest.url) as client:
        assert {link.flow_id for link in client.lineage(one["id"]).links} == {"there", "back"}


@pytest.mark.parametrize("kind", ["local", "flask"])
def test_versions_are_followed_back_where_the_server_tells_them(kind: str, local: Local, flask: Flask) -> None:
    server: Standin = local if kind == "local" else flask
    rows = chain(server)
    made = {name: [server.add_version(rows[name], f"{name}{n}".encode()) for n in (1, 2)] for name in rows}

    def version(name: str, number: int) -> Row:
        return {**made[name][number - 1], "data": rows[name]}

    for number in (1, 2):
        server.prov.append(
            {"id": f"c{number}", "flow_id": "cleans", "derived_from": [version("raw", number)],
             "contributed_to": [version("clean", number)]}
        )  # fmt: skip
    server.prov.append(
        {"id": "s1", "flow_id": "gone", "derived_from": [version("clean", 1)], "contributed_to": [version("smooth", 1)]}
    )
    with AeroClient(server.url) as client:
        found = client.lineage(rows["smooth"]["id"], 1)
        assert [link.flow_id for link in client.lineage(rows["raw"]["id"], 1).links] == ["cleans", "gone"]
        assert client.lineage(rows["other"]["id"]).links == ()
    assert found.by_version
    assert [(link.flow_id, link.flow is not None) for link in found.links] == [("cleans", True), ("gone", False)]
    assert [(each.version, each.data.name) for each in found.links[0].used if each.data] == [(1, "raw")]


def test_an_unchanged_run_on_a_newer_version_is_told_from_the_older_one_too(local: Local) -> None:
    rows = {name: local.add_data(name, newest_version=newest) for name, newest in (("raw", 2), ("clean", 1))}
    local.add_flow([rows["raw"]], [rows["clean"]], id="cleans")
    made = {name: [local.add_version(row, f"{name}{n}".encode()) for n in (1, 2)] for name, row in rows.items()}
    for number in (1, 2):
        local.prov.append(
            {"id": f"c{number}", "flow_id": "cleans",
             "derived_from": [{**made["raw"][number - 1], "data": rows["raw"]}],
             "contributed_to": [{**made["clean"][0], "data": rows["clean"]}]}
        )  # fmt: skip
    with AeroClient(local.url) as client:
        found = client.lineage(rows["raw"]["id"], 1)
    assert [[each.version for each in link.used] for link in found.links] == [[1], [2]]


@pytest.mark.parametrize("kind", ["local", "flask"])
def test_a_data_without_a_version_is_told_by_its_flows(kind: str, local: Local, flask: Flask) -> None:
    server: Standin = local if kind == "local" else flask
    rows = chain(server)
    with AeroClient(server.url) as client:
        found = client.lineage(rows["clean"]["id"])
        assert [link.flow_id for link in found.links] == ["pulls", "cleans", "smooths"]
        assert (found.by_version, found.is_unmade) == (False, True)
        with pytest.raises(errors.NotFound, match="clean has no versions yet"):
            client.lineage(rows["clean"]["id"], 1)


def test_a_scan_finds_what_a_search_would_on_a_server_whose_search_is_broken(newest: Newest) -> None:
    for number in range(40):
        newest.add_data(f"plant-{number}", description="sewage" if number % 20 == 3 else "air")
    newest.add_data("café", description=None)
    seen: list[tuple[int, int | None]] = []
    with AeroClient(newest.url) as client:
        found = client.scan("sewage AND NOT name:plant-3", lambda read, total: seen.append((read, total)))
        assert [row["name"] for row in found] == ["plant-23"]
        assert [row["name"] for row in client.scan("cafe")] == ["café"]
        assert len(client.scan("*")) == 41
    assert seen[-1][0] == 41
    assert newest.most_open_requests <= 8


def test_a_malformed_query_is_refused_before_anything_is_read(newest: Newest) -> None:
    with AeroClient(newest.url) as client, pytest.raises(errors.InvalidArgument, match="column"):
        client.scan('"open')
    assert newest.requests == []
