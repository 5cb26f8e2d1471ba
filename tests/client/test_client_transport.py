from __future__ import annotations

import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import requests
from globus_sdk import AccessTokenAuthorizer
from globus_sdk.transport import RequestCallerInfo, RetryCheckResult, RetryConfig, RetryContext
from support.server_standins import Flask, Local, Newest, Reply, Standin, html_reply, json_reply, serve_standin

from aero_jupyter.client import AeroClient
from aero_jupyter.client.retries import backoff, check_retry
from aero_jupyter.client.transport import request_deadline
from aero_jupyter.core import errors, wire

SECRET = "agXYZsecretsecret"


def context(status: int, attempt: int = 0, method: str = "GET", **headers: str) -> RetryContext:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response.request = requests.Request(method, "http://h/").prepare()
    return RetryContext(attempt, caller_info=RequestCallerInfo(retry_config=RetryConfig()), response=response)


def test_each_generation_is_recognised_once(standin: Standin) -> None:
    with AeroClient(standin.url) as client:
        assert client.dialect.name == type(standin).__name__.lower()
        client.list("data").all()
        client.list("flow").all()
    assert sum("openapi" in path for path in standin.paths()) == 1


def test_the_prefix_of_the_address_is_kept(newest: Newest) -> None:
    with AeroClient(newest.url.rstrip("/")) as client:
        newest.add_data("sewage")
        assert client.list("data").page(1)[0].name == "sewage"
    # The second tells whether one row is all that there is, or all that the server gives at once.
    assert newest.paths() == ["/fhwa/openapi.json", "/fhwa/data/", "/fhwa/data/"]


def test_the_older_server_is_found_at_its_own_prefix_too(flask: Flask) -> None:
    flask.add_data("sewage")
    with AeroClient(flask.url + "osprey/api/v1.0") as client:
        assert client.resolve_data("sewage").name == "sewage"
        assert client.dialect == wire.FLASK


def test_a_server_that_is_not_aero_is_said() -> None:
    class Other(Standin):
        def route(self, *_: object) -> Reply:
            return html_reply(200, "<html>Welcome</html>")

    words = r"No AERO server answers at http://127.0.0.1:\d+/\."
    with serve_standin(Other()) as other, AeroClient(other.url) as client, pytest.raises(errors.NotFound, match=words):
        client.list("data").all()


def test_a_known_dialect_is_not_asked_for(newest: Newest) -> None:
    with AeroClient(newest.url, dialect=wire.NEWEST) as client:
        client.list("data").all()
    assert newest.paths() == ["/fhwa/data/"]


def test_no_login_is_said_and_the_dialect_is_asked_again_after_it(newest: Newest) -> None:
    newest.faults["/openapi.json"] = [json_reply({"detail": "Missing bearer token."}, 401)]
    with AeroClient(newest.url) as client:
        with pytest.raises(errors.NotAuthorized, match="Missing bearer token"):
            client.list("data").all()
        assert client.list("data").all() == []


def test_the_older_server_without_login_leads_to_the_login(flask: Flask) -> None:
    flask.faults["/osprey/api/v1.0/data/"] = [html_reply(500)]
    with AeroClient(flask.url) as client, pytest.raises(errors.ServerFailed) as caught:
        client.list("data").all()
    assert "%aero_login" in caught.value.cure


def test_a_dead_server_is_given_up_within_five_seconds() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = time.monotonic()
    with AeroClient(f"http://127.0.0.1:{port}") as client, pytest.raises(errors.Unreachable) as caught:
        client.get_data("x")
    assert time.monotonic() - begin < 5
    assert caught.value.code == 0
    assert caught.value.message == f"No answer from http://127.0.0.1:{port}/."


def test_a_server_that_does_not_speak_tls_as_expected_is_said(newest: Newest) -> None:
    with AeroClient(newest.url.replace("http://", "https://")) as client, pytest.raises(errors.Unreachable):
        client.list("data").all()
    assert newest.requests == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_tried_again(newest: Newest, status: int) -> None:
    newest.faults["/data/"] = [Reply(status, b"", {"Retry-After": "0"})]
    with AeroClient(newest.url) as client:
        assert client.list("data").all() == []
    assert newest.paths().count("/fhwa/data/") == 2


def test_a_server_that_stays_down_is_not_stormed(newest: Newest) -> None:
    newest.faults["/data/"] = [Reply(503, b"")] * 9
    with AeroClient(newest.url) as client, pytest.raises(errors.ServerFailed):
        client.list("data").all()
    assert newest.paths().count("/fhwa/data/") == 3


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}])
def test_a_server_that_is_asked_too_often_gets_growing_pauses(newest: Newest, headers: dict[str, str]) -> None:
    newest.faults["/data/"] = [Reply(429, b"slow down", headers)] * 2
    began = time.monotonic()
    with AeroClient(newest.url) as client:
        assert client.list("data").all() == []
    assert newest.paths().count("/fhwa/data/") == 3
    assert time.monotonic() - began >= 0.4 + 0.8


def test_a_failure_that_waiting_does_not_mend_is_not_tried_again(newest: Newest) -> None:
    newest.faults["/data/"] = [Reply(500, b"Internal Server Error", {"Content-Type": "text/plain"})] * 2
    with AeroClient(newest.url) as client, pytest.raises(errors.ServerFailed, match="Internal Server Error"):
        client.list("data").all()
    assert newest.paths().count("/fhwa/data/") == 1


def test_a_post_is_never_sent_twice(newest: Newest) -> None:
    newest.faults["/flow/register"] = [Reply(503, b"", {"Retry-After": "0"})] * 2
    with AeroClient(newest.url) as client, pytest.raises(errors.ServerFailed):
        client.register_flow({"function_uuid": "f", "rule": 2})
    assert newest.paths().count("/fhwa/flow/register") == 1


