"""Functions and endpoints of Globus Compute, local or real, through the SDK's own client."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any  # the Compute SDK, which has no types
from urllib.parse import urlsplit

from globus_sdk.authorizers import GlobusAuthorizer

from aero_jupyter.compute import endpoints
from aero_jupyter.compute.function_cache import FunctionCache, Owner
from aero_jupyter.compute.sdk_client import sdk_client, web_client
from aero_jupyter.compute.service_errors import translate_errors
from aero_jupyter.compute.service_limits import PacedAdapter, pacer_of
from aero_jupyter.compute.submissions import require_json, size_note, submissions
from aero_jupyter.compute.task_results import (
    JSON_STRATEGY,
    PollingPolicy,
    StateCallback,
    TaskResult,
    TaskWaiter,
    task_result,
)
from aero_jupyter.core.errors import NotFound, Rejected, UnknownName
from aero_jupyter.jobs.answer_limits import BoundedAdapter
from aero_jupyter.jobs.redirects import keep_bodies


class Registrar:
    """Registers functions by their source, each text once, and runs them on endpoints.

    Parameters
    ----------
    url : str or None
        The web service's URL; None means Globus's own.
    authorizer : GlobusAuthorizer or None
        The authorizer of requests; None to send them unsigned.
    owner : callable, optional
        Returns the user once it is known; all kernels then share the cache of registered functions.
    """

    def __init__(
        self,
        url: str | None,
        authorizer: GlobusAuthorizer | None,
        *,
        owner: Owner = lambda: None,
    ) -> None:
        self._url = url
        self._authorizer = authorizer
        self._lock = threading.Lock()
        self._client: Any = None
        self._web: Any = None
        self._size_note = ""
        self._cache = FunctionCache(_cache_file(), lambda: (who := owner()) and f"{url} {who}")

    def register(self, source: str, entry: str, description: str | None = None) -> str:
        """Register source code with the name of the function to call; return its id. The same text is sent once.

        Raises
        ------
        ClientError
            If the web service refuses or does not answer.
        """
        with self._lock:
            known = self._cache.find(source, entry)
            if known is None:
                with self._connected() as client:
                    known = str(client.register_source_code(source, entry, description=description))
                self._cache.store(source, entry, known)
            return known

    def source_of(self, function: str) -> str:
        """Return the source code registered under an id as the service sends it; real services pack it.

        Raises
        ------
        ClientError
            If the web service does not know the function, or does not answer.
        """
        with self._lock, self._connected():
            return str(self._web.get_function(function)["function_code"])

    def run(
        self,
        source: str,
        entry: str,
        endpoint: str,
        calls: Sequence[Mapping[str, Any]],
        *,
        description: str | None = None,
        endpoint_config: Mapping[str, Any] | None = None,
        polling: PollingPolicy | None = None,
        on_state: StateCallback | None = None,
    ) -> list[TaskResult]:
        """Call a function of a source text on an endpoint, once for each of ``calls``; wait for all of them.

        Parameters
        ----------
        calls : sequence of mapping
            Keyword arguments, as JSON.
        endpoint_config : mapping, optional
            Options of the endpoint's template, such as ``account``.
        on_state : callable, optional
            Called with a task's id and its state, whenever that changed.

        Raises
        ------
        InvalidArgument
            If an argument is not JSON, or the arguments of a call are larger than the service accepts.
        RunFailed
            If the endpoint goes away, or the time is over.
        ClientError
            If the web service refuses or does not answer.
        """
        ids = self.register_and_submit(
            source, entry, endpoint, calls, description=description, endpoint_config=endpoint_config
        )
        waiter = TaskWaiter(self, endpoint, polling or self.polling_policy(), on_state)
        records = waiter.wait_for(ids)
        return [task_result(id, records[id]) for id in ids]

    def polling_policy(self, timeout: float = 300.0) -> PollingPolicy:
        """Return the polling policy: short pauses on this machine, long ones for a service that limits requests."""
        return PollingPolicy(timeout, first=0.05, longest=0.5) if self._is_local else PollingPolicy(timeout)

    @property
    def _is_local(self) -> bool:
        return self._url is not None and urlsplit(self._url).hostname in ("127.0.0.1", "localhost")

    def limit_note(self) -> str:
        """Return a sentence if requests or arguments come near a limit of the service; otherwise an empty text."""
        return "" if self._is_local else " ".join(filter(None, (pacer_of(self._url).note(), self._size_note)))

    def register_and_submit(
        self,
        source: str,
        entry: str,
        endpoint: str,
        calls: Sequence[Mapping[str, Any]],
        *,
        description: str | None = None,
        endpoint_config: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Register a function unless it is cached, submit one task for each call, and return the ids of the tasks."""
        require_json(calls)
        batches = [calls] if self._is_local else list(submissions(calls))
        self._size_note = "" if self._is_local else size_note(calls)
        cached_id = self._cache.find(source, entry)
        id = self.register(source, entry, description)
        try:
            return self._submit(id, endpoint, batches, endpoint_config)
        except NotFound:
            if cached_id is None:
                raise
            # The service has lost the cached function; if the endpoint is unknown instead, the retry fails again.
            self._cache.remove(id)
            return self._submit(self.register(source, entry, description), endpoint, batches, endpoint_config)

    def _submit(
        self,
        function: str,
        endpoint: str,
        batches: Sequence[Sequence[Mapping[str, Any]]],
        endpoint_config: Mapping[str, Any] | None,
    ) -> list[str]:
        ids: list[str] = []
        config = dict(endpoint_config or {}) or None
        with self._lock, self._connected() as client:
            for calls in batches:
                batch = client.create_batch(result_serializers=[JSON_STRATEGY], user_endpoint_config=config)
                for kwargs in calls:
                    batch.add(function, (), dict(kwargs))
                ids += [str(id) for id in client.batch_run(endpoint, batch)["tasks"][function]]
        return ids

    def statuses(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the record of each task that the service knows."""
        with self._lock, self._connected():
            # The SDK's own batch of results drops failed tasks.
            found: Mapping[str, Mapping[str, Any]] = self._web.get_task_batch(list(ids))["results"]
            return found

    def is_online(self, endpoint: str) -> bool:
        """Return whether an endpoint is online."""
        with self._lock, self._connected() as client:
            return bool(client.get_endpoint_status(endpoint)["status"] == "online")

    def endpoints(self, with_status: bool = False, *, everyones: bool = False) -> list[dict[str, Any]]:
        """List the endpoints this user may run on: id, name and owner; on request their status and Python.

        Raises
        ------
        ClientError
            If the web service refuses or does not answer.
        """
        with self._lock, self._connected() as client:
            return endpoints.list_endpoints(client, with_status, everyones=everyones)

    def endpoint_warning(self, endpoint: str) -> str | None:
        """Return a warning if an endpoint is offline or has another Python version; otherwise None."""
        return endpoints.endpoint_warning(self.endpoint(endpoint))

    def endpoint(self, endpoint: str) -> dict[str, Any]:
        """Fetch one endpoint, by its id, with its status, its Python, and the schema of its options if it has one.

        Raises
        ------
        UnknownName
            If the web service does not know it.
        ClientError
            If the web service does not answer.
        """
        try:
            with self._lock, self._connected() as client:
                status = client.get_endpoint_status(endpoint)["status"]
                record = client.get_endpoint_metadata(endpoint)
                return {**endpoints.row_of(record), "config_schema": endpoints.schema_of(record), "status": status}
        except (NotFound, Rejected):
            raise UnknownName(
                f"Globus Compute knows no endpoint {endpoint}.", "List those that exist with %aero_endpoints"
            ) from None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        with translate_errors(self._url or "Globus Compute"):
            if self._client is None:
                self._client = sdk_client(self._url, self._authorizer)
                self._web = web_client(self._client)
                web = self._client._compute_web_client
                adapter = BoundedAdapter if self._is_local else partial(PacedAdapter, pacer_of(self._url))
                keep_bodies(self._web, web.v2, web.v3, adapter=adapter)
            yield self._client


def _cache_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("aero_jupyter")) / "functions.json"
