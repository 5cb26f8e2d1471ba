"""Flows that rest, go on, and are deleted."""

from __future__ import annotations

from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import NotFound
from aero_jupyter.core.policy import PolicyEnum

MAKE = """
def {name}(n=3):
    import pandas as pd
    import time
    return pd.DataFrame({{"level": [time.time_ns()] * n}})
"""
READ = """
def {name}(x):
    import pandas as pd
    return pd.read_csv(x)
"""
SLEEP = """
def {name}():
    import time
    time.sleep(60)
"""


def flow(name: str, text: str, **how: Any) -> Any:
    return aero_jupyter.current().register(portable(text.format(name=name), name), outputs=[name], **how)


@pytest.fixture
def client(aero: Any) -> Any:
    return aero_jupyter.local().client


def test_a_paused_flow_does_not_follow_its_input_and_makes_up_for_it_once(client: Any) -> None:
    source = flow("pause_source", MAKE)
    client.wait_for_run(client.run_flow(source.id).id, 180)
    follower = flow("pause_reader", READ, inputs={"x": "pause_source"}, policy=PolicyEnum.ANY)
    made = client.resolve_data("pause_reader").id
    client.wait_for_version(made, 1, 60)
    assert client.pause_flow(follower.id).raw["paused"]
    for _ in range(2):
        client.wait_for_run(client.run_flow(source.id).id, 180)
    assert len(client.list("run", match=follower.id).all()) == 1
    assert not client.resume_flow(follower.id).raw["paused"]
    client.wait_for_version(made, 2, 60)
    newest = client.list("run", match=follower.id).page(1)[0]
    assert (newest.trigger, newest.used[0].version) == ("resumed", 3)


def test_a_paused_flow_runs_when_somebody_says_so(client: Any) -> None:
    source = flow("pause_asked", MAKE)
    client.pause_flow(source.id)
    assert client.wait_for_run(client.run_flow(source.id).id, 180).state == "done"


def test_a_paused_timer_does_not_fire(client: Any) -> None:
    timed = flow("pause_timed", MAKE, policy=PolicyEnum.TIMER, timer=1)
    client.wait_for_version(client.resolve_data("pause_timed").id, 1, 60)
    client.pause_flow(timed.id)
    runs = len(client.list("run", match=timed.id).all())
    other = flow("pause_other", MAKE, policy=PolicyEnum.TIMER, timer=1)
    # The timer beside it fires twice meanwhile.
    client.wait_for_version(client.resolve_data("pause_other").id, 3, 60)
    assert len(client.list("run", match=timed.id).all()) - runs <= 1
    client.delete_flow(other.id)
    client.delete_flow(timed.id)


def test_a_deleted_flow_leaves_what_it_made_and_ends_its_run(client: Any) -> None:
    made = flow("pause_deleted", MAKE)
    client.wait_for_run(client.run_flow(made.id).id, 180)
    client.delete_flow(made.id)
    with pytest.raises(NotFound, match="not found"):
        client.get_flow(made.id)
    assert client.versions(client.resolve_data("pause_deleted").id)
    assert client.lineage(client.resolve_data("pause_deleted").id).links
    sleeper = flow("pause_sleeper", SLEEP)
    run = client.run_flow(sleeper.id)
    client._poll(lambda: client.get_run(run.id).state == "running" or None, 60, "It did not begin.")
    client.delete_flow(sleeper.id)
    ended = client.get_run(run.id)
    assert (ended.state, ended.error) == ("cancelled", "The flow of this run was deleted.")
