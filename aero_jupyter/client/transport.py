"""The transport: sends requests with retries, detects the dialect, and raises every failure as a `ClientError`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from threading import TIMEOUT_MAX, BoundedSemaphore, Lock
from typing import Any, TypeVar  # options of requests
from urllib.parse import quote

import globus_sdk
import requests
from globus_sdk.transport import RetryCheckResult, RetryConfig, RetryContext
from globus_sdk.transport.default_retry_checks import check_expired_authorization

from aero_jupyter.client.responses import PROXY_CURE, Answer, NotJson, over_limit, parse_json_body, unreachable
from aero_jupyter.client.retries import MAX_RETRY_PAUSE_SECONDS, backoff, check_retry
from aero_jupyter.core import errors, server_errors, wire
from aero_jupyter.core.config import with_slash
from aero_jupyter.jobs.answer_limits import BoundedAdapter, OverLimit
from aero_jupyter.jobs.loopback import bypass_proxies
from aero_jupyter.jobs.redirects import ForeignRedirect
from aero_jupyter.jobs.request_errors import PROXY_WANTS_LOGIN

T = TypeVar("T")

#: Maximum number of concurrent requests of one client.
MAX_CONCURRENT_REQUESTS = 8
#: Seconds to wait for a connection.
CONNECT_TIMEOUT_SECONDS = 3.0

_request_seconds: ContextVar[float | None] = ContextVar("request_seconds", default=None)


@contextlib.contextmanager
def request_deadline(seconds: float) -> Iterator[None]:
    """Limit each wait of this thread's requests to `seconds`, and send none of them again."""
    before = _request_seconds.set(seconds)
    try:
        yield
    finally:
        _request_seconds.reset(before)


