"""When flows run: every policy, notifications, source types, no-copy data, cancelling and deleting."""

import time
import uuid

import pytest
from support.rest_caller import start_run, wait_for_runs


def settled(call, flow, count):
    """Return whether a flow has exactly `count` runs, none of them pending."""
    return len(wait_for_runs(call, flow, count)) == count


def maker(call, name, content="str(time.time_ns())"):
    function = call.function(
        f"import time\nfrom aero_jupyter import AeroOutput\n\ndef {name}():\n"
        f"    open('f.txt', 'w').write({content})\n    return AeroOutput('{name}', 'f.txt')\n"
    )
    return call.flow(function_uuid=function, rule=-1, output_data={name: {}}).json()


def reader(call, name, rule, inputs, **more):
    parameters = ", ".join(f"i{number}" for number in range(len(inputs)))
    function = call.function(f"def {name}({parameters}):\n    return None\n")
    given = {f"i{number}": {"id": made["contributed_to"][0]["id"]} for number, made in enumerate(inputs)}
    return call.flow(function_uuid=function, rule=rule, input_data=given, **more).json()


def test_any_runs_for_each_change_once_every_input_has_a_version(call):
    one, two = maker(call, "any_one"), maker(call, "any_two")
    either = reader(call, "either", 2, [one, two])
    start_run(call, one)
    assert call("GET", f"runs/?match={either['id']}").json() == []
    start_run(call, two)
    assert settled(call, either, 1)
    start_run(call, two)
    assert settled(call, either, 2)


def test_all_waits_until_every_input_is_new(call):
    one, two = maker(call, "all_one"), maker(call, "all_two")
    both = reader(call, "both", 3, [one, two])
    start_run(call, one)
    start_run(call, two)
    assert settled(call, both, 1)
    start_run(call, one)
    start_run(call, one)
    assert settled(call, both, 1)
    start_run(call, two)
    assert settled(call, both, 2)


def test_none_runs_only_when_asked(call):
    one = maker(call, "none_one")
    start_run(call, one)
    still = reader(call, "still", -1, [one])
    start_run(call, one)
    assert call("GET", f"runs/?match={still['id']}").json() == []
    assert start_run(call, still)["trigger"] == "asked"


def test_a_flow_on_inputs_that_have_versions_runs_at_once(call):
    one = maker(call, "at_once")
    start_run(call, one)
    assert wait_for_runs(call, reader(call, "follows", 2, [one]))[0]["trigger"] == "registered"


def test_a_timer_runs_at_once_and_says_when_next(call):
    function = call.function("def ticks():\n    return None\n")
    flow = call.flow(function_uuid=function, rule=1, timer=3600).json()
    assert flow["timer_job_id"]
    assert wait_for_runs(call, flow)[0]["trigger"] == "timer"
    assert call("GET", f"flow/{flow['id']}").json()["next_due"] > flow["created_at"]


def test_a_short_timer_goes_on_until_its_flow_is_deleted(call):
    function = call.function("def quick():\n    open('q.txt', 'w').close()\n    return 'q.txt'\n")
    flow = call.flow(function_uuid=function, rule=1, timer=1, output_data={"quick": {}}).json()
    assert len(wait_for_runs(call, flow, 3)) >= 3
    (deleted,) = call("DELETE", f"data/{flow['contributed_to'][0]['id']}/flows").json()
    assert (deleted["flow_id"], deleted["timer"]) == (flow["id"], "cancelled")


def test_unchanged_content_makes_no_version_and_no_run_downstream(call):
    same = maker(call, "same", "'always'")
    follower = reader(call, "follower", 2, [same])
    assert start_run(call, same)["state"] == "done"
    assert settled(call, follower, 1)
    assert start_run(call, same)["state"] == "unchanged"
    assert settled(call, follower, 1)
    assert len(call("GET", f"data/{same['contributed_to'][0]['id']}/versions").json()) == 1


