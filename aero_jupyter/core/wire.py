"""The wire format in both dialects of AERO's server. No other module knows a route or a quirk.

Sources: the newest server's OpenAPI description and its observed behaviour; the older Flask server's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from aero_jupyter.core import errors
from aero_jupyter.core.safe_parsing import parse_count, parse_json

#: Maximum number of rows on a page of the newest server.
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
        """Return the path with its braces filled, relative to the server's base URL."""
        return self.path.format(**ids).lstrip("/")


LIST = {"data": Route("GET", "/data/"), "flow": Route("GET", "/flow/"), "prov": Route("GET", "/prov/")}
LIST_RUNS = Route("GET", "/runs/")
GET_DATA = Route("GET", "/data/{id}")
VERSIONS = Route("GET", "/data/{id}/versions")
LATEST = Route("GET", "/data/{id}/latest")
SEARCH = Route("GET", "/data/search")
SOURCE = Route("POST", "/data/source")
READ_OPTIONS = Route("GET", "/data/{id}/read-options")
PUT_READ_OPTIONS = Route("PUT", "/data/{id}/read-options")
SUMMARY = Route("GET", "/data/{id}/summary")
ROWS = Route("GET", "/data/{id}/rows")
PUT_FRESHNESS = Route("PUT", "/data/{id}/freshness")
PUT_RETENTION = Route("PUT", "/data/{id}/retention")
HOLD_VERSIONS = Route("POST", "/data/holds")
DATA_FLOWS = Route("GET", "/data/{id}/flows")
DELETE_DATA_FLOWS = Route("DELETE", "/data/{id}/flows")
TYPES = Route("GET", "/data/types")
GET_TYPE = Route("GET", "/data/types/{name}")
ADD_TYPE_URL = Route("POST", "/data/types/{name}/urls")
DELETE_TYPE_URL = Route("DELETE", "/data/types/{name}/urls")
NOTIFY = Route("POST", "/data/{id}/notify")
NOTIFY_BY_OBJECT = Route("POST", "/data/notify")
GET_FLOW = Route("GET", "/flow/{flow_id}")
FLOW_HISTORY = Route("GET", "/flow/{flow_id}/history")
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
LIST_NOTICES = Route("GET", "/notices/")
STATUS = Route("GET", "/status")
SPACE = Route("GET", "/space")
OPENAPI = Route("GET", "/openapi.json")


class Window(NamedTuple):
    """A part of a list: its offset, counted from 0, and its maximum number of rows."""

    offset: int
    limit: int


