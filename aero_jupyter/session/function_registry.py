"""Functions and the endpoints that they run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.compute.endpoint_config import missing_options, require_endpoint_config
from aero_jupyter.compute.endpoints import resolve_endpoint
from aero_jupyter.core import config
from aero_jupyter.core.policy import DOWNLOADING, PolicyEnum

if TYPE_CHECKING:
    from aero_jupyter.compute.compute_client import Registrar
    from aero_jupyter.compute.portable_function import PortableFunction


class FunctionRegistry:
    """Registration of functions, and resolution of endpoints."""

    compute: Registrar
    endpoint: str | None

    def endpoints(self, with_status: bool = False, *, everyones: bool = False) -> list[dict[str, Any]]:
        """List the endpoints that functions may run on.

        Parameters
        ----------
        with_status : bool
            Whether to request the status and the Python version of each endpoint, one request per endpoint.
        everyones : bool
            Whether to include endpoints of other users that this user may use.

        Returns
        -------
        list of dict
            With ``id``, ``name``, ``owner``, ``status`` and ``python``.

        Raises
        ------
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> [endpoint["name"] for endpoint in aero.current().endpoints()]
        ['local']
        """
        return self.compute.endpoints(with_status, everyones=everyones)

    def endpoint_warning(self, endpoint: str) -> str | None:
        """Describe a possible problem with an endpoint: it is offline, or runs another version of Python.

        Parameters
        ----------
        endpoint : str
            Name or id.

        Returns
        -------
        str or None
            One line; None if there is no problem.

        Raises
        ------
        UnknownName
            If there is no such endpoint, or if several have the name.
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().endpoint_warning("local") is None
        True
        """
        if self.endpoint and endpoint == config.LOCAL:
            return None
        return self.compute.endpoint_warning(self.endpoint_id(endpoint))

    def require_endpoint_config(self, endpoint: str, config: Mapping[str, Any]) -> None:
        """Raise if an endpoint would refuse the options of its template.

        Parameters
        ----------
        endpoint : str
            Name or id.
        config : mapping of str to JSON value
            The options, such as ``{"account": "phy123"}``.

        Raises
        ------
        InvalidArgument
            If a required option is missing, or an option is unknown or has a value that the endpoint does not accept.
        UnknownName
            If there is no such endpoint, or if several have the name.
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().require_endpoint_config("local", {})
        """
        id = self.endpoint_id(endpoint)
        if id != self.endpoint:
            require_endpoint_config(self.compute.endpoint(id), config)

    def missing_options(self, endpoint: str) -> list[str]:
        """List the options that an endpoint requires of every task.

        Parameters
        ----------
        endpoint : str
            Name or id.

        Returns
        -------
        list of str
            Empty if the endpoint requires none, or publishes no schema.

        Raises
        ------
        UnknownName
            If there is no such endpoint, or if several have the name.
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().missing_options("local")
        []
        """
        id = self.endpoint_id(endpoint)
        return [] if id == self.endpoint else missing_options(self.compute.endpoint(id), {})

    def endpoint_id(self, name: str) -> str:
        """Resolve an endpoint's name or id.

        Parameters
        ----------
        name : str
            Name or id; "local" is the endpoint of the local AERO.

        Returns
        -------
        str
            The id of the endpoint.

        Raises
        ------
        UnknownName
            If there is no such endpoint, or if several have the name.
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> session = aero.current()
        >>> session.endpoint_id("local") == session.endpoint
        True
        """
        if self.endpoint and name == config.LOCAL:
            return self.endpoint
        return resolve_endpoint(name, self.endpoints)

    def register_function(self, function: PortableFunction) -> str:
        """Register a function by its source code; the same source code is sent only once.

        Parameters
        ----------
        function : PortableFunction

        Returns
        -------
        str
            Id of the function.

        Raises
        ------
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().register_function(function)  # doctest: +SKIP
        '5c2c8d0e-...'
        """
        from aero_jupyter.provenance.lock_file import LockedFunction
        from aero_jupyter.session.kernel_use import kernel_use

        id = self.compute.register(function.source, function.entry, function.name)
        kernel_use.record_function(LockedFunction(id, function.name, function.digest))
        return id

    def job_ids(self, policy: PolicyEnum) -> tuple[str | None, str | None]:
        """Return the ids of the download function and the commit function of a policy.

        Parameters
        ----------
        policy : PolicyEnum

        Returns
        -------
        tuple of str or None
            The two ids; a pair of None on the local AERO, which has its own functions.

        Raises
        ------
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().job_ids(aero.PolicyEnum.ANY)
        (None, None)
        """
        if self.endpoint:
            return None, None
        from aero_jupyter import jobs
        from aero_jupyter.compute.portable_function import portable_from

        is_download = policy in DOWNLOADING
        pull = portable_from(jobs.download if is_download else jobs.get_versions)
        commit = portable_from(jobs.database_commit if is_download else jobs.commit_analysis)
        register = self.compute.register
        return register(pull.source, pull.entry, pull.name), register(commit.source, commit.entry, commit.name)
