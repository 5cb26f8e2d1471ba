"""The limits of Globus Compute: requests in a time, and bytes in a submission."""

from __future__ import annotations

from typing import Any

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.compute_service import ComputeService

from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.service_limits import REQUEST_LIMIT, REQUEST_WINDOW_SECONDS, RequestPacer
from aero_jupyter.compute.submissions import submissions
from aero_jupyter.core.errors import InvalidArgument


class Clock:
    """A clock that a wait sets forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> RequestPacer:
    return RequestPacer(clock=clock, pause=clock.pause)


def test_no_window_has_more_requests_than_the_service_accepts(clock: Clock, pacer: RequestPacer) -> None:
    sent = []
    for number in range(2_000):
        pacer.wait()
        sent.append(clock.now)
        clock.now += (number % 7) / 100
    for first, last in zip(sent, sent[REQUEST_LIMIT:], strict=False):
        assert last - first >= REQUEST_WINDOW_SECONDS - 1e-9


def test_few_requests_do_not_wait(clock: Clock, pacer: RequestPacer) -> None:
    for _ in range(REQUEST_LIMIT):
        pacer.wait()
    assert clock.now == 100.0


def test_the_limit_is_shown_when_it_comes_near(clock: Clock, pacer: RequestPacer) -> None:
    for _ in range(15):
        pacer.wait()
    assert pacer.note() == ""
    pacer.wait()
    assert pacer.note() == ("▲ Globus Compute accepts 20 requests in 10 s, and 16 were sent: further requests wait.")
    clock.now += REQUEST_WINDOW_SECONDS
    assert pacer.note() == ""


def test_a_thousand_calls_are_split_into_submissions_that_the_service_accepts() -> None:
    calls: list[dict[str, Any]] = [{"n": number, "text": "x" * 50_000} for number in range(1_000)]
    batches = list(submissions(calls))
    assert [call for batch in batches for call in batch] == calls
    assert all(sum(len(call["text"]) for call in batch) < 10 << 20 for batch in batches)
    assert len(batches) == 5


def test_arguments_that_are_larger_than_a_submission_are_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        list(submissions([{"text": "x" * (11 << 20)}]))
    assert refused.value.message == "The arguments take 11.5 MB as JSON; Globus Compute accepts 10 MB."
    assert "--input PARAMETER=NAME" in refused.value.cure


def running_service_client(service: ComputeService) -> Registrar:
    """Return a client whose URL does not look like one of this machine, so that it keeps to the limits."""
    return Registrar(service.url.replace("127.0.0.1", "127.1"), AccessTokenAuthorizer(service.token))


@pytest.mark.slow
def test_a_thousand_open_runs_send_no_more_requests_than_the_service_accepts() -> None:
    with ComputeService() as service:
        endpoint = service.add_endpoint("cluster")
        client, text = running_service_client(service), "def f(n):\n    return n\n"
        for first in range(0, 1_000, 25):
            client.register_and_submit(text, "f", endpoint, [{"n": n} for n in range(first, first + 25)])
        tasks = list(service.tasks)
        assert {record["status"] for record in client.statuses(tasks).values()} == {"waiting-for-ep"}
        sent = service.request_times
    assert len(tasks) == 1_000
    assert len(sent) > 2 * REQUEST_LIMIT
    for first, last in zip(sent, sent[REQUEST_LIMIT:], strict=False):
        assert last - first >= REQUEST_WINDOW_SECONDS - 0.5


def test_arguments_near_the_limit_of_a_submission_are_noted() -> None:
    with ComputeService() as service:
        endpoint = service.add_endpoint("cluster")
        client = running_service_client(service)
        text = "def f(text):\n    return 1\n"
        client.register_and_submit(text, "f", endpoint, [{"text": "x" * 1_000}])
        assert client.limit_note() == ""
        client.register_and_submit(text, "f", endpoint, [{"text": "x" * 9_000_000}])
        assert client.limit_note() == "▲ The arguments take 9.0 MB as JSON; Globus Compute accepts 10 MB."
