"""A new query in a table: a fallback for a broken search, and the message for an empty result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any  # records of two kinds

from aero_jupyter.client.name_resolution import flow_names
from aero_jupyter.core.columns import column_names
from aero_jupyter.core.errors import ServerFailed
from aero_jupyter.core.models import Flow
from aero_jupyter.core.name_rules import folded
from aero_jupyter.core.suggestions import close_names
from aero_jupyter.notebook.tables.page_view import PageState
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult

_KIND_NAMES = {"prov": "provenance"}
#: Records whose names and descriptions are compared with a search that found nothing, newest first.
_MAX_COMPARED = 1_000
#: Similar names that are offered, and the length of the longest of them.
_MAX_SHOWN, _LONGEST = 4, 60
_WORD = re.compile(r"[^\W\d_]{3,}")


def run_query(listing: QueryResult, question: ListQuery) -> QueryResult:
    """Run a query; if the server's search is broken, read the whole catalogue and search it here."""
    result = listing.again(question)
    try:
        result.pages.page(1)
    except ServerFailed:
        if not question.query or question.kind != "data" or question.scan:
            raise
        return listing.again(replace(question, scan=True))
    return result


def drop_unknown_sort(place: PageState, question: ListQuery) -> PageState:
    """Return the page state without a sort that the query's records do not have."""
    columns = column_names(question.shape)
    return place if place.sort is None or place.sort[0] in columns else replace(place, sort=None)


def similar_names(listing: QueryResult) -> tuple[str, ...]:
    """Return the names, and the words of names and descriptions, that are most like what was searched for."""
    question, client = listing.question, listing.session.client
    wanted = (question.query or question.text).strip(' *"')
    if question.kind not in ("data", "flow") or not wanted:
        return ()
    rows: Any = client.list("data" if question.kind == "data" else "flow").first(_MAX_COMPARED)
    names = [name for row in rows for name in (flow_names(row) if isinstance(row, Flow) else (row.name,)) if name]
    texts = [*names, *(row.description or "" for row in rows)]
    words = {word for text in texts for word in _WORD.findall(text)}
    found = (*close_names(wanted, names), *close_names(wanted, words))
    return tuple({folded(name): name for name in reversed(found) if len(name) <= _LONGEST}.values())[::-1][:_MAX_SHOWN]


def empty_message(listing: QueryResult, similar: Sequence[str]) -> str:
    """Return a message that nothing was found, with similar names."""
    question = listing.question
    wanted = question.query or question.text
    if not (wanted or question.where):
        return "There is nothing yet."
    kind = _KIND_NAMES.get(question.kind, question.kind)
    message = f'No {kind} matches "{wanted}".' if wanted else f"No {kind} matches the filters."
    return f"{message} Did you mean {' or '.join(similar)}?" if similar else message
