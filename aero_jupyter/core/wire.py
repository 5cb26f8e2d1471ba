"""Every spelling of the wire, in both dialects of AERO's server. No other file knows a route or a quirk.

Sources: the newest server's OpenAPI description and its observed behaviour; the older Flask server's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from aero_jupyter.core import errors

#: Rows on a page of the newest server, at most.
PAGE_SIZE = 15
TOTAL_HEADER = "X-Total-Count"
FLASK_PREFIX = "osprey/api/v1.0/"
#: The flows in Globus Flows that run ingestions and analyses for a real AERO server.
GLOBUS_FLOWS = ("6f04c927-d319-41ae-a027-561329e4c2d1", "0d8ace1a-d583-4f65-834e-4e1e1f450ecc")


@dataclass(frozen=True)
class Route:
    """A method and a path template; the client fills the braces, the local service serves them."""

    method: str
    path: str

    def url(self, **ids: object) -> str:
        """Fill the braces; relative to the server's base url."""
        return self.path.format(**ids).lstrip("/")


LIST = {"data": Route("GET", "/data/"), "flow": Route("GET", "/flow/"), "prov": Route("GET", "/prov/")}
LIST_RUNS = Route("GET", "/runs/")
GET_DATA = Route("GET", "/data/{id}")
VERSIONS = Route("GET", "/data/{id}/versions")
LATEST = Route("GET", "/data/{id}/latest")
SEARCH = Route("GET", "/data/search")
SOURCE = Route("POST", "/data/source")
DATA_FLOWS = Route("GET", "/data/{id}/flows")
DELETE_DATA_FLOWS = Route("DELETE", "/data/{id}/flows")
TYPES = Route("GET", "/data/types")
GET_TYPE = Route("GET", "/data/types/{name}")
ADD_TYPE_URL = Route("POST", "/data/types/{name}/urls")
DELETE_TYPE_URL = Route("DELETE", "/data/types/{name}/urls")
NOTIFY = Route("POST", "/data/{id}/notify")
NOTIFY_BY_OBJECT = Route("POST", "/data/notify")
GET_FLOW = Route("GET", "/flow/{flow_id}")
PAUSE_FLOW = Route("POST", "/flow/{flow_id}/pause")
RESUME_FLOW = Route("POST", "/flow/{flow_id}/resume")
DELETE_FLOW = Route("DELETE", "/flow/{flow_id}")
REGISTER = Route("POST", "/flow/register")
NEW_PROV = Route("POST", "/prov/new")
GET_PROV = Route("GET", "/prov/{id}")
RUN_NOW = Route("POST", "/runs/")
GET_RUN = Route("GET", "/runs/{id}")
CANCEL_RUN = Route("POST", "/runs/{id}/cancel")
CONTENT = Route("GET", "/collections/{collection}/{file}")
PUT_CONTENT = Route("PUT", "/collections/{collection}/{file}")
STATUS = Route("GET", "/status")
OPENAPI = Route("GET", "/openapi.json")


class Window(NamedTuple):
    """A part of a list: where it begins, counted from 0, and its most rows."""

    offset: int
    limit: int


