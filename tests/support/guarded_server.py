"""An AERO server that validates tokens at a stand-in for Globus Auth."""

from __future__ import annotations

import contextlib
import http.server
import json

from support.http_serving import serve_in_thread
from support.login_accounts import COLLECTION, PORTAL

ACTION = f"https://auth.globus.org/scopes/{PORTAL}/action_all"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        server, token = self.server, (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        server.tokens.append(token)
        if self.path == "/openapi.json":
            self.answer({"paths": {"/data/source": {}}})
        elif not server.auth.active(token, ACTION):
            self.answer({"detail": "Missing bearer token."}, 401)
        elif server.required_scope and not server.auth.active(token, server.required_scope):
            self.answer({"code": "ConsentRequired", "required_scopes": [server.required_scope]}, 403)
        else:
            self.answer([{"id": "d1", "name": "sewage", "collection_uuid": COLLECTION}])

    def answer(self, body, status=200):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve_guarded_aero(auth):
    with serve_in_thread(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as server:
        server.auth, server.tokens, server.required_scope = auth, [], None
        server.url = f"http://127.0.0.1:{server.server_port}/"
        yield server
