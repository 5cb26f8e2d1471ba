"""The token of a run whose flow was deleted opens nothing that it read, and breaks on no route."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from aero_jupyter.core import wire
from aero_jupyter.service.catalogue import flows
from aero_jupyter.service.catalogue.dataset_rows import add_data
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.http.run_access import is_allowed
from aero_jupyter.service.storage.connection import stamp
from aero_jupyter.service.storage.database import Store

ROUTES = sorted({(each.method, each.path) for each in vars(wire).values() if isinstance(each, wire.Route)})


@pytest.fixture
def started(tmp_path: Path) -> dict[str, Any]:
    """A store with a flow, its dataset, and a run of it that is under way."""
    store = Store(tmp_path / "aero.db")
    runs = Runs(CatalogueRecords(store, "http://127.0.0.1/"), tmp_path)
    function = str(uuid.uuid4())
    with store.transaction() as db:
        db.insert("function", id=function, name="f", code="def f(): pass", serialized=0, created_at=stamp())
        data = add_data(db, "made", {"collection_uuid": store.collection, "collection_url": None})
    body = {
        "gc_endpoint": store.endpoint, "function_uuid": function, "pull_function_uuid": None,
        "commit_function_uuid": None, "description": None, "email": None, "tags": [], "timer": 86_400, "rule": -1,
        "flow_kwargs": {}, "output_data": {"made": {"id": data}}, "input_data": {},
    }  # fmt: skip
    flow = flows.register(store, body)[0]
    runs.request_run(flow)
    return {"store": store, "runs": runs, "flow": flow, "data": data, "run": runs.claim()["id"]}


def opened(started: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the routes that the run's token opens, with the ids of what is there."""
    store, found = started["store"], set()
    for method, path in ROUTES:
        named = path.replace("{id}", started["flow"] if path.startswith("/flow") else started["data"])
        named = named.replace("{collection}", store.collection).replace("{file}", "x.csv").replace("{name}", "made")
        if is_allowed(store.db, started["runs"], started["run"], method, named):
            found.add((method, path))
    return found


@pytest.mark.parametrize("how", ["flow", "flows of the dataset"])
def test_it_reads_nothing_any_more_and_breaks_on_no_route(started: dict[str, Any], how: str) -> None:
    assert ("GET", wire.GET_DATA.path) in opened(started)
    if how == "flow":
        flows.delete(started["store"], started["flow"])
    else:
        flows.delete_flows_of(started["store"], started["data"])
    assert {method for method, _ in opened(started)} <= {"POST", "PUT"}