@dataclass(frozen=True)
class Dialect:
    """What one server generation can do and how it wants to be asked.

    Attributes
    ----------
    name : str
        "local", "newest" or "flask".
    prefix : str
        Put before every path.
    runs : bool
        Whether runs can be listed, started and cancelled over REST.
    relations : bool
        Whether provenance comes back with the versions it relates.
    filters : bool
        Whether a list can be narrowed, by ``match``, by a text and by columns.
    exact : bool
        Whether it gives as many rows as it is asked for, where there are as many.
    """

    name: str
    prefix: str = ""
    runs: bool = False
    relations: bool = False
    filters: bool = False
    exact: bool = False

    def sorts(self, kind: str, column: str) -> bool:
        """Whether lists of a kind can be sorted by a column."""
        return self.filters and column in SORTS.get(kind, ())

    def narrows(self, kind: str, columns: Iterable[str]) -> bool:
        """Whether lists of a kind can be narrowed by columns."""
        return self.filters and set(columns) <= set(FILTERS.get(kind, ()))

    def asked(self, window: Window) -> dict[str, int]:
        """Give the query parameters of a part of a list."""
        if self.name == "flask":
            return {"page": window.offset // window.limit + 1, "per_page": window.limit}
        return {"offset": window.offset, "limit": window.limit}

    def around(self, place: int, size: int) -> Window:
        """Give a part of a list that holds a place."""
        return Window(place // size * size if self.name == "flask" else place, size)

    def after(self, stop: int, size: int) -> Window:
        """Give the part that follows what was read to before `stop`, and shares a row with it where that can be."""
        if size == 1:
            return Window(stop, 1)
        if self.name != "flask":
            return Window(stop - 1, size)
        # Its pages begin at multiples of their size. One that does not give what it is asked for has its own.
        sizes = range(2, size + 1) if size == PAGE_SIZE else ()
        parts = [Window((stop - 1) // each * each, each) for each in sizes]
        return max(parts, key=lambda part: part.offset + part.limit, default=Window(stop, size))


LOCAL = Dialect("local", runs=True, relations=True, filters=True, exact=True)
NEWEST = Dialect("newest")
FLASK = Dialect("flask", relations=True)


#: The columns that the local AERO sorts a list by.
SORTS: dict[str, tuple[str, ...]] = {
    "data": ("name", "description", "updated", "newest version", "size", "created"),
    "flow": ("name", "description", "last run"),
    "prov": ("created",),
    "run": ("state", "name", "trigger", "created"),
}
#: The columns that it narrows a list by.
FILTERS: dict[str, tuple[str, ...]] = {
    "data": ("name", "description", "url", "id"),
    "flow": ("name", "description", "policy", "inputs", "outputs", "endpoint", "id"),
    "prov": ("used", "made", "flow", "run", "id"),
    "run": ("state", "name", "trigger", "used", "made", "error", "flow", "id"),
}


def dialect_from(openapi: object) -> Dialect | None:
    """Tell the dialect from a server's OpenAPI description; None where it is not AERO's."""
    paths = openapi.get("paths") if isinstance(openapi, Mapping) else None
    if not isinstance(paths, Mapping) or SOURCE.path not in paths:
        return None
    return LOCAL if LIST_RUNS.path in paths and CONTENT.path in paths else NEWEST


def flask_dialects() -> tuple[Dialect, ...]:
    """The places where the older server may answer below a base url."""
    return (replace(FLASK, prefix=FLASK_PREFIX), FLASK)


@dataclass(frozen=True)
class Reply:
    """The answer to one page: its rows, and the total where the server tells."""

    rows: tuple[dict[str, Any], ...]
    total: int | None = None


def rows_from(body: object, headers: Mapping[str, str]) -> Reply:
    """Read one page of a list.

    Raises
    ------
    ServerFailed
        If the body is not a list of records.
    """
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise errors.ServerFailed(502, "The server answered a list with something else.", _WHO_ANSWERS)
    total = headers.get(TOTAL_HEADER)
    return Reply(tuple(body), int(total) if total and total.isdigit() else None)


def search_rows(body: object) -> Reply:
    """Read a search answer in any shape a server was seen to give: Globus Search's, a list, or JSON in a string."""
    if isinstance(body, str):
        body = json.loads(body)
    total = body.get("total") if isinstance(body, Mapping) else None
    if isinstance(body, Mapping):
        body = next((body[key] for key in ("gmeta", "results", "items", "data") if key in body), None)
    if not isinstance(body, Sequence):
        raise errors.ServerFailed(502, "The server answered a search with something else.", _WHO_ANSWERS)
    rows = tuple(row for entry in body for row in _contents(entry))
    return Reply(rows, total if isinstance(total, int) else None)


def _contents(entry: object) -> list[dict[str, Any]]:
    if not isinstance(entry, Mapping):
        return []
    subject = entry.get("subject")
    if isinstance(entry.get("entries"), list):
        found = [part["content"] for part in entry["entries"] if isinstance(part, Mapping) and "content" in part]
    else:
        content = entry.get("content", entry)
        found = content if isinstance(content, list) else [content]
    rows = [dict(part) for part in found if isinstance(part, Mapping)]
    # What is not told by an id is told by the subject that it is filed under.
    return [row if not subject or "id" in row or "data_id" in row else {**row, "id": subject} for row in rows]


def registration(
    endpoint: str,
    function: str,
    input_data: Mapping[str, Any],
    output_data: Mapping[str, Any],
    kwargs: Mapping[str, Any] | Sequence[Any],
    *,
    policy: int,
    timer: int | None,
    description: str | None = None,
    pull_function: str | None = None,
    commit_function: str | None = None,
) -> dict[str, Any]:
    """Spell a registration. ``rule`` is always sent and ``timer`` is never null: the newest server needs it so."""
    body = {
        "gc_endpoint": endpoint,
        "function_uuid": function,
        "input_data": dict(input_data),
        "output_data": dict(output_data),
        "flow_kwargs": kwargs,
        "rule": int(policy),
        "description": description,
        "pull_function_uuid": pull_function,
        "commit_function_uuid": commit_function,
    }
    return body if timer is None else {**body, "timer": timer}


def arg_hash(kwargs: object, input_data: Mapping[str, Any], output_data: Mapping[str, Any]) -> str:
    """Fingerprint a registration as the newest server does, to find the flow that is already there."""
    parts = kwargs if isinstance(kwargs, Mapping) else {"flow_kwargs": kwargs}
    text = json.dumps({**parts, "input_data": input_data, "output_data": output_data}, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


_WHO_ANSWERS = "Check the address: something other than AERO may answer there."

_CURES = {
    400: "Correct the request.",
    401: "Log in with %aero_login.",
    403: "Log in with %aero_login --force as somebody who may.",
    404: "Look for it with %aero_list or %aero_search.",
    409: "Choose another name or address.",
    413: "Send less.",
    422: "Correct what it names.",
    501: "Change the function, its inputs or its outputs; or use the flow that is there.",
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
    """Make one error of any of the server's four shapes: detail, validation list, code and message, plain text."""
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    if status == 403 and (demands := _demands(body)):
        message = "A service asks for a consent that this login does not include."
        return errors.LoginRequired(403, message, "Log in again with %aero_login --force.", demands=demands)
    code, message = _code_and_message(status, body)
    kind = _CLASSES.get(code, errors.ServerFailed if code >= 500 else errors.ClientError)
    default = "Try again; then ask who runs the server." if code >= 500 else ""
    told = body.get("cure") if isinstance(body, Mapping) else None
    return kind(code, message, str(told or _CURES.get(code, default)))


def _demands(body: object) -> Mapping[str, Any] | None:
    """Give what a Globus service says a login must have; they say it in two ways."""
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
        # The older server says "flow exists" as a 404 that carries code 501.
        code = body.get("code")
        status = code if isinstance(code, int) and not isinstance(code, bool) and code >= 400 else status
        if isinstance(detail, list):
            return status, "The server did not accept " + "; ".join(map(_validation, detail)) + "."
        if detail:
            return status, str(detail)
    text = str(body).strip()
    if text.startswith("<") or not text:
        text = "The server answered with a web page." if text else "The server gave no reason."
    return status, f"{text[:300]} ({status})"


def _validation(problem: object) -> str:
    if not isinstance(problem, Mapping):
        return str(problem)
    where = ".".join(str(part) for part in problem.get("loc", ()) if part not in ("body", "query", "path"))
    return f"{where or 'the request'}: {problem.get('msg', 'invalid')}"
