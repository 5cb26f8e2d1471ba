"""The registration of flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.client.responses import decode_body
from aero_jupyter.client.transport import BaseAeroClient
from aero_jupyter.core import decode, errors, registration_body, wire
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum, policy_from


class RegistrationMethods(BaseAeroClient):
    """Methods that register flows."""

    def register_flow(self, body: Mapping[str, Any]) -> Flow:
        """Register a flow.

        Parameters
        ----------
        body : mapping
            The registration as `registration_body.build_registration` writes it; `Session.register` does that.

        Returns
        -------
        Flow

        Raises
        ------
        InvalidArgument
            If this server would do something other than what is asked, or the arguments are larger than 1 MiB.
        AlreadyExists
            If the same function with the same arguments is registered; `find_flow` returns that flow.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.register_flow({"rule": -2})
        Traceback (most recent call last):
            ...
        aero_jupyter.core.errors.InvalidArgument: ...
        """
        self.require_registrable(policy_from(body.get("rule")), body.get("timer"), body.get("flow_kwargs"))
        registration_body.require_bounded_kwargs(body.get("flow_kwargs"))
        return decode_body(decode.flow, self._send(wire.REGISTER, data=body).body)

    def require_registrable(self, policy: PolicyEnum, timer: int | None, kwargs: object) -> None:
        """Raise if this server does not support the policy, the timer or the arguments of a registration.

        Parameters
        ----------
        policy : PolicyEnum
        timer : int or None
            Seconds between runs.
        kwargs : object
            Fixed arguments of the function.

        Raises
        ------
        InvalidArgument
            If it would; the message names the difference.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.require_registrable(aero.PolicyEnum.TIMER, 3600, {})
        """
        limit = registration_body.registration_limit(self.dialect, policy, timer, kwargs)
        if limit is not None:
            raise errors.InvalidArgument(*limit)
