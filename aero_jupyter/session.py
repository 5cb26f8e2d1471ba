"""The composition root: which server, whose token, which endpoint, put together once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aero_jupyter.auth import tokens
from aero_jupyter.client import AeroClient
from aero_jupyter.core import config, wire
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import AlreadyExists, InvalidArgument, UnknownName
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum, timer_for
from aero_jupyter.service import daemon

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.compute.functions import PortableFunction
    from aero_jupyter.compute.registrar import Registrar

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

    @cached_property
    def compute(self) -> Registrar:
        """Functions and endpoints."""
        from aero_jupyter.compute.registrar import Registrar

        return Registrar(self.state.url + "compute", self._authorizer) if self.state else Registrar(None, None)

    def endpoints(self) -> list[dict[str, Any]]:
        """List the endpoints one may run on: id, name and owner."""
        return self.compute.endpoints()

    def endpoint_id(self, name: str) -> str:
        """Give an endpoint's id, by name or id.

        Raises
        ------
        UnknownName
            If there is no such endpoint, or several of that name.
        """
        if self.state and name == config.LOCAL:
            return self.state.endpoint
        try:
            return str(UUID(name))
        except ValueError:
            known = self.compute.endpoints()
        found = [row["id"] for row in known if row["name"] == name]
        if len(found) == 1:
            return str(found[0])
        names = ", ".join(sorted(str(row["name"]) for row in known)) or "none"
        raise UnknownName(
            f"There is no endpoint {name!r}." if not found else f"Several endpoints are called {name!r}.",
            f"There are: {names}.",
            candidates=tuple(map(str, found)),
        )

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
        replace: bool = False,
    ) -> Flow:
        """Register a function as a flow; the same registration again gives the flow that is there.

        Parameters
        ----------
        function : PortableFunction
        inputs : mapping of str to str
            Parameter to the name or id of a Data.
        outputs : sequence of str
            Names of the Data it makes.
        source : str, optional
            The address an ingestion pulls; the first output is made from it.
        timer : int, optional
            Seconds between runs.
        replace : bool
            Whether a flow of the same function and output gives its data to this one (local AERO only).

        Raises
        ------
        InvalidArgument, UnknownName, ClientError
        """
        if source is not None and not source.startswith(("http://", "https://")):
            raise InvalidArgument(f"{source!r} is not the address of a source.", "Write it as https://host/file.csv.")
        given = dict(kwargs or {})
        check_arguments(function, inputs or {}, given, has_source=source is not None)
        timer = timer_for(policy, timer)
        input_data: dict[str, Any] = {
            parameter: {"id": self.client.resolve_data(name).id, "version": None}
            for parameter, name in (inputs or {}).items()
        }
        output_data: dict[str, dict[str, Any]] = {name: self._place() for name in outputs}
        if source and outputs:
            output_data[outputs[0]]["url"] = source
        function_id = self._function_id(function)
        body = wire.registration(
            self.endpoint_id(endpoint),
            function_id,
            input_data,
            output_data,
            given,
            policy=policy,
            timer=timer,
            description=description,
        )
        existing = self._twin(function, outputs, body)
        if existing is not None:
            if existing.function_id == function_id and existing.arg_hash == _hash(body):
                return existing
            self._take_over(existing, body, replace)
        try:
            return self.client.register_flow(body)
        except AlreadyExists:
            found = self.client.find_flow(function_id, _hash(body))
            if found is None:
                raise
            return found

    def _function_id(self, function: PortableFunction) -> str:
        return self.compute.register(function.source, function.entry, function.name)

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

    def _twin(self, function: PortableFunction, outputs: Sequence[str], body: Mapping[str, Any]) -> Flow | None:
        if not self.is_local or not outputs:
            return None
        for flow in self.client.list("flow", match=outputs[0]):
            if flow.function_name == function.name and outputs[0] in {data.name for data in flow.outputs}:
                return flow
        return None

    def _take_over(self, existing: Flow, body: dict[str, Any], replace: bool) -> None:
        label = f"{existing.function_name} → {', '.join(data.name for data in existing.outputs)}"
        if not replace:
            raise InvalidArgument(
                f"A flow {label} exists already ({existing.id[:8]}), registered differently.",
                "Add --replace to continue its data with this one, or choose another --output.",
            )
        body["replaces"] = existing.id
        for data in existing.outputs:
            if data.name in body["output_data"]:
                body["output_data"][data.name]["id"] = data.id


def _hash(body: Mapping[str, Any]) -> str:
    return wire.arg_hash(body["flow_kwargs"], body["input_data"], body["output_data"])


def check_arguments(
    function: PortableFunction, inputs: Mapping[str, str], kwargs: Mapping[str, Any], *, has_source: bool
) -> None:
    """Refuse a registration whose function would be called with the wrong parameters."""
    names = [parameter.name for parameter in function.parameters]
    for name in [*inputs, *kwargs]:
        if name not in names and not function.takes_any:
            raise InvalidArgument(
                f"{function.name}() has no parameter {name!r}.", f"Its parameters are {', '.join(names) or 'none'}."
            )
    missing = [p.name for p in function.parameters if p.required and p.name not in {**inputs, **kwargs}]
    if len(missing) > (1 if has_source else 0):
        raise InvalidArgument(
            f"{function.name}() needs {', '.join(missing)}, which nothing gives it.",
            "Give each with --input NAME=DATA or --kwarg NAME=VALUE.",
        )


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
    path = Path(os.environ.get("AERO_CONFIG_FILE") or Path.home() / config.CONFIG_FILE)
    if not path.exists():
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise InvalidArgument(f"The configuration file cannot be read: {error}.", "Correct it.") from None