def test_what_the_server_asks_to_wait_is_waited() -> None:
    ctx = context(429, Retry_After="7")
    assert check_retry(ctx) is RetryCheckResult.do_retry
    assert 7 <= backoff(ctx) < 8
    later = context(503, Retry_After=format_datetime(datetime.now(timezone.utc) + timedelta(seconds=20)))
    assert check_retry(later) is RetryCheckResult.do_retry
    assert 15 < backoff(later) < 21


def test_a_pause_too_long_to_wait_for_ends_the_request() -> None:
    assert check_retry(context(503, Retry_After="3600")) is RetryCheckResult.do_not_retry


def test_without_advice_the_pause_grows_and_ends() -> None:
    first, second, third = (context(503, attempt) for attempt in range(3))
    assert [check_retry(ctx) is RetryCheckResult.do_retry for ctx in (first, second, third)] == [True, True, False]
    assert backoff(first) < 0.31
    assert backoff(second) < 0.61
    assert check_retry(context(503, Retry_After="soon")) is RetryCheckResult.do_retry


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (html_reply(200, "<html>Sign in</html>"), "answered with a web page"),
        (Reply(200, b"soon", {}), "answered with something other than JSON"),
        (json_reply({"detail": "x"}), "answered a list with something else"),
        (json_reply([{"name": "no id"}]), "answered with an invalid record"),
    ],
)
def test_a_success_that_holds_something_else_is_said(newest: Newest, reply: Reply, words: str) -> None:
    newest.faults["/data/"] = [reply]
    with AeroClient(newest.url) as client, pytest.raises(errors.ServerFailed, match=words):
        client.list("data").all()


def test_the_token_goes_to_the_server_and_nowhere_else(newest: Newest, local: Local) -> None:
    newest.faults["/data/"] = [Reply(307, b"", {"Location": f"{local.url}data/"})]
    with AeroClient(newest.url, authorizer=AccessTokenAuthorizer(SECRET)) as client:
        client.list("data").all()
        assert SECRET not in repr(client)
    assert {request.token for request in newest.requests} == {f"Bearer {SECRET}"}
    assert {request.token for request in local.requests} == {None}


def test_the_token_is_in_no_error(newest: Newest) -> None:
    newest.faults["/openapi.json"] = [Reply(500, b"oops")]
    newest.faults["/osprey/api/v1.0/data/"] = [Reply(500, b"oops")]
    authorizer = AccessTokenAuthorizer(SECRET)
    with AeroClient(newest.url, authorizer=authorizer) as client, pytest.raises(errors.ServerFailed) as caught:
        client.list("data").all()
    assert SECRET not in "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert SECRET not in caught.value.details


def test_an_expired_token_is_renewed_once(newest: Newest) -> None:
    class Renewing(AccessTokenAuthorizer):
        renewed = 0

        def handle_missing_authorization(self) -> bool:
            self.renewed += 1
            return True

    newest.faults["/flow/register"] = [json_reply({"detail": "expired"}, 401)]
    authorizer = Renewing(SECRET)
    with AeroClient(newest.url, authorizer=authorizer) as client:
        client.register_flow({"function_uuid": "f", "rule": 2})
    assert authorizer.renewed == 1


def test_certificates_are_checked_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", "0")
    with AeroClient("https://aero.example.org") as client:
        assert client.transport.verify_ssl is True
    with AeroClient("https://aero.example.org", ca_bundle="/ca.pem") as client:
        assert client.transport.verify_ssl == "/ca.pem"


def test_a_proxy_of_the_environment_does_not_see_this_machine(newest: Newest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with AeroClient(newest.url) as client:
        assert client.list("data").all() == []


def test_at_most_eight_requests_are_under_way(local: Local) -> None:
    for number in range(300):
        local.add_data(f"d{number}")
    with AeroClient(local.url) as client:
        lists = [client.list("data"), client.list("data")]
        for pages in lists:
            pages.page(1)
        crowded, ninth = threading.Event(), threading.Event()

        def hold(under_way: int) -> None:
            if under_way == 8:
                # All eight stay here, so that a ninth would come now if it could.
                ninth.wait(0.2)
                crowded.set()
            if under_way > 8:
                ninth.set()
            assert crowded.wait(180)

        local.before_reply = hold
        with ThreadPoolExecutor(2) as pool:
            assert [len(items) for items in pool.map(lambda pages: pages.all(), lists)] == [300, 300]
    assert local.most_open_requests == 8


def test_a_thread_in_a_hurry_waits_for_nothing_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        client = AeroClient(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=12)
        # It holds the question of the dialect meanwhile.
        patient = pool.submit(lambda: client.list("data").page(1))
        with silent.accept()[0]:
            began = time.monotonic()
            with pytest.raises(errors.Unreachable, match="did not answer in time"), request_deadline(0.2):
                client.list("data").page(1)
            assert time.monotonic() - began < 8
            assert not patient.done()
            with pytest.raises(errors.Unreachable):
                patient.result()


def test_a_thread_in_a_hurry_sends_once_and_does_not_sit_out_a_long_pause(newest: Newest) -> None:
    with AeroClient(newest.url) as client:
        client.list("data").page(1)
        newest.faults["/data/"] = [Reply(503, b"", {"Retry-After": "20"}), Reply(503, b"")]
        before = len(newest.requests)
        with pytest.raises(errors.ServerFailed), request_deadline(1):
            client.list("data").page(1)
        assert len(newest.requests) == before + 1
        client._pause_until = time.monotonic() + 20
        with pytest.raises(errors.Unreachable, match="did not answer in time"), request_deadline(0.2):
            client.list("data").page(1)