class _Adapter(BoundedAdapter):
    """An HTTP adapter with the client's timeout, or the shorter deadline of the current thread."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request."""
        if (seconds := _request_seconds.get()) is not None:
            options["timeout"] = (min(CONNECT_TIMEOUT_SECONDS, seconds), seconds)
        return super().send(request, *args, **options)


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class BaseAeroClient(globus_sdk.BaseClient):
    """The transport layer of `AeroClient`: sends requests to one AERO server.

    Parameters
    ----------
    base_url : str
        URL of the server, with any path prefix.
    authorizer : GlobusAuthorizer, optional
        Provides the token for this server; it is sent to this server's origin only.
    dialect : Dialect, optional
        The server's dialect, if it is known already; otherwise it is detected once.
    ca_bundle : str, optional
        File of the certificate authorities to trust. Certificates are always verified.
    timeout : float
        Seconds to wait for an answer.
    before : callable, optional
        Called before each request; it may call `move` if the server has a new URL.
    """

    def __init__(
        self,
        base_url: str,
        *,
        authorizer: globus_sdk.authorizers.GlobusAuthorizer | None = None,
        dialect: wire.Dialect | None = None,
        ca_bundle: str | None = None,
        timeout: float = 60.0,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        retries = RetryConfig(max_retries=5, max_sleep=MAX_RETRY_PAUSE_SECONDS + 1, backoff=backoff)
        super().__init__(
            base_url=with_slash(base_url), authorizer=authorizer, app_name="aero_jupyter", retry_config=retries
        )
        limits: Any = (CONNECT_TIMEOUT_SECONDS, timeout)
        self.transport.http_timeout = limits
        self.transport.verify_ssl = ca_bundle or True
        for scheme in ("http://", "https://"):
            self.transport.session.mount(scheme, _Adapter())
        bypass_proxies(self.transport.session)
        # Otherwise an entry for the host in ~/.netrc would replace the token.
        self.transport.session.auth = _keep_headers
        self._pause_until = 0.0
        self._slots = BoundedSemaphore(MAX_CONCURRENT_REQUESTS)
        self._dialect = dialect
        self._detecting = Lock()
        self._before = before

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    @property
    def dialect(self) -> wire.Dialect:
        """The dialect of the server; detected by the first request that needs it.

        Raises
        ------
        ClientError
            If no AERO server answers at the URL.
        """
        with self._acquired(self._detecting):
            if self._dialect is None:
                self._dialect = self._detect()
            return self._dialect

    def move(self, base_url: str, authorizer: globus_sdk.authorizers.GlobusAuthorizer) -> None:
        """Use another URL and token from now on: the same server has restarted.

        Parameters
        ----------
        base_url : str
            URL of the server.
        authorizer : GlobusAuthorizer
            Provides the token.

        Examples
        --------
        >>> client.move(client.base_url, client.authorizer)
        """
        self.base_url, self.authorizer = with_slash(base_url), authorizer

    def _register_standard_retry_checks(self, retry_config: RetryConfig) -> None:
        retry_config.checks.register_many_checks((check_expired_authorization, self._check_retry))

    def _check_retry(self, ctx: RetryContext) -> RetryCheckResult:
        if _request_seconds.get() is not None:
            return RetryCheckResult.do_not_retry
        result = check_retry(ctx)
        if result is RetryCheckResult.do_retry and ctx.backoff is not None:
            self._pause_until = max(self._pause_until, time.monotonic() + ctx.backoff)
        return result

    def _wait_for_pause(self) -> None:
        """Wait until the pause that the server requested is over; it applies to all requests."""
        while (pause := self._pause_until - time.monotonic()) > 0:
            if pause > (_request_seconds.get() or pause):
                raise self._timeout_error()
            time.sleep(pause)

    @contextlib.contextmanager
    def _acquired(self, lock: Lock | BoundedSemaphore) -> Iterator[None]:
        """Hold a lock; raise if the thread's deadline passes before it is acquired."""
        seconds = _request_seconds.get()
        if not lock.acquire(timeout=TIMEOUT_MAX if seconds is None else seconds):
            raise self._timeout_error()
        try:
            yield
        finally:
            lock.release()

    def _timeout_error(self) -> errors.Unreachable:
        return errors.Unreachable(0, f"{self.base_url} did not answer in time.", "Try again later.")

    def _detect(self) -> wire.Dialect:
        try:
            dialect = wire.dialect_from(self._request(wire.OPENAPI.method, wire.OPENAPI.url()).body)
        except (errors.Unreachable, errors.NotAuthorized):
            raise
        except errors.ClientError:
            dialect = None
        return dialect or self._detect_flask()

    def _detect_flask(self) -> wire.Dialect:
        for dialect in wire.flask_dialects():
            route = wire.LIST["data"]
            try:
                answer = self._request(
                    route.method,
                    dialect.prefix + route.url(),
                    params=dialect.query_params(wire.Window(0, wire.PAGE_SIZE)),
                )
                wire.rows_from(answer.body, answer.headers)
            except (errors.NotFound, NotJson):
                continue
            except errors.ServerFailed as error:
                # The older server answers 500 instead of 401 without a login.
                raise errors.ServerFailed(error.code, error.message, "Log in with %aero_login") from None
            return dialect
        raise errors.NotFound(404, f"No AERO server answers at {self.base_url}.", "Check the URL and its path.")

    def _send(
        self,
        route: wire.Route,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | bytes | None = None,
        **ids: str,
    ) -> Answer:
        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        return self._request(route.method, self.dialect.prefix + route.url(**quoted), params=params, data=data)

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | bytes | None = None,
    ) -> Answer:
        self._before()
        query = dict(params) if params else None
        body = dict(data) if isinstance(data, Mapping) else data
        try:
            with self._acquired(self._slots):
                self._wait_for_pause()
                reply = self.request(method, self.base_url + path, query_params=query, data=body)
        except globus_sdk.AuthAPIError as error:
            raise errors.NotAuthorized(
                401, "The login is no longer valid.", "Log in again with %aero_login --force", details=str(error)
            ) from None
        except globus_sdk.GlobusAPIError as error:
            if error.http_status == PROXY_WANTS_LOGIN:
                raise errors.Unreachable(407, "The proxy of this machine requires a login.", PROXY_CURE) from None
            raise server_errors.error_from(error.http_status, error.text) from None
        except globus_sdk.NetworkError as error:
            raise unreachable(self.base_url, error.underlying_exception) from None
        except OverLimit as error:
            raise over_limit(self.base_url, error) from None
        except ForeignRedirect as error:
            cure = "If that host is the intended server, connect to it."
            raise errors.Unreachable(0, f"{self.base_url} {error}; nothing was sent there.", cure) from None
        return Answer(parse_json_body(reply.binary_content, self.base_url), reply.headers)
