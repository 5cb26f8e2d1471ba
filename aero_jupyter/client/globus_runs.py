"""The runs of AERO's flows, where Globus Flows runs them: a real AERO server does not tell them itself."""

from __future__ import annotations

from itertools import islice

import globus_sdk

from aero_jupyter.client.transport import understood, unreachable
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Run


def globus_runs(flows: globus_sdk.FlowsClient, limit: int) -> list[Run]:
    """List the newest runs of AERO's two flows that the user may see; ``trigger`` holds a run's label.

    Parameters
    ----------
    flows : globus_sdk.FlowsClient
    limit : int
        How many, at most.

    Raises
    ------
    ClientError
        If Globus Flows refuses or does not answer.
    """
    try:
        asked = flows.paginated.list_runs(filter_flow_id=list(wire.GLOBUS_FLOWS), query_params={"orderby": _NEWEST})
        return [understood(decode.globus_run, record) for record in islice(asked.items(), limit)]
    except globus_sdk.GlobusAPIError as error:
        if error.http_status in (401, 403):
            cure = "Log in with %aero_login --force, and allow AERO to see your runs."
            raise errors.NotAuthorized(error.http_status, "Globus Flows does not show you runs.", cure) from None
        raise wire.error_from(error.http_status, error.text) from None
    except globus_sdk.NetworkError as error:
        raise unreachable("Globus Flows", error.underlying_exception) from None


_NEWEST = "start_time DESC"
