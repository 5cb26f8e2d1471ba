"""The composition root: which server, whose token, which endpoint, put together once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter.auth import tokens
from aero_jupyter.client import AeroClient
from aero_jupyter.compute.endpoints import chosen
from aero_jupyter.compute.registrar import Registrar
from aero_jupyter.compute.registrar import check_arguments as check_arguments
from aero_jupyter.core import config, wire
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import AlreadyExists, InvalidArgument, NotAuthorized
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum, timer_for
from aero_jupyter.service import daemon

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.compute.functions import PortableFunction

_PULLED = (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT)
_lock = threading.RLock()
_current: Session | None = None


class Session:
    """A server, and what talks to it.

    Attributes
    ----------
    client : AeroClient
    profile : Profile or None
        None on the local AERO.
    name : str
        How people call the server.
    state : State or None
        Where the local AERO is.
    """

    def __init__(self, profile: Profile | None, token: str | None = None) -> None:
        self.profile = profile
        self.state = daemon.ensure(daemon.home()) if profile is None else None
        self._authorizer = tokens.authorizer(profile, os.environ, self.state.token if self.state else token)
        url = self.state.url if self.state else profile.server if profile else ""
        self.name = "local AERO" if self.state else url.split("://")[1].rstrip("/")
        self.client = AeroClient(url, authorizer=self._authorizer)

    def __repr__(self) -> str:
        return f"Session({self.name})"

    @property
    def is_local(self) -> bool:
        """Whether it is the local AERO."""
        return self.state is not None

    @property
    def endpoint(self) -> str | None:
        """The local endpoint's id; None on a real server."""
        return self.state.endpoint if self.state else None

    @cached_property
    def compute(self) -> Registrar:
        """Functions and endpoints."""
        return Registrar(self.state.url + "compute", self._authorizer) if self.state else Registrar(None, None)

    def endpoints(self, with_status: bool = False) -> list[dict[str, Any]]:
        """List the endpoints one may run on: id, name and owner; their status costs a request each."""
        return self.compute.endpoints(with_status)

    def endpoint_id(self, name: str) -> str:
        """Give an endpoint's id, by name or id.

        Raises
        ------
        UnknownName
            If there is no such endpoint, or several of that name.
        """
        if self.state and name == config.LOCAL:
            return self.state.endpoint
        return chosen(name, self.endpoints)

    def register_function(self, function: PortableFunction) -> str:
        """Register a function by its source; give its id. The same text is sent once."""
        return self.compute.register(function.source, function.entry, function.name)

    def job_ids(self, policy: PolicyEnum) -> tuple[str | None, str | None]:
        """Give the ids of the pull and the commit function; the local AERO has its own, said as None."""
        if self.is_local:
            return None, None
        from aero_jupyter import jobs
        from aero_jupyter.compute.functions import portable_from

        pulled = policy in _PULLED
        pull = portable_from(jobs.download if pulled else jobs.get_versions)
        commit = portable_from(jobs.database_commit if pulled else jobs.commit_analysis)
        return self.register_function(pull), self.register_function(commit)

    def register(
        self,
        function: PortableFunction,
        *,
        inputs: Mapping[str, str] | None = None,
        outputs: Sequence[str] = (),
        source: str | None = None,
        policy: PolicyEnum = PolicyEnum.NONE,
        timer: int | None = None,
        endpoint: str = config.LOCAL,
        kwargs: Mapping[str, Any] | None = None,
        description: str | None = None,
        versions: Mapping[str, int] | None = None,
        replace: bool = False,
    ) -> Flow:
        """Register a function as a flow; the same registration again gives the flow that is there.

        Parameters
        ----------
        inputs : mapping of str to str
            Parameter to the name or id of a Data.
        outputs : sequence of str
            Names of the Data it makes.
        source : str, optional
            The address an ingestion pulls; the first output is made from it.
        timer : int, optional
            Seconds between runs.
        endpoint : str
            Name or id.
        versions : mapping of str to int
            Parameter to the version it always reads; the newest for all others.
        replace : bool
            Whether a flow of the same function and output gives its data to this one (local AERO only).

        Raises
        ------
        InvalidArgument, UnknownName, ClientError
        """
        given = dict(kwargs or {})
        check_arguments(function, inputs or {}, given, has_source=source is not None)
        timer = timer_for(policy, timer)
        output_data = self._outputs(outputs, source)
        input_data = self._inputs(inputs or {}, versions or {})
        where = self.endpoint_id(endpoint)
        pull, commit = self.job_ids(policy)
        body = wire.registration(
            where,
            self.register_function(function),
            input_data,
            output_data,
            given,
            policy=policy,
            timer=timer,
            description=description,
            pull_function=pull,
            commit_function=commit,
        )
        return self._registered(function.name, body, replace)

    def _inputs(self, inputs: Mapping[str, str], versions: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        for parameter in versions:
            if parameter not in inputs:
                raise InvalidArgument(f"A version is named for {parameter!r}, which is no input.", "Name an input.")
        return {
            parameter: {"id": self.client.resolve_data(name).id, "version": versions.get(parameter)}
            for parameter, name in inputs.items()
        }

    def _outputs(self, outputs: Sequence[str], source: str | None) -> dict[str, dict[str, Any]]:
        made: dict[str, dict[str, Any]] = {name: self._place() for name in outputs}
        if source is None:
            return made
        if not source.startswith(("http://", "https://")):
            raise InvalidArgument(f"{source!r} is not the address of a source.", "Write it as https://host/file.csv.")
        if not outputs:
            raise InvalidArgument("A source needs an output to be kept in.", "Name one output at least.")
        made[outputs[0]]["url"] = source
        return made

    def _place(self) -> dict[str, Any]:
        if self.is_local:
            return {}
        names = ("AERO_COLLECTION_UUID", "AERO_COLLECTION_URL")
        values = [os.environ.get(name) for name in names]
        if not all(values):
            raise InvalidArgument(
                "A real server needs a collection to keep outputs in.",
                "Set AERO_COLLECTION_UUID and AERO_COLLECTION_URL.",
            )
        return dict(zip(("collection_uuid", "collection_url"), values, strict=True))

    def _registered(self, name: str, body: dict[str, Any], replace: bool) -> Flow:
        twin = self._twin(name, body)
        if twin is not None:
            continued = {**body, "output_data": _continuing(body["output_data"], twin)}
            if _is_same(twin, body) or _is_same(twin, continued):
                return twin
            if not replace:
                raise _taken(twin, body)
            body = {**continued, "replaces": twin.id}
        try:
            return self.client.register_flow(body)
        except AlreadyExists:
            found = self.client.find_flow(body["function_uuid"], _hash(body))
            if found is None:
                raise
            if self.is_local and not _is_same(found, body):
                raise InvalidArgument(
                    f"Flow {found.id[:8]} has this function and these arguments already, with another policy or timer.",
                    "Change the function or a kwarg too, or choose another --output.",
                ) from None
            return found

    def _twin(self, name: str, body: Mapping[str, Any]) -> Flow | None:
        first = next(iter(body["output_data"]), None)
        if not self.is_local or first is None:
            return None
        flows = self.client.list("flow", match=first)
        return next((flow for flow in flows if flow.function_name == name and first in _made_by(flow)), None)


def _made_by(flow: Flow) -> dict[str, str]:
    return {data.name: data.id for data in flow.outputs}


def _continuing(output_data: Mapping[str, Mapping[str, Any]], twin: Flow) -> dict[str, dict[str, Any]]:
    ids = _made_by(twin)
    return {name: {**entry, **({"id": ids[name]} if name in ids else {})} for name, entry in output_data.items()}


def _is_same(flow: Flow, body: Mapping[str, Any]) -> bool:
    asked = (body["function_uuid"], _hash(body), body["rule"], body.get("timer"))
    return (flow.function_id, flow.arg_hash, int(flow.policy), flow.timer) == asked


def _taken(twin: Flow, body: Mapping[str, Any]) -> InvalidArgument:
    same_text = twin.function_id == body["function_uuid"]
    how = "registered with other inputs, kwargs or policy" if same_text else "made from another text of the cell"
    return InvalidArgument(
        f"A flow {twin.function_name} → {', '.join(_made_by(twin))} exists already ({twin.id[:8]}), {how}.",
        "Add --replace to continue its data with this one, or choose another --output.",
    )


def _hash(body: Mapping[str, Any]) -> str:
    return wire.arg_hash(body["flow_kwargs"], body["input_data"], body["output_data"])


def connect(server: str | None = None, profile: str | None = None, *, token: str | None = None) -> Session:
    """Choose the server to work with: argument, environment, configuration file, else the local AERO.

    Parameters
    ----------
    server : str, optional
        Base url of an AERO server, or "local".
    profile : str, optional
        A table of the configuration file.
    token : str, optional
        An access token; else ``AERO_ACCESS_TOKEN`` or the stored one.

    Raises
    ------
    InvalidArgument
        If the profile is not there.
    LocalServiceFailed
        If the local AERO does not start.
    """
    global _current
    chosen = config.profile_from(_document(), os.environ, server=server, name=profile)
    with _lock:
        _current = Session(chosen, token)
        return _current


def local() -> Session:
    """Work with the local AERO."""
    return connect(config.LOCAL)


def current() -> Session:
    """The session in use; made at first use, and made anew when the local AERO went away."""
    with _lock:
        if _current is None or (_current.state and daemon.running(daemon.home()) != _current.state):
            return connect() if _current is None else local()
        return _current


def login() -> Session:
    """Give the session in use, once something signs its requests.

    Raises
    ------
    NotAuthorized
        If no token for its server is known.
    """
    session = current()
    if session.client.authorizer is None:
        cure = "Set AERO_ACCESS_TOKEN, or choose a profile whose token file is there."
        raise NotAuthorized(401, f"No token for {session.name} is known.", cure)
    return session


def logout() -> bool:
    """Forget who is logged in; False when nobody was."""
    global _current
    with _lock:
        chosen = config.profile_from(_document(), os.environ) if _current is None else _current.profile
        _current = None
    return tokens.forget(chosen) if chosen else False


def read(name_or_id: str, version: int | None = None, **options: Any) -> pd.DataFrame:
    """Read a version of a Data, by name or id, as a DataFrame; `options` go to the pandas reader."""
    client = current().client
    return client.read(client.resolve_data(name_or_id).id, version, **options)


def _document() -> dict[str, Any]:
    path = Path(os.environ.get("AERO_CONFIG_FILE") or Path.home() / config.CONFIG_FILE).expanduser()
    if not path.exists():
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"The configuration file cannot be read: {error}.", "Correct it.") from None
