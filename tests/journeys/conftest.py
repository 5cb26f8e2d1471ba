"""A source over HTTP whose answer a test can change, and a session on the tests' local AERO."""

import http.server
import threading

import pytest

import aero_jupyter


class Source(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.content, self.headers = 200, b"", {"Content-Type": "text/csv"}
        self.url = f"http://127.0.0.1:{self.server_port}/source.csv"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status)
        for name, value in {"Content-Length": str(len(self.server.content)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_):
        pass


@pytest.fixture
def source():
    server = Source()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def session(aero):
    return aero_jupyter.local()
