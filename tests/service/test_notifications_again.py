"""A second notification of one object: neither a change that is none, nor a signature that has expired."""

from __future__ import annotations

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.object_bucket import Bucket, add_source, notify, output_fields
from support.rest_caller import RestCaller, wait_for_runs

from aero_jupyter.client import AeroClient
from aero_jupyter.core.errors import ServerFailed

READS = """
def reads(obs, obs_signed_url):
    with open(obs) as file, open("seen.txt", "w") as seen:
        seen.write(f"{file.read().strip()}|{obs_signed_url}")
    return "seen.txt"
"""


@pytest.mark.parametrize("etag", ['"tag"', 'W/"tag"', ' "tag" '])
def test_an_etag_means_the_same_told_or_looked_up(call: RestCaller, bucket: Bucket, etag: str) -> None:
    bucket.objects["/weak/x.csv"] = (b"123", "tag")
    data = add_source(call, "weakly tagged", f"{bucket.url}/weak/x.csv")
    assert call("POST", f"data/{data}/notify", json={"etag": etag, "size": 3}).json()["version"] == 1
    assert call("POST", f"data/{data}/notify").json()["status"] == "unchanged"
    assert call("POST", f"data/{data}/notify", json={"etag": "tag", "size": 3}).json()["status"] == "unchanged"


def test_a_run_reads_an_unchanged_object_by_its_newest_signature(call: RestCaller, bucket: Bucket) -> None:
    bucket.secret = "first"
    bucket.objects["/signed/y.csv"] = (b"one", "e1")
    data = add_source(call, "signed anew", f"{bucket.url}/signed/y.csv")
    values = {"input_data": {"obs": {"id": data, "version": None}}, "output_data": {"again_seen": {}}}
    flow = call.flow(function_uuid=call.function(READS), flow_kwargs={}, rule=2, **values).json()
    notify(call, file_id="signed/y.csv", url=f"{bucket.url}/signed/y.csv?X-Amz-Signature=first")
    assert output_fields(call, flow, 1)[0] == "one"
    # The first signature expires; the object stays what it is.
    bucket.secret = "second"
    signed = f"{bucket.url}/signed/y.csv?X-Amz-Signature=second"
    assert notify(call, file_id="signed/y.csv", url=signed)["status"] == "unchanged"
    assert call("POST", "runs/", json={"flow_id": flow["id"]}).status_code == 202
    run = wait_for_runs(call, flow, 2)[0]
    assert run["state"] in ("done", "unchanged"), run["error"]
    assert output_fields(call, flow, 2) == ["one", signed]


@pytest.mark.parametrize(
    ("now", "etag"), [(b"two", "e2"), (b"twos", "e1"), (b"two", "d41d8cd98f00b204e9800998ecf8427e-2")]
)
def test_a_run_does_not_take_an_object_that_has_changed_for_its_version(
    call: RestCaller,
    bucket: Bucket,
    now: bytes,
    etag: str,
) -> None:
    before = "e1" if len(etag) == 2 else f"{'0' * 32}-3"
    bucket.objects["/over/z.csv"] = (b"one", before)
    data = add_source(call, f"written over {now.decode()} {etag}", f"{bucket.url}/over/z.csv")
    inputs = {"obs": {"id": data, "version": None}}
    values = {"input_data": inputs, "output_data": {f"over {now.decode()} {etag}": {}}}
    flow = call.flow(function_uuid=call.function(READS), flow_kwargs={}, rule=2, **values).json()
    call("POST", f"data/{data}/notify")
    assert wait_for_runs(call, flow, 1)[0]["state"] == "done"
    bucket.objects["/over/z.csv"] = (now, etag)
    assert call("POST", "runs/", json={"flow_id": flow["id"]}).status_code == 202
    run = wait_for_runs(call, flow, 2)[0]
    assert run["state"] == "failed"
    assert "its object has changed at the source since version 1 was recorded" in run["error"]
    signs, changed = AccessTokenAuthorizer(call.state.token), r"has changed since|were recorded"
    with (
        AeroClient(call.state.url, authorizer=signs) as client,
        client.open_version(data, 1) as reader,
        pytest.raises(ServerFailed, match=changed),
    ):
        reader.read()
