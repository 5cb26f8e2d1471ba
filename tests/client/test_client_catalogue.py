from __future__ import annotations

import uuid
from typing import Any

import pytest
from support.server_standins import CREATED, Flask, Local, Newest, Reply, Standin, json_reply

from aero_jupyter.client import AeroClient
from aero_jupyter.core import errors
from aero_jupyter.core.models import Version


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client_of(standin: Standin, **options: Any) -> AeroClient:
    return AeroClient(standin.url, **options)


def test_lists_end_on_every_generation(server: Standin, client: AeroClient) -> None:
    names = {server.add_data(f"d{number}")["name"] for number in range(47)}
    pages = client.list("data")
    assert {data.name for data in pages} == names
    assert [len(page) for page in pages.raw_pages()] == [15, 15, 15, 2]
    assert pages.is_complete


@pytest.mark.parametrize("number", [15, 30])
def test_a_list_of_full_pages_ends_too(server: Standin, client: AeroClient, number: int) -> None:
    for row in range(number):
        server.add_data(f"d{row}")
    assert len(client.list("data").all()) == number


def test_an_empty_list_is_empty(client: AeroClient) -> None:
    assert client.list("prov").all() == []


def test_only_the_local_server_tells_the_total_at_once(local: Local) -> None:
    for number in range(20):
        local.add_data(f"d{number}")
    with client_of(local) as client:
        pages = client.list("data")
        pages.page(1)
        assert (pages.total, pages.has_ended) == (20, False)


def test_narrowing_works_where_the_server_can(local: Local, newest: Newest) -> None:
    for server in (local, newest):
        server.add_data("sewage")
        server.add_data("clean")
    with client_of(local) as client:
        assert [data.name for data in client.list("data", match="clean")] == ["clean"]
    with client_of(newest) as client:
        pages = client.list("data", match="clean")
        with pytest.raises(errors.AeroError, match="cannot filter"):
            pages.all()


def test_an_unknown_kind_is_refused(client: AeroClient) -> None:
    with pytest.raises(errors.InvalidArgument, match="no list of 'flows'"):
        client.list("flows")  # type: ignore[call-overload]


def test_versions_come_sorted_and_once(newest: Newest) -> None:
    data = newest.add_data("sewage")
    for content in (b"1", b"2", b"3"):
        row = newest.add_version(data, content)
    newest.versions[data["id"]].append(row)
    with client_of(newest) as client:
        versions = client.versions(data["id"])
    assert [version.version for version in versions] == [1, 2, 3]
    assert {version.data_id for version in versions} == {data["id"]}


def test_of_versions_that_raced_for_a_number_the_youngest_is_meant(newest: Newest) -> None:
    data = newest.add_data("sewage")
    newest.add_version(data, b"young", version=4)
    old = newest.add_version(data, b"old", version=4, created_at="2025-01-01T00:00:00Z")
    with client_of(newest) as client:
        assert len(client.versions(data["id"])) == 2
        assert client.version(data["id"], 4).id != old["id"]


def test_the_latest_version(server: Standin, client: AeroClient) -> None:
    data = server.add_data("sewage")
    server.add_version(data, b"1")
    server.add_version(data, b"2")
    assert client.latest(data["id"]).version == 2
    assert client.version(data["id"]).version == 2
    assert client.version(data["id"], 1).version == 1
    assert client.latest(data["id"]).data_id == data["id"]


def test_no_version_yet_is_not_found_on_every_generation(server: Standin, client: AeroClient) -> None:
    data = server.add_data("sewage")
    with pytest.raises(errors.NotFound) as caught:
        client.latest(data["id"])
    assert (caught.value.code, caught.value.message) == (404, "sewage has no versions yet.")


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], "sewage has no versions yet."),
        ([1], "sewage has one version (1); there is no version 7."),
        ([1, 2, 3], "sewage has versions 1 to 3; there is no version 7."),
        ([1, 3], "sewage has versions 1, 3; there is no version 7."),
    ],
)
def test_a_missing_version_is_told_with_those_that_exist(newest: Newest, numbers: list[int], words: str) -> None:
    data = newest.add_data("sewage")
    for number in numbers:
        newest.add_version(data, b"x", version=number)
    with client_of(newest) as client, pytest.raises(errors.NotFound) as caught:
        client.version(data["id"], 7)
    assert caught.value.message == words


