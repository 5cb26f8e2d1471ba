"""How a request leaves and its answer comes in: retries, the server's dialect, every failure as a `ClientError`."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from threading import TIMEOUT_MAX, BoundedSemaphore, Lock
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import globus_sdk
import requests
from globus_sdk.transport import RetryCheckResult, RetryConfig, RetryContext
from globus_sdk.transport.default_retry_checks import check_expired_authorization

from aero_jupyter.client.retries import LONGEST_PAUSE, backoff, may_send_again
from aero_jupyter.core import errors, wire
from aero_jupyter.core.config import with_slash

T = TypeVar("T")

#: Requests that one client has under way at once, at most.
MOST_AT_ONCE = 8
#: Seconds to wait for a connection.
CONNECT_TIMEOUT = 3.0

_brief: ContextVar[float | None] = ContextVar("brief", default=None)


@contextlib.contextmanager
def briefly(seconds: float) -> Iterator[None]:
    """Let no request of this thread wait longer than this for anything, nor be sent again."""
    before = _brief.set(seconds)
    try:
        yield
    finally:
        _brief.reset(before)


class Answer(NamedTuple):
    """The parsed body and the headers of an answer."""

    body: Any
    headers: Mapping[str, str]


class _Adapter(requests.adapters.HTTPAdapter):
    """Waits as long as the client does, or as short as this thread wants."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request."""
        if (seconds := _brief.get()) is not None:
            options["timeout"] = (min(CONNECT_TIMEOUT, seconds), seconds)
        return super().send(request, *args, **options)


