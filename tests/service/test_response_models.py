"""The published response models are what the service sends: every field of every answer, and no other."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import BaseModel, TypeAdapter
from support.file_site import FileSite
from support.http_serving import serve_in_thread
from support.rest_caller import RestCaller, register_ingestion, replace_ingestion, wait_for_last_run

from aero_jupyter.core import wire
from aero_jupyter.core.wire import Route
from aero_jupyter.service import response_models
from aero_jupyter.service.http import routers
from aero_jupyter.service.local_home import State

KEEP = "def keep(**given):\n    return next(iter(given.values()))\n"
URL = "http://one.example.org/answered/a.csv"
#: The models of answers, by method and path.
MODELS: dict[tuple[str, str], Any] = {
    (method, route.path): route.response_model
    for router in routers.all_routers()
    for route in router.routes
    for method in getattr(route, "methods", ())
    if getattr(route, "response_model", None) not in (None, Any) and "response_models" in str(route.response_model)
}
Answers = dict[tuple[str, str], list[Any]]


class Recorder:
    """Calls routes of the local AERO, and keeps their answers."""

    def __init__(self, call: RestCaller) -> None:
        self.call = call
        self.answers: Answers = defaultdict(list)

    def __call__(self, route: Route, *, json: Any = None, params: Any = None, **ids: object) -> Any:
        answer: requests.Response = self.call(route.method, route.url(**ids), json=json, params=params)
        assert answer.status_code == 200, answer.text
        self.answers[route.method, route.path].append(answer.json())
        return answer.json()


def answer_about_types(send: Recorder) -> None:
    """Call the routes of source types; the type's source stays where it is, and gets a version."""
    source = {"name": "answered source", "url": URL, "type": "answered", "no_copy": True}
    data = send(wire.SOURCE, json=source)["id"]
    send(wire.ADD_TYPE_URL, json={"url": f"{URL}.b"}, name="answered")
    send(wire.TYPES)
    send(wire.GET_TYPE, name="answered")
    send(wire.DELETE_TYPE_URL, params={"url": f"{URL}.b"}, name="answered")
    send(wire.NOTIFY_BY_OBJECT, json={"file_id": URL, "etag": "x", "size": 1})
    send(wire.VERSIONS, id=data)
    send(wire.LATEST, id=data)


def answer_about_an_ingestion(send: Recorder, site: FileSite) -> None:
    """Call the routes of a flow that has run, was replaced and is deleted."""
    call = send.call
    flow, data = register_ingestion(call, site.url, call.function(KEEP))
    run = wait_for_last_run(call, flow)
    assert run["state"] == "done", run
    send(wire.PUT_READ_OPTIONS, json={"read_options": {"sep": ";"}}, id=data)
    send(wire.PUT_FRESHNESS, json={"promise": "daily by 09:00"}, id=data)
    send(wire.PUT_RETENTION, json={"keep": "all 30d"}, id=data)
    for route in (wire.GET_DATA, wire.VERSIONS, wire.LATEST, wire.SUMMARY, wire.ROWS, wire.DATA_FLOWS):
        send(route, id=data)
    record = next(each for each in send(wire.LIST["prov"]) if each["run_id"] == run["id"])
    send(wire.GET_PROV, id=record["id"])
    new = replace_ingestion(call, flow, data, f"{site.url}moved.csv").json()["id"]
    for route in (wire.GET_FLOW, wire.PAUSE_FLOW, wire.RESUME_FLOW):
        send(route, flow_id=new)
    send(wire.DELETE_DATA_FLOWS, id=data)
    send(wire.GET_DATA, id=data)


def answer_about_a_commit(send: Recorder) -> None:
    """Call the routes of a flow that a client commits for, with kwargs that a list leaves out."""
    call = send.call
    put = call("PUT", f"collections/{call.state.collection}/answered", data=b"hello").json()
    body = {"gc_endpoint": call.state.endpoint, "pull_function_uuid": None, "commit_function_uuid": None, "rule": -1}
    values = {"function_uuid": call.function(KEEP), "flow_kwargs": {"n": "x" * 5_000}}
    flow = send(wire.REGISTER, json={**body, **values, "output_data": {"answered": {}}})
    entry = {"id": flow["contributed_to"][0]["id"], "file_bn": "answered", "file_format": ".txt", "dedup": False}
    outputs = {"answered": {**entry, "checksum": put["checksum"], "size": 5}}
    send(wire.NEW_PROV, json={"flow_id": flow["id"], "input_data": {}, "output_data": outputs})
    send(wire.LIST["flow"])
    send(wire.LIST["data"])
    edited = {"function_uuid": call.function(f"# edited\n{KEEP}"), "replaces": flow["id"]}
    new = send(wire.REGISTER, json={**body, **values, **edited, "output_data": {"answered": {"id": entry["id"]}}})
    send(wire.FLOW_HISTORY, flow_id=new["id"])
    send(wire.DELETE_FLOW, flow_id=new["id"])


@pytest.fixture(scope="module")
def answers(aero: State) -> Iterator[Answers]:
    """The answers of every route that has a model."""
    call = RestCaller(aero)
    send = Recorder(call)
    with serve_in_thread(FileSite()) as site:
        answer_about_types(send)
        answer_about_an_ingestion(send, site)
        answer_about_a_commit(send)
    yield send.answers
    call.session.close()


def models_in(value: object) -> Iterator[BaseModel]:
    """Yield a model with all models in its fields."""
    if isinstance(value, list):
        for each in value:
            yield from models_in(each)
    elif isinstance(value, BaseModel):
        yield value
        for field in type(value).model_fields:
            yield from models_in(getattr(value, field))


def answered_models(answers: Answers, route: tuple[str, str]) -> Iterator[BaseModel]:
    for answer in answers[route]:
        yield from models_in(TypeAdapter(MODELS[route]).validate_python(answer))


@pytest.mark.parametrize("route", MODELS, ids=" ".join)
def test_an_answer_has_only_fields_of_its_model(answers: Answers, route: tuple[str, str]) -> None:
    models = list(answered_models(answers, route))
    assert models, "no answer to check"
    assert {f"{type(each).__name__}.{field}" for each in models for field in each.model_extra or ()} == set()


def test_every_field_of_a_model_is_sent_by_some_route(answers: Answers) -> None:
    sent: dict[type[BaseModel], set[str]] = defaultdict(set)
    for route in MODELS:
        for model in answered_models(answers, route):
            sent[type(model)] |= model.model_fields_set
    never = {f"{kind.__name__}.{field}" for kind, fields in sent.items() for field in set(kind.model_fields) - fields}
    assert never == set()


def test_refusals_are_what_their_models_publish(aero: State) -> None:
    call = RestCaller(aero)
    missing = call("GET", f"data/{uuid.uuid4()}").json()
    mistyped = call("GET", "data/no-id").json()
    clash = call("POST", "data/source", json={"name": "-answered", "url": URL}).json()
    call.session.close()
    problems = [response_models.Problem.model_validate(each) for each in (missing, clash)]
    invalid = response_models.HTTPValidationError.model_validate(mistyped)
    assert [each.model_extra for each in (*problems, *models_in(invalid))] == [{}] * 4
    assert problems[1].model_fields_set == set(response_models.Problem.model_fields)
