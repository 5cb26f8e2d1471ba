"""Functions that the Compute SDK serialized run in flows, and no input is ever committed for want of a function."""

import inspect
import textwrap
import uuid

import pytest
from globus_compute_sdk.serialize import (
    AllCodeStrategies,
    CombinedCode,
    ComputeSerializer,
    DillCode,
    DillCodeSource,
    DillCodeTextInspect,
)
from support.rest_caller import latest_content, register_ingestion, wait_for_last_run

STRATEGIES = [DillCode, DillCodeSource, DillCodeTextInspect, CombinedCode, AllCodeStrategies]


def registered(call, function, strategy=CombinedCode):
    """Register a function as `globus_compute_sdk.Client.register_function` does; return its id."""
    if strategy is DillCode:
        # As in a notebook: the function of a module is serialized as the module's name.
        names = {"__name__": "__main__"}
        exec(textwrap.dedent(inspect.getsource(function)), names)
        function = names[function.__name__]
    serializer = ComputeSerializer(strategy_code=strategy())
    packed = serializer.pack_buffers([serializer.serialize(function)])
    body = {"function_name": function.__name__, "function_code": packed, "serialized": True}
    body["description"] = f"{uuid.uuid4()}"
    return call("POST", "compute/v3/functions", json=body).json()["function_uuid"]


def doubled(source, times=2):
    with open(source) as file, open("doubled.csv", "w") as made:
        head, *rows = file.read().split()
        made.write("\n".join([head, *(str(int(row) * times) for row in rows)]) + "\n")
    return "doubled.csv"


def framed(raw):
    import pandas as pd

    return pd.read_csv(raw) * 3


def handled(*args, **kwargs):
    """Read and fill aero as functions for a real server do."""
    import hashlib

    import requests

    aero = kwargs["aero"]
    ((name, entry),) = aero["output_data"].items()
    with open(entry["file"], "rb") as file:
        body = file.read() + b"handled\n"
    kept_as, headers = f"{aero['run_id']}.csv", {"Authorization": f"Bearer {aero['token']}"}
    requests.put(f"{entry['collection_url']}{kept_as}", data=body, headers=headers, timeout=120).raise_for_status()
    facts = {"file_bn": kept_as, "file_format": "csv", "size": len(body)}
    made = {**entry, **facts, "checksum": hashlib.sha256(body).hexdigest()}
    own_entries = {key: value for key, value in aero.items() if key not in ("token", "server", "output_data")}
    return {**kwargs, "aero": {**own_entries, "output_data": {name: made}}}


def failing(raw):
    raise ValueError("these are not the counts")


def forgetful(**kwargs):
    return {"rows": 3}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_ingestion_commits_what_its_serialized_function_made(call, site, strategy):
    site.content = b"n\n4\n5\n"
    flow, data = register_ingestion(call, site.url, registered(call, doubled, strategy))
    run = wait_for_last_run(call, flow)
    assert run["state"] == "done", run["error"]
    assert latest_content(call, data) == b"n\n8\n10\n"


def test_an_analysis_commits_what_its_serialized_function_made_of_each_kwargs(call, site):
    site.content = b"n\n4\n5\n"
    _, raw = register_ingestion(call, site.url, registered(call, doubled))
    made, kwargs = f"made_{uuid.uuid4().hex[:8]}", [{"times": 10}, {"times": 100}]
    flow = call.flow(
        function_uuid=registered(call, doubled), input_data={"source": {"id": raw, "version": None}},
        output_data={made: {}}, rule=2, flow_kwargs=kwargs,
    ).json()  # fmt: skip
    run = wait_for_last_run(call, flow["id"])
    assert run["state"] == "done", run["error"]
    data = flow["contributed_to"][0]["id"]
    assert len(call("GET", f"data/{data}/versions").json()) == 2
    assert latest_content(call, data) == b"n\n800\n1000\n"


