"""A registration that replaces a flow moves its source; a second ingestion follows its own; old tasks end at once."""

import threading
import uuid

import pytest
from support.file_site import FileSite
from support.http_serving import serve_in_thread
from support.rest_caller import latest_content, register_ingestion, replace_ingestion, wait_for_last_run
from support.waiting import wait_until

NIL = str(uuid.UUID(int=0))


@pytest.fixture
def elsewhere():
    """Serve other content with the same ETag."""
    with serve_in_thread(FileSite()) as server:
        server.content = b"a\n2\n"
        yield server


def test_a_replaced_source_is_downloaded_from_its_new_url_and_said(call, site, elsewhere):
    flow, data = register_ingestion(call, site.url, NIL)
    assert wait_for_last_run(call, flow)["state"] == "done"
    before = call("GET", f"data/{data}").json()["url"]
    for url, server in (
        (f"{elsewhere.url}moved-elsewhere.csv", elsewhere),
        (before, site),
        (f"{elsewhere.url}x.csv?q=1", elsewhere),
    ):
        was = call("GET", f"data/{data}").json()["url"]
        answer = replace_ingestion(call, flow, data, url)
        assert answer.status_code == 200, answer.text
        record = answer.json()
        flow = record["id"]
        assert record["source_url"] == url
        assert [(each["previous"], each["url"]) for each in record["source_changes"]] == [(was, url)]
        count_before = len(server.requests)
        run = wait_for_last_run(call, flow)
        assert run["state"] == "done", run["error"]
        assert len(server.requests) > count_before
        assert latest_content(call, data) == server.content
        assert call("GET", f"data/{data}").json()["url"] == url
        assert record["function_args"]["kwargs"]["aero"]["output_data"]["again"]["url"] == url
    assert call("GET", "data/search", params={"query": '"moved-elsewhere.csv"'}).json()["total"] == 0
    tells = [call("GET", f"data/{data}/versions").json(), call("GET", f"data/{data}/latest").json()["trigger_url"]]
    assert len(tells[0]) == 4
    assert tells[1] == f"{elsewhere.url}x.csv?q=1"


def test_a_replacement_with_another_timer_description_or_tag_alone_is_registered(call, site):
    flow, data = register_ingestion(call, site.url, NIL, description="first words")
    url = call("GET", f"data/{data}").json()["url"]
    second = replace_ingestion(call, flow, data, url, description="second words", timer=60).json()
    third = replace_ingestion(
        call, second["id"], data, url, description="third words", timer=61, tags=["weekly"]
    ).json()
    assert (third["timer"], third["description"]) == (61, "third words")
    shown = call("GET", f"data/{data}").json()
    assert (shown["description"], shown["tags"]) == ("third words", ["weekly"])
    assert third["source_changes"] == []


@pytest.mark.parametrize("moved", ["other.csv", "raw.csv?q=1", "deep/raw.csv"])
def test_the_source_of_a_dataset_with_a_source_type_does_not_move(call, site, moved):
    name = f"typed_{uuid.uuid4().hex[:8]}"
    url = f"{site.url}{name}/raw.csv"
    data = call("POST", "data/source", json={"name": name, "url": url, "type": name}).json()["id"]
    body = {"function_uuid": NIL, "output_data": {name: {"id": data, "url": url}}, "rule": 0, "timer": 86_400}
    flow = call.flow(**body).json()["id"]
    answer = replace_ingestion(call, flow, data, f"{site.url}{name}/{moved}")
    assert answer.status_code == 422
    assert f"has the source type {name}" in answer.text
    assert call("GET", f"data/{data}").json()["url"] == url
    assert call("GET", f"flow/{flow}").status_code == 200
    assert replace_ingestion(call, flow, data, url, timer=60).status_code == 200


def test_a_dataset_does_not_move_to_another_collection(call, site):
    flow, data = register_ingestion(call, site.url, NIL)
    outputs = {"again": {"id": data, "url": site.url, "collection_uuid": str(uuid.uuid4())}}
    answer = replace_ingestion(call, flow, data, site.url, output_data=outputs)
    assert answer.status_code == 422
    assert call("GET", f"flow/{flow}").status_code == 200


def test_a_second_ingestion_of_one_output_follows_its_own_source_and_says_so(call, site, elsewhere):
    flow, data = register_ingestion(call, site.url, NIL)
    wait_for_last_run(call, flow)
    own = call("GET", f"data/{data}").json()["url"]
    url = f"{elsewhere.url}second.csv"
    second = replace_ingestion(call, None, data, url).json()
    assert wait_for_last_run(call, second["id"])["state"] == "done"
    assert latest_content(call, data) == elsewhere.content
    assert call("GET", f"data/{data}/latest").json()["trigger_url"] == url
    assert call("GET", f"data/{data}").json()["url"] == own
    assert (second["source_url"], second["other_sources"][0]["url"]) == (url, own)
    first = call("GET", f"flow/{flow}").json()
    assert (first["source_url"], first["other_sources"][0]["url"]) == (own, url)


def test_a_source_that_an_analysis_replaces_is_no_source_any_more(call, site):
    flow, data = register_ingestion(call, site.url, NIL)
    wait_for_last_run(call, flow)
    url = call("GET", f"data/{data}").json()["url"]
    function = call.function("def made():\n    open('m.csv', 'w').write('x')\n    return 'm.csv'\n")
    record = replace_ingestion(call, flow, data, None, function_uuid=function, rule=-1).json()
    assert call("GET", f"data/{data}").json()["url"] is None
    assert record["source_changes"][0]["previous"] == url
    assert call("GET", f"data/{data}/latest").json()["trigger_url"] == url


ENDLESS = """
def endless():
    import time
    with open({path!r}, "a") as file:
        while True:
            file.write(".")
            file.flush()
            time.sleep(0.01)
"""


@pytest.mark.parametrize("how", ["replace", "delete", "delete-flows"])
def test_the_running_task_of_a_flow_that_goes_is_ended_at_once(call, tmp_path, how):
    path = tmp_path / "beats"
    function = call.function(ENDLESS.format(path=str(path)))
    flow = call.flow(function_uuid=function, output_data={f"endless{uuid.uuid4().hex}": {}}, rule=-1).json()
    data = flow["contributed_to"][0]["id"]
    run = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    wait_until(lambda: path.exists() and path.stat().st_size > 3)
    if how == "replace":
        other = call.function("def other():\n    return None\n")
        assert replace_ingestion(call, flow["id"], data, None, function_uuid=other, rule=-1).status_code == 200
    else:
        assert call("DELETE", f"flow/{flow['id']}" if how == "delete" else f"data/{data}/flows").status_code == 200
    wait_until(lambda: is_still(path))
    assert call("GET", f"runs/{run}").json()["state"] == "cancelled"
    assert (
        call("GET", f"runs/{run}").json()["error"]
        == f"The flow of this run was {'replaced' if how == 'replace' else 'deleted'}."
    )


def is_still(path):
    size = path.stat().st_size
    threading.Event().wait(0.3)
    return path.stat().st_size == size