def test_an_unknown_id_is_not_found(client: AeroClient) -> None:
    for ask in (client.get_data, client.get_flow, client.versions, client.latest):
        with pytest.raises(errors.NotFound):
            ask(str(uuid.uuid4()))


def test_an_id_cannot_lead_to_another_route(newest: Newest) -> None:
    with client_of(newest) as client, pytest.raises(errors.ClientError):
        client.get_data("../flow/")
    assert newest.paths()[-1] == "/fhwa/data/..%2Fflow%2F"


def test_data_is_found_by_name_id_and_beginning_of_id(server: Standin, client: AeroClient) -> None:
    data = server.add_data("sewage")
    server.add_data("clean")
    assert client.resolve_data(data["id"][:8]).id == data["id"]
    assert client.resolve_data("sewage").id == data["id"]
    assert client.resolve_data(data["id"]).id == data["id"]


def test_a_name_wins_over_the_beginning_of_an_id(newest: Newest) -> None:
    newest.add_data("first", id="cafe0000-0000-4000-8000-000000000001")
    named = newest.add_data("cafe")
    with client_of(newest) as client:
        assert client.resolve_data("cafe").id == named["id"]


def test_three_characters_are_no_beginning_of_an_id(newest: Newest) -> None:
    newest.add_data("first", id="abc00000-0000-4000-8000-000000000001")
    with client_of(newest) as client, pytest.raises(errors.UnknownName):
        client.resolve_data("abc")


def test_several_of_a_name_are_listed(server: Standin, client: AeroClient) -> None:
    ids = [server.add_data("sewage", description=where)["id"] for where in ("north", "south")]
    with pytest.raises(errors.UnknownName) as caught:
        client.resolve_data("sewage")
    assert set(caught.value.candidates) == set(ids)
    assert "2 data" in caught.value.message
    assert f"sewage ({ids[0][:8]}) north" in caught.value.message
    assert caught.value.cure == "Use the id."


def test_a_near_miss_is_suggested(server: Standin, client: AeroClient) -> None:
    server.add_data("sewage")
    with pytest.raises(errors.UnknownName) as caught:
        client.resolve_data("sewge")
    assert caught.value.cure == "Did you mean sewage?"


def test_nothing_near_leads_to_the_list(client: AeroClient) -> None:
    with pytest.raises(errors.UnknownName) as caught:
        client.resolve_data("zebra")
    assert caught.value.cure == "See what there is with %aero_list data"


def test_flows_are_found_in_the_stated_order(newest: Newest) -> None:
    clean = newest.add_data("clean")
    flow = newest.add_flow([], [clean], description="weekly", id="feed0000-0000-4000-8000-000000000001")
    named = newest.add_flow([], [], function_name="smooth", description="other")
    by_function = newest.add_flow([], [], function_name="clean", description="third")
    with client_of(newest) as client:
        assert client.resolve_flow(flow["id"]).id == flow["id"]
        assert client.resolve_flow("feed").id == flow["id"]
        assert client.resolve_flow("smooth").id == named["id"]
        assert client.resolve_flow("clean").id == by_function["id"]
        assert client.resolve_flow("weekly").id == flow["id"]
        with pytest.raises(errors.UnknownName) as caught:
            client.resolve_flow("smoth")
    assert caught.value.cure == "Did you mean smooth?"


def test_an_ambiguous_flow_lists_its_candidates(newest: Newest) -> None:
    newest.add_flow([], [], function_name="smooth")
    newest.add_flow([], [], function_name="smooth")
    with client_of(newest) as client, pytest.raises(errors.UnknownName, match="2 flows: smooth"):
        client.resolve_flow("smooth")


def test_registering_gives_the_flow_and_a_second_time_says_so(newest: Newest) -> None:
    with client_of(newest) as client:
        flow = client.register_flow({"function_uuid": "f", "rule": 2})
        assert flow.policy == 2
        with pytest.raises(errors.AlreadyExists, match="Flow already exists"):
            client.register_flow({"function_uuid": "f", "rule": 2})


