"""Registering a flow whose function has an id already: for scripts, sources and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aero_jupyter.client.flow_cycles import require_no_cycle
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.registration_body import build_registration
from aero_jupyter.session.session import Session


def register_by_id(
    session: Session,
    endpoint: str,
    function_id: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    kwargs: Mapping[str, Any] | Sequence[Any],
    *,
    policy: PolicyEnum,
    timer: int | None,
    description: str | None = None,
    pull_function: str | None = None,
    commit_function: str | None = None,
) -> Flow:
    """Register a function as a flow; the download and commit functions are the session's where none are named.

    Raises
    ------
    InvalidArgument
        If the flow would close a circle of flows, or if this server would do something else than what is asked.
    ClientError
        If the server refuses or does not answer.
    """
    _require_no_cycle(session, inputs, outputs)
    if pull_function is None or commit_function is None:
        own_pull, own_commit = session.job_ids(policy)
        pull_function, commit_function = pull_function or own_pull, commit_function or own_commit
    body = build_registration(
        endpoint,
        function_id,
        inputs,
        outputs,
        kwargs,
        policy=policy,
        timer=timer,
        description=description,
        pull_function=pull_function,
        commit_function=commit_function,
    )
    return session.client.register_flow(body)


def _require_no_cycle(session: Session, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """Refuse a circle of flows, which real servers accept. Only a flow that continues a dataset can close one."""
    made = {name: str(entry["id"]) for name, entry in outputs.items() if entry.get("id")}
    read = {str(entry["id"]) for entry in inputs.values() if entry.get("id")}
    if made and read and not session.endpoint:
        require_no_cycle(session.client.list("flow").all(), read, made)