def test_a_notification_pulls_once_and_a_deleted_flow_no_more(call, site):
    function = call.function("def keep(raw):\n    return raw\n")
    url = site.url + "bucket/day.csv"
    flow = call.flow(function_uuid=function, rule=4, output_data={"noted": {"url": url}}).json()
    data = flow["contributed_to"][0]["id"]
    assert call("GET", f"runs/?match={flow['id']}").json() == []
    answer = call("POST", "data/notify", json={"file_id": url + "?signed=1"}).json()
    assert answer == {"status": "ingestion triggered", "flow_id": flow["id"], "data_id": data}
    assert (wait_for_runs(call, flow)[0]["trigger"], wait_for_runs(call, flow)[0]["state"]) == ("notify", "done")
    elsewhere = site.url + "bucket/other.csv"
    assert call("POST", f"data/{data}/notify", json={"url": elsewhere}).status_code == 200
    wait_for_runs(call, flow, 2)
    assert site.requests[-1] == "/bucket/other.csv"
    deleted = call("DELETE", f"data/{data}/flows").json()
    assert [(each["flow_id"], each["role"], each["provenance_deleted"] >= 1) for each in deleted] == [
        (flow["id"], "ingestion", True)
    ]
    assert call("GET", f"flow/{flow['id']}").status_code == 404
    assert call("GET", f"data/{data}/latest").status_code == 200
    assert call("POST", f"data/{data}/notify").status_code == 404


def test_an_object_nobody_knows_is_not_found(call):
    answer = call("POST", "data/notify", json={"file_id": "nobody/knows.csv"})
    assert (answer.status_code, "No source matches" in answer.json()["detail"]) == (404, True)


def test_types_stand_for_urls_and_the_most_specific_pattern_wins(call):
    def typed(name, url):
        body = {"name": name, "url": url, "type": name, "no_copy": True}
        return call("POST", "data/source", json=body).json()["id"]

    wide, narrow = typed("wide", "http://minio/t-logs/**/*.csv"), typed("narrow", "http://minio/t-logs/2026/*.csv")
    assert call("POST", "data/source", json={"name": "w", "url": "http://m/x*.csv"}).status_code == 400
    assert call("POST", "data/source", json={"name": "w", "url": "http://m/x", "type": "wide"}).status_code == 409

    def notified(key, etag="e1", **more):
        return call("POST", "data/notify", json={"file_id": key, "etag": etag, "size": 3, **more}).json()

    assert notified("t-logs/2025/a/b.csv")["data_id"] == wide
    first = notified("t-logs/2026/b.csv")
    assert (first["data_id"], first["status"], first["version"]) == (narrow, "version created", 1)
    assert notified("t-logs/2026/b.csv")["status"] == "unchanged"
    assert notified("t-logs/2026/c.csv")["version"] == 2
    assert notified("t-logs/2026/b.csv", dedup=False)["version"] == 3
    latest = call("GET", f"data/{narrow}/latest").json()
    assert (latest["no_copy"], latest["trigger_url"]) == (True, "http://minio/t-logs/2026/b.csv")

    assert call("POST", "data/types/wide/urls", json={"url": "http://minio/more.csv?sig=1"}).status_code == 200
    keys = [each["object_key"] for each in call("GET", "data/types/wide").json()["urls"]]
    assert keys == ["more.csv?sig=1", "t-logs/**/*.csv"]
    taken = call("POST", "data/types/narrow/urls", json={"url": "http://minio/t-logs/**/*.csv"})
    assert (taken.status_code, "belongs to type wide" in taken.json()["detail"]) == (409, True)
    gone = call("DELETE", "data/types/wide/urls", params={"url": "http://minio/more.csv?sig=1"})
    assert [each["object_key"] for each in gone.json()["urls"]] == ["t-logs/**/*.csv"]
    assert call("DELETE", "data/types/wide/urls", params={"url": "http://minio/more.csv"}).status_code == 404
    assert {"wide", "narrow"} <= {each["name"] for each in call("GET", "data/types").json()}
    assert call("GET", "data/types/unheard").status_code == 404


