"""Functions and endpoints of Globus Compute, local or real, through the SDK's own client."""

from __future__ import annotations

import contextlib
import json
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import globus_sdk
from globus_sdk.authorizers import GlobusAuthorizer

from aero_jupyter.compute import endpoints
from aero_jupyter.compute.known import KnownFunctions, Owner
from aero_jupyter.compute.results import JSON_STRATEGY, Outcome, Patience, Told, Watch, outcome_of
from aero_jupyter.core import wire
from aero_jupyter.core.errors import InvalidArgument, NotFound, ServerFailed, Unreachable


class Registrar:
    """Registers functions by their source, each text once, and runs them on endpoints.

    Parameters
    ----------
    url : str or None
        The web service's address; None means Globus's own.
    authorizer : GlobusAuthorizer or None
        What signs requests; None where nothing does.
    owner : callable, optional
        Tells as whom, once it is known: then all kernels remember what is registered.
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
        self._known = KnownFunctions(_memory(), lambda: (who := owner()) and f"{url} {who}")

    def register(self, source: str, entry: str, description: str | None = None) -> str:
        """Register source text under the name to call in it; give the function's id. The same is sent once.

        Raises
        ------
        ClientError
            If the web service refuses or does not answer.
        """
        with self._lock:
            known = self._known.find(source, entry)
            if known is None:
                with self._asked() as client:
                    known = str(client.register_source_code(source, entry, description=description))
                self._known.keep(source, entry, known)
            return known

    def text_of(self, function: str) -> str:
        """Give the text that is registered under an id, as the service tells it; real services pack it.

        Raises
        ------
        ClientError
            If the web service does not know the function, or does not answer.
        """
        with self._lock, self._asked():
            return str(self._web.get_function(function)["function_code"])

    def run(
        self,
        source: str,
        entry: str,
        endpoint: str,
        calls: Sequence[Mapping[str, Any]],
        *,
        description: str | None = None,
        patience: Patience | None = None,
        told: Told | None = None,
    ) -> list[Outcome]:
        """Call a function of a source text on an endpoint, once for each of ``calls``; wait for all of them.

        Parameters
        ----------
        calls : sequence of mapping
            Keyword arguments, as JSON.
        told : callable, optional
            Called with a task's id and its state, whenever that changed.

        Raises
        ------
        InvalidArgument
            If an argument is not JSON.
        RunFailed
            If the endpoint goes away, or the time is over.
        ClientError
            If the web service refuses or does not answer.
        """
        ids = self.start(source, entry, endpoint, calls, description=description)
        watch = Watch(self, endpoint, patience or self.patience(), told)
        records = watch.until_ended(ids)
        return [outcome_of(id, records[id]) for id in ids]

    def patience(self, timeout: float = 300.0) -> Patience:
        """Give how to wait here: often where it costs nothing, seldom where requests are counted."""
        near = self._url is not None and urlsplit(self._url).hostname in ("127.0.0.1", "localhost")
        return Patience(timeout, first=0.05, longest=0.5) if near else Patience(timeout)

    def start(
        self,
        source: str,
        entry: str,
        endpoint: str,
        calls: Sequence[Mapping[str, Any]],
        *,
        description: str | None = None,
    ) -> list[str]:
        """Start a function of a source text on an endpoint; give the ids of the tasks."""
        _check_json(calls)
        remembered = self._known.find(source, entry)
        id = self.register(source, entry, description)
        try:
            return self._submit(id, endpoint, calls)
        except NotFound:
            if remembered is None:
                raise
            # The service has lost what is remembered here; if it was the endpoint, it will say so again.
            self._known.forget(id)
            return self._submit(self.register(source, entry, description), endpoint, calls)

    def _submit(self, function: str, endpoint: str, calls: Sequence[Mapping[str, Any]]) -> list[str]:
        with self._lock, self._asked() as client:
            batch = client.create_batch(result_serializers=[JSON_STRATEGY])
            for kwargs in calls:
                batch.add(function, (), dict(kwargs))
            return [str(id) for id in client.batch_run(endpoint, batch)["tasks"][function]]

    def statuses(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Give the record of each task that the service knows."""
        with self._lock, self._asked():
            # Not the SDK's own batch of results: it drops the tasks that failed.
            found: Mapping[str, Mapping[str, Any]] = self._web.get_task_batch(list(ids))["results"]
            return found

    def is_online(self, endpoint: str) -> bool:
        """Tell whether an endpoint is there."""
        with self._lock, self._asked() as client:
            return bool(client.get_endpoint_status(endpoint)["status"] == "online")

    def endpoints(self, with_status: bool = False, *, everyones: bool = False) -> list[dict[str, Any]]:
        """List the endpoints this user may run on: id, name and owner; on request their status and Python.

        Raises
        ------
        ClientError
            If the web service refuses or does not answer.
        """
        with self._lock, self._asked() as client:
            return endpoints.listed(client, with_status, everyones=everyones)

    def remark(self, endpoint: str) -> str | None:
        """Say in one line what may surprise about an endpoint: that it is offline, or has another Python."""
        return endpoints.remark(self.endpoint(endpoint))

    def endpoint(self, endpoint: str) -> dict[str, Any]:
        """Give one endpoint, by its id, with its status and its Python.

        Raises
        ------
        ClientError
            If the web service does not know it, or does not answer.
        """
        with self._lock, self._asked() as client:
            status = client.get_endpoint_status(endpoint)["status"]
            return {**endpoints.row_of(client.get_endpoint_metadata(endpoint)), "status": status}

    @contextlib.contextmanager
    def _asked(self) -> Iterator[Any]:
        try:
            if self._client is None:
                self._client = _client(self._url, self._authorizer)
                self._web = _web(self._client)
            yield self._client
        except globus_sdk.GlobusAPIError as error:
            raise wire.error_from(error.http_status, error.text) from None
        except (KeyError, TypeError) as error:
            message = f"{self._url or 'Globus Compute'} answered with something that makes no sense."
            raise ServerFailed(502, message, "Check the address.", details=repr(error)) from error
        except globus_sdk.NetworkError as error:
            where = self._url or "Globus Compute"
            raise Unreachable(
                0, f"No answer from {where}.", "Check the network.", details=repr(error.underlying_exception)
            ) from None


def _memory() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("aero_jupyter")) / "functions.json"


def _check_json(calls: Sequence[Mapping[str, Any]]) -> None:
    try:
        json.dumps(calls)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"An argument cannot travel as JSON: {error}.", "Give text, numbers, lists or dicts."
        ) from None


def _web(client: Any) -> globus_sdk.ComputeClientV2:
    """Make the plain client of the web API that the SDK's client stands on."""
    return globus_sdk.ComputeClientV2(app=client.app, authorizer=client.authorizer, base_url=client.web_service_address)


def _client(url: str | None, authorizer: GlobusAuthorizer | None) -> Any:
    with warnings.catch_warnings():
        # The SDK warns and changes warning filters on import; a notebook's own stay as they are.
        warnings.simplefilter("ignore")
        import globus_compute_sdk
        from globus_compute_sdk.serialize import JSONData

        class Client(globus_compute_sdk.Client):
            """The SDK's client at an address of our choosing."""

            web_service_address = property(lambda _: url, lambda _, value: None)

        make = globus_compute_sdk.Client if url is None else Client
        plain: Any = JSONData
        return make(authorizer=authorizer, do_version_check=False, data_serialization_strategy=plain())
