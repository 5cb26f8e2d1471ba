"""Single tasks over the Compute wire: what comes back is JSON, whatever was asked for."""

import time

import pytest
import requests
from globus_compute_sdk.serialize import ComputeSerializer

SERIALIZER = ComputeSerializer()


def ended(aero, expression, **options):
    """Run a function that gives the value of an expression; give its task once it has ended."""
    url, headers = aero.url + "compute/", {"Authorization": f"Bearer {aero.token}"}
    code = f"def gives():\n    return {expression}\n"
    body = {"function_name": "gives", "function_code": code, "serialized": False}
    id = requests.post(url + "v3/functions", json=body, headers=headers, timeout=120).json()["function_uuid"]
    arguments = SERIALIZER.pack_buffers([SERIALIZER.serialize(()), SERIALIZER.serialize({})])
    body = {"tasks": {id: [arguments]}, **options}
    response = requests.post(
        f"{url}v3/endpoints/{aero.endpoint}/submit", json=body, headers=headers, timeout=120
    ).json()
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        task = requests.get(f"{url}v2/tasks/{response['tasks'][id][0]}", headers=headers, timeout=120).json()
        if task["status"] in ("success", "failed"):
            return task
    raise TimeoutError


ASKED = [{}, {"result_serializers": []}, {"result_serializers": ["globus_compute_sdk.serialize.DillDataBase64"]}]


@pytest.mark.parametrize("options", ASKED)
def test_no_pickle_comes_back_whatever_serializer_is_asked_for(aero, options):
    task = ended(aero, "{'a': [1, None]}", **options)
    assert task["status"] == "success", task["exception"]
    assert task["result"].partition("\n")[2] == '{"a": [1, null]}'
    assert SERIALIZER.deserialize(task["result"]) == {"a": [1, None]}
    refused = ended(aero, "{1, 2, 3}", **options)
    assert refused["status"] == "failed"
    assert "The result is a set, which JSON cannot hold." in refused["exception"]
    assert "result" not in refused
    assert "cannot be written as JSON" in ended(aero, "float('nan')", **options)["exception"]
