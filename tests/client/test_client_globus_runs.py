"""Runs in production, as Globus Flows lists them."""

from __future__ import annotations

import pytest
from support.globus_flows import serve_globus_flows

from aero_jupyter.client.globus_flows import globus_runs
from aero_jupyter.core import errors, wire


def test_runs_of_aero_s_flows_are_listed_with_their_labels_and_causes() -> None:
    with serve_globus_flows() as (server, client):
        runs = globus_runs(client, 10)
    assert [(run.id, run.state, run.trigger) for run in runs] == [
        ("r1", "done", "pull sewage"), ("r2", "failed", "smooth"), ("r3", "running", "smooth"),
    ]  # fmt: skip
    assert runs[1].error == "The endpoint is offline."
    assert set(",".join(server.requests[0]["filter_flow_id"]).split(",")) == set(wire.GLOBUS_FLOWS)


def test_no_more_pages_are_asked_than_are_shown() -> None:
    with serve_globus_flows() as (server, client):
        assert [run.id for run in globus_runs(client, 2)] == ["r1", "r2"]
    assert len(server.requests) == 1


def test_who_may_not_see_runs_is_told_what_to_do() -> None:
    with serve_globus_flows() as (server, client):
        server.is_forbidden = True
        with pytest.raises(errors.NotAuthorized, match="does not show you runs") as caught:
            globus_runs(client, 10)
    assert "%aero_login --force" in caught.value.cure
