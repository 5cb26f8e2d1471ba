"""The documented functions: requests, results and errors of scripts that use them."""

import json
import logging
import uuid
from types import SimpleNamespace

import pytest

from aero_jupyter import api, utils
from aero_jupyter.api import records, registration
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum

INPUTS = {"sewage": {"id": "d1", "version": None}}
FLOW = {"id": "f1", "function_args": json.dumps([{"kwargs": {"aero": {"input_data": INPUTS}}}])}


class Server:
    """Stands for a session and its client; keeps the last registration."""

    def __init__(self):
        self.client, self.body = self, None

    def job_ids(self, policy):
        return "own pull", "own commit"

    def register_flow(self, body):
        self.body = json.loads(json.dumps(body))
        return SimpleNamespace(raw={"id": "f1", "timer_job_id": "t1"})

    def get_flow(self, id):
        return SimpleNamespace(raw=FLOW)


@pytest.fixture
def server(monkeypatch):
    made = Server()
    for module in (records, registration):
        monkeypatch.setattr(module, "current", lambda: made)
    return made


def config(tmp_path, text):
    path = tmp_path / "kwargs.json"
    path.write_text(text)
    return str(path)


def test_a_flow_is_given_whole_or_as_its_inputs(server):
    assert api.get_flow("f1") == INPUTS
    assert api.get_flow("f1", inputs_only=False) == FLOW


def test_a_registration_is_sent_as_given_and_gives_a_record(server):
    data, kwargs = {"sewage": {"id": uuid.UUID(int=7), "version": 2}}, {"n": [1]}
    assert api.register_flow(uuid.UUID(int=1), "fn", data, {"o": {}}, kwargs, policy=2)["timer_job_id"] == "t1"
    assert server.body["input_data"] == {"sewage": {"id": str(uuid.UUID(int=7)), "version": 2}}
    assert (server.body["rule"], server.body["gc_endpoint"], "timer" in server.body) == (
        2,
        str(uuid.UUID(int=1)),
        False,
    )
    assert (data, kwargs) == ({"sewage": {"id": uuid.UUID(int=7), "version": 2}}, {"n": [1]})


def test_pull_and_commit_are_the_callers_where_given(server):
    api.register_flow("e", "f", pull_function_uuid="mine")
    assert (server.body["pull_function_uuid"], server.body["commit_function_uuid"]) == ("mine", "own commit")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"n": 2}', {"n": 2, "m": 0}),
        ('[{"n": 2}, {"m": 3}]', [{"n": 2, "m": 0}, {"n": 1, "m": 3}]),
    ],
)
def test_a_config_is_merged_over_the_kwargs(server, tmp_path, text, sent):
    kwargs = {"n": 1, "m": 0}
    api.register_flow("e", "f", kwargs=kwargs, config=config(tmp_path, text))
    assert server.body["flow_kwargs"] == sent
    assert kwargs == {"n": 1, "m": 0}


@pytest.mark.parametrize("text", ["{", "[]", "[1]", "7"])
def test_a_config_that_holds_no_kwargs_is_refused(server, tmp_path, text):
    with pytest.raises(InvalidArgument, match="config"):
        api.register_flow("e", "f", config=config(tmp_path, text))
    assert server.body is None


def test_an_ingestion_without_a_timer_says_how_often_it_pulls(server, caplog):
    with caplog.at_level(logging.WARNING, "aero_jupyter"):
        api.register_flow("e", "f", policy=PolicyEnum.INGESTION)
    assert "86,400 s" in caplog.text
    assert server.body["timer"] == 86_400


@pytest.mark.parametrize(("policy", "timer"), [(9, None), (PolicyEnum.ANY, 5), (PolicyEnum.TIMER, None)])
def test_a_policy_that_makes_no_sense_is_refused(server, policy, timer):
    with pytest.raises(InvalidArgument):
        api.register_flow("e", "f", policy=policy, timer_delay=timer)


def test_an_unknown_kind_of_metadata_is_refused():
    with pytest.raises(InvalidArgument, match="no metadata type 'runs'"):
        next(api.list_metadata("runs"))


def test_the_old_module_has_the_same_things():
    assert utils.register_function is api.register_function
    assert utils.AeroOutput("a", "b").name == "a"
