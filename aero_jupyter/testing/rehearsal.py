"""A rehearsal of production on this machine: Globus Auth, an AERO server, Compute and a collection.

The stand-in for Globus Auth checks what the real service checks. The AERO server, the endpoint and the collection are
one local AERO behind three proxies on loopback. Each proxy accepts only tokens that were issued for it, and hides the
routes that only a local AERO has.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import requests
from globus_sdk.scopes import ComputeScopes

from aero_jupyter.core import wire
from aero_jupyter.testing import globus_auth, local_aero
from aero_jupyter.testing.web import Server

PORTAL = "a3d00000-0000-4000-8000-000000000001"
CLIENT = "c11e0000-0000-4000-8000-000000000002"
COLLECTION = "c0110000-0000-4000-8000-000000000003"
#: The name of the endpoint.
ENDPOINT = "cluster"
_SCOPE = "https://auth.globus.org/scopes/{}/{}"
_LOCAL_ONLY = (wire.LIST_RUNS.path, wire.CONTENT.path)
_UNSET = (
    *("AERO_SERVER", "AERO_PROFILE", "AERO_ACCESS_TOKEN", "AERO_CLIENT_ID", "AERO_CLIENT_SECRET"),
    *("GLOBUS_COMPUTE_CLIENT_ID", "GLOBUS_COMPUTE_CLIENT_SECRET", "GLOBUS_SDK_ENVIRONMENT"),
)
_CONFIG = """\
[default]
server = "{server}"
client_uuid = "{client}"
portal_client_id = "{portal}"
cache_dir = "{cache}"
collections = ["{collection}"]
"""


class Rehearsal:
    """A complete production setup on this machine; the environment of this process points to it until `stop`.

    Attributes
    ----------
    server : str
        URL of the AERO server.
    config : str
        The text of the configuration file.

    Examples
    --------
    >>> with Rehearsal() as production:  # doctest: +SKIP
    ...     code = production.code()
    """

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as started:
            folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="aero-rehearsal-")))
            scopes = {PORTAL: ("action_all",), COLLECTION: ("https",)}
            self._auth = started.enter_context(globus_auth({CLIENT: None}, scopes))
            state = started.enter_context(local_aero(folder / "aero"))
            upstream = Upstream(state.url, state.token, state.collection)
            aero, compute, files = (
                started.enter_context(_proxy(upstream, self._allows(scope), path))
                for scope, path in (
                    (_SCOPE.format(PORTAL, "action_all"), ""),
                    (str(ComputeScopes.all), "compute/"),
                    (_SCOPE.format(COLLECTION, "https"), f"collections/{state.collection}/"),
                )
            )
            upstream.moved = {upstream.files: files, state.url: aero, state.collection: COLLECTION}
            self.server = aero
            self.config = _CONFIG.format(
                server=aero, client=CLIENT, portal=PORTAL, cache=folder / "cache", collection=COLLECTION
            )
            (folder / "config.toml").write_text(self.config)
            started.enter_context(
                _environment(
                    AERO_CONFIG_FILE=str(folder / "config.toml"),
                    AERO_COLLECTION_UUID=COLLECTION,
                    AERO_COLLECTION_URL=files,
                    GLOBUS_SDK_SERVICE_URL_AUTH=self._auth.url,
                    GLOBUS_SDK_SERVICE_URL_COMPUTE=compute.rstrip("/"),
                )
            )
            self._stack = started.pop_all()

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Rehearsal({self.server})"

    def code(self, link: str | None = None) -> str:
        """Log in through a login link as a user would, and return the code that the page shows.

        Parameters
        ----------
        link : str, optional
            The login link; by default the pending one of the session in use.

        Returns
        -------
        str
            The code.
        """
        from aero_jupyter.session import current

        if link is None:
            credentials = current().credentials
            assert credentials is not None
            assert credentials.user_login is not None
            link = credentials.user_login.link()
        return self._auth.log_in(link)

    def stop(self) -> None:
        """Stop all services, delete their files, and restore the environment."""
        self._stack.close()

    def _allows(self, scope: str) -> Callable[[str], bool]:
        return lambda token: self._auth.active(token, scope) is not None


class Upstream:
    """The local AERO behind the proxies.

    Attributes
    ----------
    moved : dict of str to str
        Internal names and URLs to the names and URLs seen from outside.
    """

    def __init__(self, url: str, token: str, collection: str) -> None:
        self.url, self._token = url, token
        self.files = f"{url}collections/{collection}/"
        self.moved: dict[str, str] = {}

    def forward(self, method: str, path: str, body: bytes, kind: str | None) -> tuple[int, str, bytes]:
        """Forward a request; return status, content type and content as seen from outside."""
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Content-Type": kind} if kind else {})
        for inside, outside in self.moved.items():
            body = body.replace(outside.encode(), inside.encode())
        answer = requests.request(method, self.url + path, data=body, headers=headers, timeout=60)
        said, content = answer.headers.get("Content-Type", ""), answer.content
        return answer.status_code, said, self._seen(path, content) if said.startswith("application/json") else content

    def _seen(self, path: str, content: bytes) -> bytes:
        for inside, outside in self.moved.items():
            content = content.replace(inside.encode(), outside.encode())
        body = json.loads(content)
        if path == "openapi.json":
            body["paths"] = {path: about for path, about in body["paths"].items() if path not in _LOCAL_ONLY}
        if path.startswith("compute/v2/endpoints"):
            for record in body if isinstance(body, list) else [body]:
                record |= {"name": ENDPOINT, "display_name": ENDPOINT} if "uuid" in record else {}
        return json.dumps(body).encode()


@contextlib.contextmanager
def _proxy(upstream: Upstream, allows: Callable[[str], bool], path: str) -> Iterator[str]:
    """Run a proxy for a path of the local AERO that checks access; yield its URL."""
    handler = type("Handler", (_ProxyHandler,), {"upstream": upstream, "allows": staticmethod(allows), "below": path})
    with Server(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="door", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _ProxyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: Upstream
    allows: Callable[[str], bool]
    below: str

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.lstrip("/")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if path != "openapi.json" and not self.allows(token):
            return self._answer(401, "application/json", b'{"detail": "Missing or invalid bearer token."}')
        if not self.below and f"/{path.partition('?')[0]}".startswith(_LOCAL_ONLY[0]):
            return self._answer(404, "application/json", b'{"detail": "Not Found"}')
        return self._answer(
            *self.upstream.forward(self.command, self.below + path, body, self.headers.get("Content-Type"))
        )

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def log_message(self, *_: Any) -> None:
        """Discard log messages."""


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.pop(name, None) for name in (*variables, *_UNSET)}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
