"""A source that stays where it is: the object named is the object looked at, and the one that a flow reads."""

from __future__ import annotations

import pytest
from support.object_bucket import Bucket, add_source, notify, output_fields
from support.rest_caller import RestCaller

READS = """
def reads(obs, obs_url, obs_signed_url, obs_version):
    with open(obs) as file:
        text = file.read().strip()
    with open("seen.txt", "w") as file:
        file.write(f"{text}|{obs_url}|{obs_signed_url}|{obs_version}")
    return "seen.txt"
"""


def test_a_flow_reads_each_object_of_a_source_that_stays_where_it_is(call: RestCaller, bucket: Bucket) -> None:
    data = add_source(call, "left_obs", f"{bucket.url}/left/*.csv", type="left_obs")
    bucket.objects["/left/a.csv"] = (b"one", "e1")
    notify(call, file_id="left/a.csv")
    inputs = {"obs": {"id": data, "version": None}}
    values = {"input_data": inputs, "output_data": {"left_seen": {}}, "flow_kwargs": {}, "rule": 2}
    flow = call.flow(function_uuid=call.function(READS), **values).json()
    # The object may be gone by now: the first notification starts it.
    assert call("GET", f"runs/?match={flow['id']}").json() == []
    bucket.secret = "s3cret"
    bucket.objects["/left/b.csv"] = (b"two", "e2")
    signed = f"{bucket.url}/left/b.csv?X-Amz-Signature=s3cret"
    assert notify(call, file_id="left/b.csv", url=signed)["version"] == 2
    assert output_fields(call, flow, 1) == ["two", f"{bucket.url}/left/b.csv", signed, "2"]
    bucket.secret = ""
    bucket.objects["/left/c.csv"] = (b"three", "e3")
    notify(call, file_id="left/c.csv", etag="e3", size=5)
    assert output_fields(call, flow, 2) == ["three", f"{bucket.url}/left/c.csv", "None", "3"]
    shown = call("GET", f"data/{data}/versions").json()
    assert [each["trigger_url"].rpartition("/")[2] for each in shown] == ["a.csv", "b.csv", "c.csv"]
    assert "s3cret" not in call("GET", f"data/{data}/versions").text + call("GET", f"data/{data}/latest").text


@pytest.mark.parametrize(
    "note",
    [
        {"file_id": "named/new.csv"},
        {"file_id": "{bucket}/named/new.csv"},
        {"file_id": "named/new.csv", "url": "{bucket}/named/new.csv?X-Amz-Signature=abc*[?"},
        {"file_id": "{bucket}/named/new.csv?sig=abc", "etag": " "},
    ],
)
def test_the_object_that_a_notification_names_is_the_one_looked_at(
    call: RestCaller, bucket: Bucket, note: dict[str, str], request: pytest.FixtureRequest
) -> None:
    bucket.objects = {"/named/new.csv": (b"12345", "new"), "/named/old.csv": (b"1", "old")}
    name = f"named {request.node.name}"
    data = add_source(call, name, f"{bucket.url}/named/**", type=name)
    try:
        note = {key: text.replace("{bucket}", bucket.url) for key, text in note.items()}
        assert notify(call, **note)["status"] == "version created"
    finally:
        call("DELETE", f"data/types/{name}/urls", params={"url": f"{bucket.url}/named/**"})
    latest = call("GET", f"data/{data}/latest").json()
    assert (latest["checksum"], latest["data_file"]["size"]) == ("new", 5.0)
    assert all("/named/new.csv" in line for line in bucket.requests)


def test_a_url_signed_for_reading_alone_is_looked_at_by_reading(call: RestCaller, bucket: Bucket) -> None:
    bucket.refused_method, bucket.objects["/signed/x.csv"] = "HEAD", (b"123", "tag")
    data = add_source(call, "signed for reading", f"{bucket.url}/signed/x.csv")
    assert call("POST", f"data/{data}/notify").json()["version"] == 1
    assert call("GET", f"data/{data}/latest").json()["data_file"]["size"] == 3.0
