"""The local AERO from outside: one process, private, in the newest server's dialect, without its bugs."""

import concurrent.futures
import stat
import subprocess
import sys
import uuid

import pytest
import requests

from aero_jupyter.service import daemon, local_home
from aero_jupyter.testing import local_aero


def test_nobody_without_the_token_is_let_in(aero):
    assert requests.get(aero.url + "data/", timeout=120).status_code == 401
    assert requests.get(aero.url + "data/", headers={"Authorization": "Bearer no"}, timeout=120).status_code == 403
    for text in (aero.token, f"Basic {aero.token}", f"Token {aero.token}", "Bearer", "Bearer "):
        assert requests.get(aero.url + "data/", headers={"Authorization": text}, timeout=120).status_code == 401, text
    for text in (f"Bearer {aero.token}", f"bearer {aero.token}"):
        assert requests.get(aero.url + "data/", headers={"Authorization": text}, timeout=120).status_code == 200


def test_a_foreign_host_name_is_refused(call):
    assert call("GET", "data/", headers={"Host": "evil.example"}).status_code == 403


def test_the_state_file_is_private_and_the_token_not_shown(aero, aero_home):
    assert stat.S_IMODE(local_home.state_file(aero_home).stat().st_mode) == 0o600
    assert aero.token not in repr(aero)


def test_many_callers_at_once_get_one_service(tmp_path):
    with local_aero(tmp_path), concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert len({state.pid for state in pool.map(lambda _: daemon.ensure(tmp_path), range(8))}) == 1


@pytest.mark.slow
def test_fifty_notebooks_at_once_start_one_service(tmp_path):
    code = "import sys, pathlib; from aero_jupyter.service import daemon"
    code += "; print(daemon.ensure(pathlib.Path(sys.argv[1])).pid)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(50)]
    try:
        assert len({process.communicate(timeout=120)[0] for process in started}) == 1
    finally:
        daemon.stop(tmp_path)


def test_a_stale_state_file_is_healed(tmp_path):
    local_home.State("http://127.0.0.1:9/", "t", 2**22 - 1, "0", "e", "c").write(local_home.state_file(tmp_path))
    with local_aero(tmp_path) as state:
        assert state.url != "http://127.0.0.1:9/"


UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"data/{UNKNOWN}", 404),
        ("GET", "data/not-a-uuid", 422),
        ("GET", "data/?limit=16", 422),
        ("GET", "data/?offset=-1", 422),
        ("GET", f"flow/{UNKNOWN}", 404),
        ("GET", f"runs/{UNKNOWN}", 404),
        ("GET", "data/search?query=%22open", 400),
        ("GET", "nowhere", 404),
    ],
)
def test_errors_are_4xx_json_with_a_detail(call, method, path, status):
    answer = call(method, path)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_lists_tell_their_total_and_are_cut_at_15(call):
    for number in range(17):
        call("POST", "data/source", json={"name": f"listed {number}", "url": f"http://127.0.0.1/{number}"})
    answer = call("GET", "data/")
    assert len(answer.json()) == 15
    assert int(answer.headers["X-Total-Count"]) >= 17


def test_search_finds_ranks_and_answers_as_globus_search_does(call):
    call("POST", "data/source", json={"name": "obrien", "url": "http://127.0.0.1/o", "description": "aboutcholera"})
    call("POST", "data/source", json={"name": "aboutcholera", "url": "http://127.0.0.1/c"})
    found = call("GET", "data/search", params={"query": "aboutchol*"}).json()
    assert [entry["entries"][0]["content"]["name"] for entry in found["gmeta"]] == ["aboutcholera", "obrien"]
    assert found["total"] == 2
    assert call("GET", "data/search", params={"query": "aboutcholera NOT obrien"}).json()["total"] == 1


def test_content_streams_in_ranges_and_is_never_overwritten(call, aero):
    place = f"collections/{aero.collection}/greeting.txt"
    assert call("PUT", place, data=b"hello world").status_code == 200
    assert call("PUT", place, data=b"something else").status_code == 409
    part = call("GET", place, headers={"Range": "bytes=6-"})
    assert (part.status_code, part.content) == (206, b"world")
    assert call("GET", place, headers={"Range": "bytes=99-"}).status_code == 416
    assert call("GET", f"collections/{aero.collection}/..%2Fstate.json").status_code in (404, 422)


def test_content_that_somebody_has_is_not_sent_again_and_a_range_is_of_what_they_have(call, aero):
    place = f"collections/{aero.collection}/farewell.txt"
    tag = call("PUT", place, data=b"good bye").headers["ETag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        same = call("GET", place, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert call("GET", place, headers={"If-None-Match": '"other"'}).content == b"good bye"
    assert call("GET", place, headers={"Range": "bytes=5-", "If-Range": tag}).content == b"bye"
    other = call("GET", place, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, b"good bye")


def test_a_flow_that_cannot_run_is_refused_when_it_is_registered(call):
    assert "not registered" in call.flow(function_uuid=str(uuid.uuid4()), rule=-1).json()["detail"]
    function = call.function("def f():\n    return None\n")
    missing = call.flow(function_uuid=function, rule=2, input_data={"x": {"id": str(uuid.uuid4())}})
    assert (missing.status_code, "does not exist" in missing.json()["detail"]) == (422, True)
    assert call.flow(function_uuid=function, rule=9).status_code == 422
    assert call.flow(function_uuid=function, rule=-1).status_code == 200
    assert call.flow(function_uuid=function, rule=-1).status_code == 409


def test_commits_at_once_never_share_a_version_number(call, aero):
    function = call.function("def make():\n    return None\n")
    flow = call.flow(function_uuid=function, rule=-1, output_data={"counted": {}}).json()
    data_id = flow["contributed_to"][0]["id"]

    def commit(number):
        content = str(number).encode()
        kept = call("PUT", f"collections/{aero.collection}/{uuid.uuid4().hex}", data=content)
        entry = {"id": data_id, "file_bn": kept.request.url.rpartition("/")[2], "file_format": ".txt", "size": 1}
        body = {"flow_id": flow["id"], "input_data": {}, "output_data": {"counted": {**entry, **kept.json()}}}
        return call("POST", "prov/new", json=body).status_code

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        assert set(pool.map(commit, range(64))) == {200}
    versions = call("GET", f"data/{data_id}/versions").json()
    assert [row["version"] for row in versions] == list(range(1, 65))


def test_a_commit_without_its_bytes_is_refused(call):
    function = call.function("def make2():\n    return None\n")
    flow = call.flow(function_uuid=function, rule=-1, output_data={"empty": {}}).json()
    entry = {
        "id": flow["contributed_to"][0]["id"],
        "file_bn": "nothing",
        "file_format": ".txt",
        "size": 1,
        "checksum": "x",
    }
    body = {"flow_id": flow["id"], "input_data": {}, "output_data": {"empty": entry}}
    assert call("POST", "prov/new", json=body).status_code == 422
    assert call("GET", f"data/{entry['id']}/versions").json() == []
