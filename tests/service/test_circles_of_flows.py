"""Cycles of flows: refused at registration with their names; existing ones stop after one round."""

import contextlib
import itertools
import sqlite3
import uuid

import pytest
from support.rest_caller import register_ingestion, wait_for_last_run

CELL = """
def step({parameter}):
    import uuid
    with open("made.csv", "w") as made:
        made.write(uuid.uuid4().hex)
    return "made.csv"
"""


def dataset(call, name):
    """Add a dataset; return its id."""
    return call("POST", "data/source", json={"name": name, "url": f"http://127.0.0.1:9/{uuid.uuid4()}"}).json()["id"]


def registers(call, inputs, outputs, **values):
    parameters = [f"p{number}" for number in range(len(inputs))]
    body = {
        "function_uuid": call.function(CELL.format(parameter=", ".join(parameters))),
        "input_data": {name: {"id": id, "version": None} for name, id in zip(parameters, inputs, strict=True)},
        "output_data": {f"out{number}": {"id": id} for number, id in enumerate(outputs)},
        "flow_kwargs": values.pop("flow_kwargs", {}),
        "rule": 2,
    }
    return call.flow(**body, **values)


@pytest.mark.parametrize("rule", [-1, 1, 2, 3])
def test_a_flow_whose_input_is_its_output_is_refused(call, rule):
    a = dataset(call, "own")
    answer = registers(call, [a], [a], **({"timer": 60} if rule == 1 else {}))
    assert answer.status_code == 422
    assert answer.json()["detail"] == "This flow would close a circle: own -> own."
    assert "another output" in answer.json()["cure"]


@pytest.mark.parametrize("length", [2, 3, 9])
def test_a_flow_that_closes_a_circle_is_refused_and_the_circle_is_named(call, length):
    names = [f"c{length}{number}" for number in range(length)]
    ids = [dataset(call, name) for name in names]
    other = dataset(call, "other")
    for before, after in itertools.pairwise(ids):
        assert registers(call, [before, other], [after]).status_code == 200
    flows = int(call("GET", "flow/").headers["X-Total-Count"])
    answer = registers(call, [other, ids[-1]], [ids[0]])
    assert answer.status_code == 422
    assert " -> ".join([*names, names[0]]) in answer.json()["detail"]
    assert int(call("GET", "flow/").headers["X-Total-Count"]) == flows
    assert registers(call, [ids[0]], [dataset(call, "leaf")]).status_code == 200


def test_a_replacement_that_closes_a_circle_is_refused_and_one_that_opens_it_is_not(call):
    a, b, c = (dataset(call, name) for name in ("ra", "rb", "rc"))
    first = registers(call, [a], [b]).json()
    made = registers(call, [c], [a]).json()
    answer = registers(call, [b], [a], replaces=made["id"])
    assert "ra -> rb -> ra" in answer.json()["detail"]
    assert call("GET", f"flow/{made['id']}").status_code == 200
    assert registers(call, [b], [a], replaces=first["id"]).status_code == 200


def test_a_flow_that_replaces_one_that_is_not_there_is_refused(call):
    answer = registers(call, [], [dataset(call, "alone")], replaces=str(uuid.uuid4()))
    assert answer.status_code == 404


def test_a_circle_that_exists_is_stopped_after_one_round_and_its_run_says_so(call, site, aero_home):
    first, a = register_ingestion(call, site.url, str(uuid.UUID(int=0)))
    wait_for_last_run(call, first)
    b, elsewhere = dataset(call, "circled"), dataset(call, "elsewhere")
    forth = registers(call, [elsewhere], [b]).json()["id"]
    back = registers(call, [b], [a], flow_kwargs={}).json()["id"]
    # A store of an older release may hold such a cycle.
    with contextlib.closing(sqlite3.connect(aero_home / "aero.db", timeout=120)) as store, store:
        store.execute("UPDATE flow_input SET data_id = ? WHERE flow_id = ?", (a, forth))
    site.content = b"changed\n"
    call("POST", "runs/", json={"flow_id": first})
    assert wait_for_last_run(call, first, 2)["state"] == "done"
    run = wait_for_last_run(call, back)
    assert run["state"] == "done", run["error"]
    assert "Stopped after one round" in run["circle"]
    assert "circled" in run["circle"]
    assert len(call("GET", "runs/", params={"match": forth}).json()) == 1
    assert len(call("GET", f"data/{a}/versions").json()) == 3
