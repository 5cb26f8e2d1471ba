"""The HTTP server of the stand-in for Globus Auth, with the pages that a user sees."""

from __future__ import annotations

import base64
import binascii
import contextlib
import html
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aero_jupyter.testing.auth_server.records import OAuthError
from aero_jupyter.testing.auth_server.service import GlobusAuth
from aero_jupyter.testing.web import Server

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font-family:sans-serif;max-width:40em;margin:3em auto"><h1>{title}</h1>{body}</body></html>"""


class _AuthHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    auth: GlobusAuth

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        routes = {
            "/v2/oauth2/authorize": lambda: self._page("Log in", self._choices(query)),
            "/v2/web/consent": lambda: self._consent(query),
            "/v2/web/auth-code": lambda: self._page("Authorization code", self._consent_page(query)),
            "/v2/oauth2/userinfo": lambda: self._json(self.auth.userinfo(self._bearer())),
            "/.well-known/openid-configuration": lambda: self._json(self._configuration()),
            "/jwk.json": lambda: self._json(self.auth.jwks()),
        }
        self._answer(routes.get(parts.path))

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        routes = {
            "/v2/oauth2/token": lambda: self._json(self.auth.token(form, self._basic())),
            "/v2/oauth2/token/revoke": lambda: self._json(self.auth.revoke(form, self._basic())),
        }
        self._answer(routes.get(urlsplit(self.path).path))

    def _answer(self, route: Callable[[], None] | None) -> None:
        if self.auth.failing:
            return self._json({"error": "failing"}, self.auth.failing)
        if route is None:
            return self._json({"error": "not_found"}, 404)
        try:
            route()
        except OAuthError as refused:
            self._json({"error": refused.error}, refused.status)

    def _choices(self, query: Mapping[str, str]) -> str:
        asked = self.auth.asked(query)
        rows = []
        for each in self.auth.identities:
            link = "/v2/web/consent?" + urlencode({**query, "identity": each.username})
            rows.append(f'<li><a href="{html.escape(link)}">{html.escape(f"{each.name} ({each.username})")}</a></li>')
        wanted = "".join(f"<li><code>{html.escape(scope)}</code></li>" for scope in asked.scopes)
        return f"<p>Allow, as:</p><ul id=identities>{''.join(rows)}</ul><p>It asks for:</p><ul>{wanted}</ul>"

    def _consent(self, query: Mapping[str, str]) -> None:
        asked = self.auth.asked(query)
        code = self.auth.consent(asked, query.get("identity", ""))
        self._send(302, b"", Location=f"{asked.redirect}?{urlencode({'code': code, 'state': asked.state})}")

    @staticmethod
    def _consent_page(query: Mapping[str, str]) -> str:
        return f"<p>Paste this where you came from:</p><code id=code>{html.escape(query.get('code', ''))}</code>"

    def _configuration(self) -> dict[str, Any]:
        url = self.auth.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/v2/oauth2/authorize",
            "token_endpoint": f"{url}/v2/oauth2/token",
            "userinfo_endpoint": f"{url}/v2/oauth2/userinfo",
            "revocation_endpoint": f"{url}/v2/oauth2/token/revoke",
            "jwks_uri": f"{url}/jwk.json",
            "id_token_signing_alg_values_supported": ["RS512"],
        }

    def _bearer(self) -> str:
        return str(self.headers.get("Authorization", "")).removeprefix("Bearer ")

    def _basic(self) -> tuple[str, str] | None:
        kind, _, value = str(self.headers.get("Authorization", "")).partition(" ")
        if kind != "Basic":
            return None
        try:
            client, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError(401, "invalid_client") from None
        return client, secret

    def _page(self, title: str, body: str) -> None:
        self._send(200, _PAGE.format(title=title, body=body).encode(), **{"Content-Type": "text/html; charset=utf-8"})

    def _json(self, body: Mapping[str, Any], status: int = 200) -> None:
        self._send(status, json.dumps(body).encode(), **{"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Discard log messages, because a request line may contain a code."""


@contextlib.contextmanager
def serving(auth: GlobusAuth) -> Iterator[GlobusAuth]:
    """Serve the stand-in on a free port of this machine and set its `url`."""
    handler = type("Handler", (_AuthHandler,), {"auth": auth})
    with Server(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        auth.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield auth
        finally:
            server.shutdown()
            thread.join()