@dataclass(frozen=True)
class Dialect:
    """The capabilities and the request format of one server generation.

    Attributes
    ----------
    name : str
        "local", "newest" or "flask".
    prefix : str
        Put before every path.
    runs : bool
        Whether runs can be listed, started and cancelled over REST.
    relations : bool
        Whether provenance records include the versions that they relate.
    filters : bool
        Whether a list can be filtered, by ``match``, by a text and by columns.
    exact : bool
        Whether a reply has as many rows as requested, if that many exist.
    read_options : bool
        Whether the server stores reader options with a dataset.
    summaries : bool
        Whether the server summarizes the tables of versions, and returns their rows.
    promises : bool
        Whether the server stores the freshness promise of a dataset.
    backfills : bool
        Whether the server stores versions that stand for an earlier time.
    retention : bool
        Whether the server removes the content of versions by a policy, and reports the space of the stored content.
    """

    name: str
    prefix: str = ""
    runs: bool = False
    relations: bool = False
    filters: bool = False
    exact: bool = False
    read_options: bool = False
    summaries: bool = False
    promises: bool = False
    backfills: bool = False
    retention: bool = False

    def can_sort(self, kind: str, column: str) -> bool:
        """Return whether lists of a kind can be sorted by a column."""
        from aero_jupyter.core.columns import sortable_columns

        return self.filters and column in sortable_columns(kind)

    def can_filter(self, kind: str, columns: Iterable[str]) -> bool:
        """Return whether lists of a kind can be filtered by columns."""
        from aero_jupyter.core.columns import filterable_columns

        return self.filters and set(columns) <= set(filterable_columns(kind))

    def query_params(self, window: Window) -> dict[str, int]:
        """Return the query parameters of a window."""
        if self.name == "flask":
            return {"page": window.offset // window.limit + 1, "per_page": window.limit}
        return {"offset": window.offset, "limit": window.limit}

    def window_at(self, position: int, size: int) -> Window:
        """Return a window that holds a position."""
        return Window(position // size * size if self.name == "flask" else position, size)

    def window_after(self, stop: int, size: int) -> Window:
        """Return the window after the rows before `stop`; it overlaps them by one row if possible."""
        if size == 1:
            return Window(stop, 1)
        if self.name != "flask":
            return Window(stop - 1, size)
        # The older server's pages begin at multiples of their size; some servers ignore the requested size.
        sizes = range(2, size + 1) if size == PAGE_SIZE else ()
        parts = [Window((stop - 1) // each * each, each) for each in sizes]
        return max(parts, key=lambda part: part.offset + part.limit, default=Window(stop, size))


LOCAL = Dialect(
    "local",
    runs=True,
    relations=True,
    filters=True,
    exact=True,
    read_options=True,
    summaries=True,
    promises=True,
    backfills=True,
    retention=True,
)
NEWEST = Dialect("newest")
FLASK = Dialect("flask", relations=True)


def dialect_from(openapi: object) -> Dialect | None:
    """Detect the dialect by a server's OpenAPI description; None if it is not AERO's."""
    paths = openapi.get("paths") if isinstance(openapi, Mapping) else None
    if not isinstance(paths, Mapping) or SOURCE.path not in paths:
        return None
    return LOCAL if LIST_RUNS.path in paths and CONTENT.path in paths else NEWEST


def flask_dialects() -> tuple[Dialect, ...]:
    """Return the dialects of the older server, one for each prefix that it may have."""
    return (replace(FLASK, prefix=FLASK_PREFIX), FLASK)


_CHECK_URL = "Check the URL: a program other than AERO may answer there."


@dataclass(frozen=True)
class Reply:
    """The reply to one page request: its rows, and the total if the server reports it."""

    rows: tuple[dict[str, Any], ...]
    total: int | None = None


def rows_from(body: object, headers: Mapping[str, str]) -> Reply:
    """Parse one page of a list.

    Raises
    ------
    ServerFailed
        If the body is not a list of records.
    """
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise errors.ServerFailed(502, "The server answered a list with something else than records.", _CHECK_URL)
    total = headers.get(TOTAL_HEADER)
    return Reply(tuple(body), parse_count(total))


def search_rows(body: object) -> Reply:
    """Parse a search answer in any known format: Globus Search's, a list, or JSON in a string."""
    if isinstance(body, str):
        body = parse_json(body)
    total = body.get("total") if isinstance(body, Mapping) else None
    if isinstance(body, Mapping):
        body = next((body[key] for key in ("gmeta", "results", "items", "data") if key in body), None)
    if not isinstance(body, Sequence):
        raise errors.ServerFailed(502, "The server answered a search with something else than records.", _CHECK_URL)
    rows = tuple(row for entry in body for row in _records_of(entry))
    return Reply(rows, total if isinstance(total, int) else None)


def _records_of(entry: object) -> list[dict[str, Any]]:
    if not isinstance(entry, Mapping):
        return []
    subject = entry.get("subject")
    if isinstance(entry.get("entries"), list):
        found = [part["content"] for part in entry["entries"] if isinstance(part, Mapping) and "content" in part]
    else:
        content = entry.get("content", entry)
        found = content if isinstance(content, list) else [content]
    rows = [dict(part) for part in found if isinstance(part, Mapping)]
    # A record without an id is identified by its subject in the index.
    return [row if not subject or "id" in row or "data_id" in row else {**row, "id": subject} for row in rows]