def test_an_object_s_tag_is_asked_of_where_it_lives(call, site):
    body = {"name": "left there", "url": site.url + "left.csv", "no_copy": True}
    data = call("POST", "data/source", json=body).json()["id"]
    assert call("POST", f"data/{data}/notify").json()["version"] == 1
    latest = call("GET", f"data/{data}/latest").json()
    assert (latest["checksum"], latest["data_file"]["size"]) == ("tag-1", 4.0)
    nowhere = call("POST", "data/source", json={"name": "gone", "url": "http://127.0.0.1:9/x", "no_copy": True}).json()
    assert call("POST", f"data/{nowhere['id']}/notify").status_code == 400


def test_an_object_is_looked_up_only_where_it_could_be_pulled_from(call, site):
    body = {"name": "sent on", "url": site.url + "sent-on.csv", "no_copy": True}
    data = call("POST", "data/source", json=body).json()["id"]

    def refused():
        answer = call("POST", f"data/{data}/notify")
        assert answer.status_code == 400
        return answer.json()["detail"]

    site.status, site.extra_headers = 302, {"Location": "http://169.254.169.254/latest"}
    assert "a link-local address, which is not downloaded" in refused()
    site.extra_headers = {"Location": "file:///etc/hosts"}
    assert "a file of this machine, which is never downloaded" in refused()
    # A page that says that there is nothing has a tag of its own.
    site.status, site.extra_headers = 404, {}
    assert "answered 404 (Not Found)" in refused()
    assert call("GET", f"data/{data}/versions").json() == []


def test_a_running_and_a_waiting_run_can_be_cancelled(call, tmp_path):
    held = tmp_path / "held"
    cell = f"def waits():\n    import time\n    open({str(held)!r}, 'w').close()\n    time.sleep(600)\n"
    flow = call.flow(function_uuid=call.function(cell), rule=-1).json()
    running = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    deadline = time.monotonic() + 180
    while not held.exists():
        assert time.monotonic() < deadline
    waiting = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    assert waiting != running
    for run in (waiting, running):
        assert call("POST", f"runs/{run}/cancel").json()["state"] == "cancelled"
    again = call("POST", f"runs/{running}/cancel")
    assert (again.status_code, again.json()["detail"]) == (409, "The run is already cancelled.")
    assert call("POST", f"runs/{uuid.uuid4()}/cancel").status_code == 404
    assert {run["state"] for run in wait_for_runs(call, flow, 2)} == {"cancelled"}


def test_provenance_comes_back_with_its_relations(call):
    one = maker(call, "prov_one")
    start_run(call, one)
    function = call.function(
        "from aero_jupyter import AeroOutput\n\ndef copies(i0):\n    return AeroOutput('copied', i0)\n"
    )
    source = one["contributed_to"][0]["id"]
    body = {"rule": 2, "input_data": {"i0": {"id": source}}, "output_data": {"copied": {}}}
    flow = call.flow(function_uuid=function, **body).json()
    run = wait_for_runs(call, flow)[0]
    (record,) = [each for each in call("GET", f"prov/?match={flow['id']}").json() if each["run_id"] == run["id"]]
    assert [(each["data"]["name"], each["version"]) for each in record["derived_from"]] == [("prov_one", 1)]
    assert [(each["data"]["name"], each["version"]) for each in record["contributed_to"]] == [("copied", 1)]
    assert call("GET", f"prov/{record['id']}").json() == record


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "flow/register", {}, 422),
        ("POST", "data/source", {"name": "no url"}, 422),
        ("POST", "prov/new", {"flow_id": "x", "input_data": {}, "output_data": {}}, 422),
        ("POST", "runs/", {"flow_id": "00000000-0000-0000-0000-000000000001"}, 404),
        ("POST", "data/notify", {}, 422),
        ("PUT", "data/", None, 405),
        ("DELETE", "data/types/none/urls", None, 422),
    ],
)
def test_whatever_is_wrong_is_4xx_with_a_detail(call, method, path, body, status):
    answer = call(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]