def test_the_older_server_s_404_for_a_flow_that_exists_is_seen_through(flask: Flask) -> None:
    with client_of(flask) as client, pytest.raises(errors.AlreadyExists) as caught:
        client.register_flow({"function_uuid": "f", "rule": 2})
    assert caught.value.code == 501


def test_the_flow_that_is_there_is_found(newest: Newest) -> None:
    newest.add_flow([], [], function_id="f", arg_hash="one")
    wanted = newest.add_flow([], [], function_id="f", arg_hash="two")
    newest.add_flow([], [], function_id="g", arg_hash="two")
    with client_of(newest) as client:
        found = client.find_flow("f", "two")
        assert found is not None
        assert found.id == wanted["id"]
        assert client.find_flow("f", "three") is None


def test_without_hashes_the_only_flow_of_a_function_is_it(flask: Flask) -> None:
    wanted = flask.add_flow([], [], function_id="f")
    with client_of(flask) as client:
        found = client.find_flow("f", "x")
        assert found is not None
        assert found.id == wanted["id"]
        flask.add_flow([], [], function_id="f")
        assert client.find_flow("f", "x") is None


def test_flows_of_a_data_on_every_generation(server: Standin, client: AeroClient) -> None:
    data = server.add_data("sewage")
    flow = server.add_flow([data], [])
    rows = client.flows_of(data["id"])
    assert [(row["flow_id"], row["role"]) for row in rows] == [(flow["id"], "analysis")]


def test_provenance_of_a_version(local: Local, flask: Flask) -> None:
    for server in (local, flask):
        made = {"id": "v1", "version": 2, "data": {"id": "d1", "name": "clean"}}
        server.prov.append({"id": "p1", "flow_id": "f1", "derived_from": [], "contributed_to": [made]})
        server.prov.append({"id": "p2", "flow_id": "f2", "derived_from": [made], "contributed_to": []})
        with client_of(server) as client:
            assert [record.id for record in client.provenance(Version("v1", "d1", 2))] == ["p1"]
            assert [record.id for record in client.provenance(2, data_id="d1")] == ["p1"]
            assert client.provenance(3, data_id="d1") == []
            assert [record.id for record in client.provenance(flow_id="f2")] == ["p2"]
            assert len(client.provenance()) == 2


def test_a_server_that_does_not_tell_relations_says_so(newest: Newest) -> None:
    newest.prov.append({"id": "p1", "flow_id": "f1"})
    with client_of(newest) as client:
        assert client.provenance(flow_id="f1")[0].made is None
        with pytest.raises(errors.AeroError, match="does not list the versions"):
            client.provenance(1, data_id="d1")


def test_search_pages_where_it_can(local: Local) -> None:
    for _ in range(20):
        local.add_data("sewage")
    local.add_data("clean")
    with client_of(local) as client:
        found = client.search("sewage")
        assert len(found.all()) == found.total == 20


def test_search_in_globus_shape_is_one_request(newest: Newest) -> None:
    entries = [{"entries": [{"content": {"name": f"d{number}"}}]} for number in range(30)]
    newest.faults["/data/search"] = [json_reply({"gmeta": entries, "total": 30})]
    with client_of(newest) as client:
        assert [row["name"] for row in client.search("d")][:2] == ["d0", "d1"]
    assert newest.paths().count("/fhwa/data/search") == 1


def test_a_search_that_gives_some_of_what_it_found_says_so(newest: Newest) -> None:
    entries = [{"subject": f"s{number}", "content": {"name": f"d{number}"}} for number in range(10)]
    newest.faults["/data/search"] = [json_reply({"gmeta": entries, "total": 412})]
    with client_of(newest) as client:
        found = client.search("d")
        assert [row["id"] for row in found.all()] == [f"s{number}" for number in range(10)]
        assert (found.is_complete, found.total, found.withheld) == (False, None, 402)


def test_a_data_is_found_once_however_many_versions_the_index_holds(newest: Newest) -> None:
    versions = [{"content": {"data_id": "x", "name": "v", "version": number}} for number in (1, 3, 2)]
    newest.faults["/data/search"] = [json_reply({"gmeta": versions, "total": 3})]
    with client_of(newest) as client:
        found = client.search("v")
        assert [row["version"] for row in found.all()] == [3]
        assert (found.is_complete, found.total) == (True, 1)


