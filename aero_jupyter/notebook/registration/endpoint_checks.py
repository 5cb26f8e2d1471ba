"""Preflight checks of an endpoint and of the options of its template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import AeroError, InvalidArgument, UnknownName
from aero_jupyter.notebook.registration.findings import ERROR, WARNING, Finding, error_finding
from aero_jupyter.notebook.registration.ttl_cache import Lookups

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def check_endpoint(session: Session, endpoint: str, config: Mapping[str, Any], lookups: Lookups) -> list[Finding]:
    """Return the findings on the endpoint of a flow: unknown, offline, another Python, or options that are lost."""
    try:
        warning = lookups.get("endpoint", endpoint, lambda: session.endpoint_warning(endpoint))
        findings = _check_options(session, endpoint, config, lookups)
    except UnknownName as error:
        return [error_finding("endpoint", error)]
    except AeroError as error:
        return [Finding(WARNING, "endpoint", error.message, error.cure)]
    return [*findings, *([Finding(WARNING, "endpoint", warning.removeprefix(f"{WARNING} "))] if warning else [])]


def _check_options(session: Session, endpoint: str, config: Mapping[str, Any], lookups: Lookups) -> list[Finding]:
    """Return an error if a flow would run without options that are given or that the endpoint requires."""
    if session.endpoint:
        text = unused_options_note(session, endpoint, config)
        return [Finding(WARNING, "endpoint", text, "The flow stores them.")] if text else []
    try:
        session.require_forwarded(config)
    except InvalidArgument as error:
        return [error_finding("endpoint", error)]
    missing: list[str] = lookups.get("options", endpoint, lambda: session.missing_options(endpoint))
    if not missing:
        return []
    text = f"Endpoint {endpoint} requires {', '.join(missing)}, and an AERO server sends no endpoint options."
    return [Finding(ERROR, "endpoint", text, "Set a default in the endpoint's template, or choose another endpoint.")]


def unused_options_note(session: Session, endpoint: str, config: Mapping[str, Any]) -> str:
    """Return a sentence if options are given to an endpoint of the local AERO, which has no template; else ""."""
    if not config or not session.endpoint:
        return ""
    id = session.endpoint_id(endpoint)
    name = "The local endpoint" if id == session.endpoint else f"Endpoint {endpoint}"
    return f"{name} has no template, so {', '.join(config)} {'has' if len(config) == 1 else 'have'} no effect."


def endpoint_labels(session: Session) -> dict[str, str]:
    """Return the endpoints for a choice: name to the name with state and Python.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    labels = {}
    for row in session.endpoints(with_status=True):
        parts = (row["name"], row.get("status"), f"Python {row['python']}" if row.get("python") else "")
        labels[str(row["name"])] = " · ".join(str(part) for part in parts if part)
    return labels
