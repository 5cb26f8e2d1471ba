"""When flows run: every policy, notifications, source types, no-copy data, cancelling and deleting."""

import http.server
import threading
import time
import uuid

import pytest
from test_service import Caller

from aero_jupyter.core.models import FINAL_STATES


@pytest.fixture
def call(aero):
    caller = Caller(aero)
    yield caller
    caller.session.close()


class Site(http.server.ThreadingHTTPServer):
    """A site of files; each request is kept."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.asked, self.status, self.moved = b"a\n1\n", [], 200, {}
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        for name, value in self.server.moved.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/csv")
        self.send_header("ETag", '"tag-1"')
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(self.server.content)

    def do_HEAD(self):
        self.answer(b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def runs(call, flow, count=1):
    """The runs of a flow, newest first, once there are `count` and all have ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = call("GET", f"runs/?match={flow['id']}").json()
        if len(found) >= count and all(run["state"] in FINAL_STATES for run in found):
            return found
    raise AssertionError(f"{[run['state'] for run in found]}")


def settled(call, flow, count):
    """Whether a flow has run that often, and nothing of it is waiting."""
    return len(runs(call, flow, count)) == count


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


def run_now(call, flow):
    before = len(call("GET", f"runs/?match={flow['id']}").json())
    assert call("POST", "runs/", json={"flow_id": flow["id"]}).status_code == 202
    return runs(call, flow, before + 1)[0]


def test_any_runs_for_each_change_once_every_input_has_a_version(call):
    one, two = maker(call, "any_one"), maker(call, "any_two")
    either = reader(call, "either", 2, [one, two])
    run_now(call, one)
    assert call("GET", f"runs/?match={either['id']}").json() == []
    run_now(call, two)
    assert settled(call, either, 1)
    run_now(call, two)
    assert settled(call, either, 2)


def test_all_waits_until_every_input_is_new(call):
    one, two = maker(call, "all_one"), maker(call, "all_two")
    both = reader(call, "both", 3, [one, two])
    run_now(call, one)
    run_now(call, two)
    assert settled(call, both, 1)
    run_now(call, one)
    run_now(call, one)
    assert settled(call, both, 1)
    run_now(call, two)
    assert settled(call, both, 2)


def test_none_runs_only_when_asked(call):
    one = maker(call, "none_one")
    run_now(call, one)
    still = reader(call, "still", -1, [one])
    run_now(call, one)
    assert call("GET", f"runs/?match={still['id']}").json() == []
    assert run_now(call, still)["trigger"] == "asked"


def test_a_flow_on_inputs_that_have_versions_runs_at_once(call):
    one = maker(call, "at_once")
    run_now(call, one)
    assert runs(call, reader(call, "follows", 2, [one]))[0]["trigger"] == "registered"


def test_a_timer_runs_at_once_and_says_when_next(call):
    function = call.function("def ticks():\n    return None\n")
    flow = call.flow(function_uuid=function, rule=1, timer=3600).json()
    assert flow["timer_job_id"]
    assert runs(call, flow)[0]["trigger"] == "timer"
    assert call("GET", f"flow/{flow['id']}").json()["next_due"] > flow["created_at"]


def test_a_short_timer_goes_on_until_its_flow_is_deleted(call):
    function = call.function("def quick():\n    open('q.txt', 'w').close()\n    return 'q.txt'\n")
    flow = call.flow(function_uuid=function, rule=1, timer=1, output_data={"quick": {}}).json()
    assert len(runs(call, flow, 3)) >= 3
    (deleted,) = call("DELETE", f"data/{flow['contributed_to'][0]['id']}/flows").json()
    assert (deleted["flow_id"], deleted["timer"]) == (flow["id"], "cancelled")


def test_unchanged_content_makes_no_version_and_no_run_downstream(call):
    same = maker(call, "same", "'always'")
    follower = reader(call, "follower", 2, [same])
    assert run_now(call, same)["state"] == "done"
    assert settled(call, follower, 1)
    assert run_now(call, same)["state"] == "unchanged"
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
    assert (runs(call, flow)[0]["trigger"], runs(call, flow)[0]["state"]) == ("notify", "done")
    elsewhere = site.url + "bucket/other.csv"
    assert call("POST", f"data/{data}/notify", json={"url": elsewhere}).status_code == 200
    runs(call, flow, 2)
    assert site.asked[-1] == "/bucket/other.csv"
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

    site.status, site.moved = 302, {"Location": "http://169.254.169.254/latest"}
    assert "a link-local address, which is not pulled" in refused()
    site.moved = {"Location": site.url.replace("127.0.0.1", "localhost")}
    assert "sends on to another host" in refused()
    # A page that says that there is nothing has a tag of its own.
    site.status, site.moved = 404, {}
    assert "answered 404 (Not Found)" in refused()
    assert call("GET", f"data/{data}/versions").json() == []


def test_a_running_and_a_waiting_run_can_be_cancelled(call, tmp_path):
    held = tmp_path / "held"
    cell = f"def waits():\n    import time\n    open({str(held)!r}, 'w').close()\n    time.sleep(600)\n"
    flow = call.flow(function_uuid=call.function(cell), rule=-1).json()
    running = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    deadline = time.monotonic() + 30
    while not held.exists():
        assert time.monotonic() < deadline
    waiting = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    assert waiting != running
    for run in (waiting, running):
        assert call("POST", f"runs/{run}/cancel").json()["state"] == "cancelled"
    again = call("POST", f"runs/{running}/cancel")
    assert (again.status_code, again.json()["detail"]) == (409, "The run is cancelled already.")
    assert call("POST", f"runs/{uuid.uuid4()}/cancel").status_code == 404
    assert {run["state"] for run in runs(call, flow, 2)} == {"cancelled"}


def test_provenance_comes_back_with_its_relations(call):
    one = maker(call, "prov_one")
    run_now(call, one)
    function = call.function(
        "from aero_jupyter import AeroOutput\n\ndef copies(i0):\n    return AeroOutput('copied', i0)\n"
    )
    source = one["contributed_to"][0]["id"]
    body = {"rule": 2, "input_data": {"i0": {"id": source}}, "output_data": {"copied": {}}}
    flow = call.flow(function_uuid=function, **body).json()
    run = runs(call, flow)[0]
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