@pytest.mark.parametrize("cap", [1, 10, 15])
def test_servers_that_give_fewer_at_once_are_read_whole(newest: Newest, flask: Flask, cap: int) -> None:
    for server in (newest, flask):
        server.cap = cap
        names = {server.add_data(f"d{number}")["name"] for number in range(40)}
        with client_of(server) as client:
            pages = client.list("data")
            assert {data.name for data in pages} == names
            assert pages.has_ended
            assert sum(len(rows) for rows in client.list("data").raw_pages()) == 40


def test_a_broken_search_is_said_once(newest: Newest) -> None:
    with client_of(newest) as client, pytest.raises(errors.ServerFailed) as caught:
        client.search("sewage").all()
    assert caught.value.message == "The search of this server is broken."
    assert "--scan" in caught.value.cure


def test_runs_are_refused_in_words_where_there_are_none(newest: Newest, flask: Flask) -> None:
    for server in (newest, flask):
        with client_of(server) as client:
            for ask in (client.get_run, client.run_flow, client.cancel_run, lambda _: client.list("run").all()):
                with pytest.raises(errors.AeroError, match="does not list runs"):
                    ask("r1")


def test_a_run_is_started_and_cancelled(local: Local) -> None:
    with client_of(local) as client:
        run = client.run_flow("f9")
        assert (run.flow_id, run.state) == ("f9", "queued")
        assert client.cancel_run(run.id).state == "cancelled"


def test_waiting_looks_ever_less_often_until_the_run_ends(local: Local) -> None:
    local.states = ["queued"] * 12 + ["failed"]
    clock = Clock()
    with client_of(local, sleep=clock.sleep, clock=clock) as client:
        assert client.wait_for_run("r1", 180).state == "failed"
    assert clock.slept[:3] == pytest.approx([0.05, 0.075, 0.1125])
    assert max(clock.slept) == 1.0


def test_waiting_ends_in_time_and_in_words(local: Local) -> None:
    clock = Clock()
    words = "Run 12345678 did not end within 2 s"
    with client_of(local, sleep=clock.sleep, clock=clock) as client, pytest.raises(errors.AeroError, match=words):
        client.wait_for_run("12345678-aaaa", 2)
    assert clock.now == pytest.approx(2)


def test_waiting_can_be_interrupted(local: Local) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with client_of(local, sleep=interrupted) as client, pytest.raises(KeyboardInterrupt):
        client.wait_for_run("r1", 180)


def test_waiting_for_a_version(newest: Newest) -> None:
    data = newest.add_data("sewage")
    clock = Clock()

    def publish(seconds: float) -> None:
        clock.sleep(seconds)
        newest.add_version(data, b"x")

    with client_of(newest, sleep=publish, clock=clock) as client:
        assert client.wait_for_version(data["id"], 2, 10).version == 2
        assert len(clock.slept) == 2
        with pytest.raises(errors.AeroError, match="sewage did not get version 999 within 1 s"):
            client.wait_for_version(data["id"], 999, 1)


def test_a_record_keeps_what_the_server_said(newest: Newest) -> None:
    data = newest.add_data("sewage", novelty=1)
    newest.add_version(data, b"x")
    with client_of(newest) as client:
        assert client.get_data(data["id"]).raw["novelty"] == 1
        created = client.latest(data["id"]).created_at
    assert created is not None
    assert created.isoformat() == CREATED.replace("Z", "+00:00")


def test_deleting_flows(newest: Newest) -> None:
    data = newest.add_data("sewage")
    newest.faults[f"/data/{data['id']}/flows"] = [
        json_reply([{"flow_id": "f", "provenance_deleted": 2}]),
        Reply(503, b""),
    ]
    with client_of(newest) as client:
        assert client.delete_flows_of(data["id"])[0]["provenance_deleted"] == 2
        with pytest.raises(errors.ServerFailed):
            client.delete_flows_of(data["id"])
    assert [request.method for request in newest.requests[1:]] == ["DELETE", "DELETE"]