def test_a_serialized_function_may_return_a_frame_or_handle_aero_by_itself(call, site):
    site.content = b"n\n7\n"
    flow, data = register_ingestion(call, site.url, registered(call, framed))
    assert wait_for_last_run(call, flow)["state"] == "done"
    assert latest_content(call, data) == b"n\n21\n"
    flow, data = register_ingestion(call, site.url, registered(call, handled, DillCode))
    run = wait_for_last_run(call, flow)
    assert run["state"] == "done", run["error"]
    assert latest_content(call, data) == b"n\n7\nhandled\n"


def test_a_serialized_function_that_raises_or_returns_no_aero_makes_no_version(call, site):
    flow, data = register_ingestion(call, site.url, registered(call, failing))
    run = wait_for_last_run(call, flow)
    assert (run["state"], run["error"]) == ("failed", "ValueError: these are not the counts")
    assert "failing" in run["traceback"]
    flow, other = register_ingestion(call, site.url, registered(call, forgetful))
    run = wait_for_last_run(call, flow)
    assert run["state"] == "failed"
    assert "accepts `aero`" in run["error"]
    assert [call("GET", f"data/{id}/versions").json() for id in (data, other)] == [[], []]


def test_what_is_no_serialized_function_fails_in_words(call, site):
    for code in ("", "not packed", "5\nabc", "9\n04\nbroken"):
        body = {"function_name": "odd", "function_code": code, "serialized": True}
        id = call("POST", "compute/v3/functions", json=body).json()["function_uuid"]
        flow, data = register_ingestion(call, site.url, id)
        run = wait_for_last_run(call, flow)
        assert (run["state"], bool(run["error"])) == ("failed", True)
        assert call("GET", f"data/{data}/versions").json() == []


def test_a_flow_whose_function_is_deleted_fails_and_names_it(call, site):
    site.content = b"n\n1\n"
    gone = registered(call, doubled)
    flow, data = register_ingestion(call, site.url, gone)
    assert wait_for_last_run(call, flow)["state"] == "done"
    call("DELETE", f"compute/v2/functions/{gone}")
    site.content = b"n\n2\n"
    call("POST", "runs/", json={"flow_id": flow})
    run = wait_for_last_run(call, flow, 2)
    assert run["state"] == "failed"
    assert gone in run["error"]
    assert latest_content(call, data) == b"n\n2\n"


@pytest.mark.parametrize("role", ["pull", "commit"])
def test_a_pull_or_commit_function_that_is_not_registered_is_refused(call, site, role):
    body = {"function_uuid": str(uuid.UUID(int=0)), "output_data": {f"n{uuid.uuid4().hex}": {"url": site.url}}}
    answer = call.flow(**body, rule=0, **{f"{role}_function_uuid": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert f"The {role} function" in answer.json()["detail"]
    assert call.flow(**body, rule=0, **{f"{role}_function_uuid": str(uuid.UUID(int=0))}).status_code == 200


def test_serialized_pull_and_commit_functions_are_called(call, site):
    def pulls(*args, **kwargs):
        raise RuntimeError("pulled by the registered function")

    def commits(*args, **kwargs):
        raise RuntimeError("committed by the registered function")

    nil = str(uuid.UUID(int=0))
    for role, function, text in (("pull", pulls, "pulled by"), ("commit", commits, "committed by")):
        flow, data = register_ingestion(
            call, site.url, nil, **{f"{role}_function_uuid": registered(call, function, DillCode)}
        )
        run = wait_for_last_run(call, flow)
        assert run["state"] == "failed"
        assert text in run["error"]
        assert call("GET", f"data/{data}/versions").json() == []


def test_only_an_ingestion_hands_on_its_download_for_want_of_a_function(call, site):
    nil = str(uuid.UUID(int=0))
    site.content = b"n\n3\n"
    flow, data = register_ingestion(call, site.url, nil)
    assert wait_for_last_run(call, flow)["state"] == "done"
    assert latest_content(call, data) == b"n\n3\n"
    answer = call.flow(function_uuid=nil, input_data={"x": {"id": data}}, output_data={f"c{flow[:8]}": {}}, rule=2)
    assert answer.status_code == 422
