"""An AERO server that asks a stand-in for Globus Auth whether a token holds."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading

from login_people import COLLECTION, PORTAL

ACTION = f"https://auth.globus.org/scopes/{PORTAL}/action_all"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        server, token = self.server, (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        server.seen.append(token)
        if self.path == "/openapi.json":
            self.answer({"paths": {"/data/source": {}}})
        elif not server.auth.active(token, ACTION):
            self.answer({"detail": "Missing bearer token."}, 401)
        elif server.demands and not server.auth.active(token, server.demands):
            self.answer({"code": "ConsentRequired", "required_scopes": [server.demands]}, 403)
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
def aero_server(auth):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.auth, server.seen, server.demands = auth, [], None
        server.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
