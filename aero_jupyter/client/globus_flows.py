"""The runs of flows that Globus Flows executes: a remote AERO server does not list them itself."""

from __future__ import annotations

from itertools import islice

import globus_sdk

from aero_jupyter.client.responses import decode_body, unreachable
from aero_jupyter.core import decode, errors, server_errors, wire
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
        response = flows.paginated.list_runs(
            filter_flow_id=list(wire.GLOBUS_FLOWS), query_params={"orderby": _NEWEST_FIRST}
        )
        return [decode_body(decode.globus_run, record) for record in islice(response.items(), limit)]
    except globus_sdk.GlobusAPIError as error:
        if error.http_status in (401, 403):
            cure = "Log in with %aero_login --force, and allow AERO to see your runs."
            raise errors.NotAuthorized(error.http_status, "Globus Flows does not show you runs.", cure) from None
        raise server_errors.error_from(error.http_status, error.text) from None
    except globus_sdk.NetworkError as error:
        raise unreachable("Globus Flows", error.underlying_exception) from None


_NEWEST_FIRST = "start_time DESC"
