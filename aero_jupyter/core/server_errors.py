"""The errors that servers answer with, in every known format, as errors of this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.core import errors
from aero_jupyter.core.safe_parsing import parse_json

_CURES = {
    400: "Correct the request.",
    401: "Log in with %aero_login",
    403: "Log in with %aero_login --force as a user who is allowed to.",
    404: "Find the record with %aero_list data, or %aero_search QUERY",
    409: "Choose another name or URL.",
    413: "Send a smaller request.",
    422: "Correct the values named in the message.",
    501: "Change the function, its inputs or its outputs; or use the flow that is registered already.",
}

_CLASSES: dict[int, type[errors.ClientError]] = {
    0: errors.Unreachable,
    400: errors.Rejected,
    401: errors.NotAuthorized,
    403: errors.NotAuthorized,
    404: errors.NotFound,
    409: errors.AlreadyExists,
    413: errors.Rejected,
    422: errors.Rejected,
    501: errors.AlreadyExists,
}


def error_from(status: int, text: str) -> errors.ClientError:
    """Build an error from any of the server's formats: detail, validation list, code and message, plain text."""
    try:
        body = parse_json(text)
    except ValueError:
        body = text
    if status == 403 and (demands := _login_demands(body)):
        message = "A service asks for a consent that this login does not include."
        return errors.LoginRequired(403, message, "Log in again with %aero_login --force", demands=demands)
    code, message = _code_and_message(status, body)
    kind = _CLASSES.get(code, errors.ServerFailed if code >= 500 else errors.ClientError)
    default = "Try again; if it fails again, ask the operator of the server." if code >= 500 else ""
    sent_cure = body.get("cure") if isinstance(body, Mapping) else None
    return kind(code, message, str(sent_cure or _CURES.get(code, default)))


def _login_demands(body: object) -> Mapping[str, Any] | None:
    """Return the demands of a Globus service on a login; services use two formats."""
    if not isinstance(body, Mapping):
        return None
    stated = body.get("authorization_parameters")
    if isinstance(stated, Mapping) and stated:
        return stated
    scopes = body.get("required_scopes") or body.get("required_scope")
    scopes = [scopes] if isinstance(scopes, str) else scopes
    return {"required_scopes": [str(scope) for scope in scopes]} if isinstance(scopes, list) and scopes else None


def _code_and_message(status: int, body: object) -> tuple[int, str]:
    if isinstance(body, Mapping):
        detail = body.get("detail", body.get("message", body.get("reason")))
        # The older server reports an existing flow as a 404 that carries code 501.
        code = body.get("code")
        status = code if isinstance(code, int) and not isinstance(code, bool) and code >= 400 else status
        if isinstance(detail, list):
            return status, "The server did not accept " + "; ".join(map(_validation_message, detail)) + "."
        if detail:
            return status, str(detail)
    text = str(body).strip()
    if text.startswith("<") or not text:
        text = "The server answered with a web page." if text else "The server returned no reason."
    return status, f"{text[:300]} ({status})"


def _validation_message(problem: object) -> str:
    if not isinstance(problem, Mapping):
        return str(problem)
    where = ".".join(str(part) for part in problem.get("loc", ()) if part not in ("body", "query", "path"))
    return f"{where or 'the request'}: {problem.get('msg', 'invalid')}"