class Caller(globus_sdk.BaseClient):
    """Sends requests to one AERO server. `AeroClient` knows what to ask.

    Parameters
    ----------
    base_url : str
        The server's address, with any path prefix.
    authorizer : GlobusAuthorizer, optional
        Gives the token for this server; it is sent to this server's origin only.
    dialect : Dialect, optional
        What the server speaks, where that is known already; else it is asked once.
    ca_bundle : str, optional
        File of the certificate authorities to trust. Certificates are always checked.
    timeout : float
        Seconds to wait for an answer.
    before : callable, optional
        Called before each request; it may say that the server has moved, with `move`.
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
        retries = RetryConfig(max_retries=5, max_sleep=LONGEST_PAUSE + 1, backoff=backoff)
        super().__init__(
            base_url=with_slash(base_url), authorizer=authorizer, app_name="aero_jupyter", retry_config=retries
        )
        limits: Any = (CONNECT_TIMEOUT, timeout)
        self.transport.http_timeout = limits
        self.transport.verify_ssl = ca_bundle or True
        for scheme in ("http://", "https://"):
            self.transport.session.mount(scheme, _Adapter())
        # A proxy named in the environment must not see the token of a server on this machine.
        self.transport.session.trust_env = not is_loopback(self.base_url)
        self._quiet_until = 0.0
        self._slots = BoundedSemaphore(MOST_AT_ONCE)
        self._dialect = dialect
        self._detecting = Lock()
        self._before = before

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    @property
    def dialect(self) -> wire.Dialect:
        """What this server speaks; asked once, by the first request that needs it.

        Raises
        ------
        ClientError
            If no AERO server answers at the address.
        """
        with self._held(self._detecting):
            if self._dialect is None:
                self._dialect = self._detect()
            return self._dialect

    def move(self, base_url: str, authorizer: globus_sdk.authorizers.GlobusAuthorizer) -> None:
        """Go on at another address, with another token: the same server has begun anew."""
        self.base_url, self.authorizer = with_slash(base_url), authorizer

    def _register_standard_retry_checks(self, retry_config: RetryConfig) -> None:
        retry_config.checks.register_many_checks((check_expired_authorization, self._may_send_again))

    def _may_send_again(self, ctx: RetryContext) -> RetryCheckResult:
        if _brief.get() is not None:
            return RetryCheckResult.do_not_retry
        result = may_send_again(ctx)
        if result is RetryCheckResult.do_retry and ctx.backoff is not None:
            self._quiet_until = max(self._quiet_until, time.monotonic() + ctx.backoff)
        return result

    def _wait_while_quiet(self) -> None:
        """Send nothing else either, while the server has asked one request to wait."""
        while (pause := self._quiet_until - time.monotonic()) > 0:
            if pause > (_brief.get() or pause):
                raise self._late()
            time.sleep(pause)

    @contextlib.contextmanager
    def _held(self, lock: Lock | BoundedSemaphore) -> Iterator[None]:
        """Hold a lock; wait for it no longer than for an answer."""
        seconds = _brief.get()
        if not lock.acquire(timeout=TIMEOUT_MAX if seconds is None else seconds):
            raise self._late()
        try:
            yield
        finally:
            lock.release()

    def _late(self) -> errors.Unreachable:
        return errors.Unreachable(0, f"{self.base_url} did not answer in time.", "Try again later.")

    def _detect(self) -> wire.Dialect:
        try:
            found = wire.dialect_from(self._ask(wire.OPENAPI.method, wire.OPENAPI.url()).body)
        except (errors.Unreachable, errors.NotAuthorized):
            raise
        except errors.ClientError:
            found = None
        return found or self._older()

    def _older(self) -> wire.Dialect:
        for dialect in wire.flask_dialects():
            route = wire.LIST["data"]
            try:
                answer = self._ask(
                    route.method, dialect.prefix + route.url(), params=dialect.asked(wire.Window(0, wire.PAGE_SIZE))
                )
                wire.rows_from(answer.body, answer.headers)
            except (errors.NotFound, NotJson):
                continue
            except errors.ServerFailed as error:
                # The older server breaks where it should say that nobody is logged in.
                raise errors.ServerFailed(error.code, error.message, "Log in with %aero_login.") from None
            return dialect
        raise errors.NotFound(404, f"No AERO server answers at {self.base_url}.", "Check the address and its path.")

    def _send(
        self,
        route: wire.Route,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        **ids: str,
    ) -> Answer:
        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        return self._ask(route.method, self.dialect.prefix + route.url(**quoted), params=params, data=data)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Answer:
        self._before()
        query = dict(params) if params else None
        body = dict(data) if data is not None else None
        try:
            with self._held(self._slots):
                self._wait_while_quiet()
                reply = self.request(method, self.base_url + path, query_params=query, data=body)
        except globus_sdk.AuthAPIError as error:
            raise errors.NotAuthorized(
                401, "The login is no longer valid.", "Log in again with %aero_login --force.", details=str(error)
            ) from None
        except globus_sdk.GlobusAPIError as error:
            raise wire.error_from(error.http_status, error.text) from None
        except globus_sdk.NetworkError as error:
            raise unreachable(self.base_url, error.underlying_exception) from None
        return Answer(_parsed(reply.binary_content, self.base_url), reply.headers)


class NotJson(errors.ServerFailed):
    """Something other than JSON came as an answer."""


def _parsed(content: bytes, where: str) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        page = content.lstrip()[:1] == b"<"
    what = "with a web page" if page else "with something else than JSON"
    raise NotJson(502, f"{where} answered {what}.", "Check the address; a proxy or a login page may stand in between.")


def understood(read: Callable[[Any], T], body: Any) -> T:
    """Make a noun of a body.

    Raises
    ------
    ServerFailed
        If the body does not hold what it should.
    """
    try:
        return read(body)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise errors.ServerFailed(
            502,
            "The server answered with a record that makes no sense.",
            "Tell who runs the server.",
            details=repr(error),
        ) from error


def unreachable(where: str, cause: Exception) -> errors.Unreachable:
    """Say why there was no answer from `where`."""
    details = f"{type(cause).__name__}: {cause}"
    if isinstance(cause, requests.exceptions.SSLError):
        cure = "Name its certificate authority (ca_bundle), or tell who runs the server."
        return errors.Unreachable(0, f"The certificate of {where} is not trusted.", cure, details=details)
    if isinstance(cause, requests.ReadTimeout):
        return errors.Unreachable(0, f"{where} did not answer in time.", "Try again later.", details=details)
    return errors.Unreachable(0, f"No answer from {where}.", "Check the address and the network.", details=details)


def is_loopback(url: str) -> bool:
    """Tell whether a url leads to this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
