"""A redirect never carries what a request holds to another host, whichever part of the product sends it."""

import http.server
import io
from contextlib import contextmanager

import pytest
from globus_sdk import AccessTokenAuthorizer
from support.http_serving import serve_in_thread

from aero_jupyter.client import AeroClient
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.core import errors, wire
from aero_jupyter.jobs.http_client import send_request
from aero_jupyter.jobs.request_errors import AeroJobError

SECRET = b"patients of the third ward"


class Host(http.server.ThreadingHTTPServer):
    """Answer each request with a redirect where it has one; every body that arrives is kept."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url, self.bodies, self.status, self.target = f"http://127.0.0.1:{self.server_port}/", [], 307, None


class _Handler(http.server.BaseHTTPRequestHandler):
    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding"):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.server.bodies.append(body)
        moved = self.server.target if not self.path.endswith("arrived") else None
        self.send_response(self.server.status if moved else 200)
        if moved:
            self.send_header("Location", moved)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = _answer

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    with serve_in_thread(Host()) as server:
        yield server


@pytest.fixture
def hosts():
    with serving() as first, serving() as second:
        first.target = f"{second.url}arrived"
        yield first, second


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("body", [SECRET, io.BytesIO, lambda content: iter([content])])
def test_an_upload_or_commit_is_not_carried_to_another_host(hosts, status, method, body):
    first, second = hosts
    first.status = status
    with pytest.raises(AeroJobError, match="another host"):
        send_request(method, first.url, "The collection", token="t", data=body(SECRET) if callable(body) else body)
    assert first.bodies == [SECRET]
    assert second.bodies == []


def test_what_stays_on_its_host_and_what_carries_nothing_is_followed(hosts):
    first, second = hosts
    send_request("GET", first.url, "The source").close()
    assert second.bodies == [b""]
    first.target = "/arrived"
    send_request("PUT", first.url, "The collection", data=SECRET).close()
    assert first.bodies == [b"", SECRET, SECRET]


@pytest.mark.parametrize("status", [307, 308])
def test_a_registration_is_not_carried_to_another_host(hosts, status):
    first, second = hosts
    first.status = status
    with (
        AeroClient(first.url, authorizer=AccessTokenAuthorizer("t"), dialect=wire.NEWEST) as client,
        pytest.raises(errors.Unreachable, match="another host") as caught,
    ):
        client.register_flow({"description": SECRET.decode()})
    assert "nothing was sent there" in caught.value.message
    assert len(first.bodies) == 1
    assert second.bodies == []


@pytest.mark.parametrize("status", [307, 308])
def test_the_text_of_a_function_is_not_carried_to_another_host(hosts, status):
    first, second = hosts
    first.status = status
    with pytest.raises(errors.ClientError, match="another host"):
        Registrar(f"{first.url}compute", AccessTokenAuthorizer("t")).register("def f(): pass", "f")
    assert len(first.bodies) == 1
    assert second.bodies == []
