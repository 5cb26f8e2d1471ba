"""Resolution of names, ids and beginnings of ids to datasets and flows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from aero_jupyter.core.errors import UnknownName
from aero_jupyter.core.models import Data, Flow, Json, Version
from aero_jupyter.core.name_rules import is_same_name
from aero_jupyter.core.suggestions import close_names
from aero_jupyter.core.surface_text import SurfaceText

T = TypeVar("T", Data, Flow)

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID_START = re.compile(r"[0-9a-f]{4}[0-9a-f-]*", re.IGNORECASE)


def is_id(text: str) -> bool:
    """Return whether the text is a complete id."""
    return _ID.fullmatch(text) is not None


def match_data(text: str, rows: Sequence[Data]) -> Data | None:
    """Find the dataset of that exact name, else the only one whose id begins with the text; None if there is none.

    Raises
    ------
    UnknownName
        If it could be several.
    """
    tests: tuple[Callable[[Data], bool], ...] = (
        lambda row: is_same_name(row.name, text),
        lambda row: _id_begins_with(row.id, text),
    )
    return _find_unique("data", text, rows, tests, lambda row: row.name)


def match_flow(text: str, rows: Sequence[Flow]) -> Flow | None:
    """Find the flow by its id, its id's start, its function, an output or its description; None if there is none.

    Raises
    ------
    UnknownName
        If it could be several.
    """
    tests: tuple[Callable[[Flow], bool], ...] = (
        lambda row: row.id == text,
        lambda row: _id_begins_with(row.id, text),
        lambda row: is_same_name(row.function_name, text),
        lambda row: any(is_same_name(text, output.name) for output in row.outputs),
        lambda row: is_same_name(row.description, text),
    )
    return _find_unique("flow", text, rows, tests, flow_name)


def flow_name(flow: Flow) -> str:
    """Name a flow in a sentence: by its function, else by its outputs."""
    return flow.function_name or ", ".join(output.name for output in flow.outputs) or "a flow"


def flow_names(flow: Flow) -> list[str]:
    """Return the names that find a flow: of its function and its outputs, and its description."""
    return [name for name in (flow.function_name, *(made.name for made in flow.outputs), flow.description) if name]


def unknown_name_error(kind: str, text: str, names: Iterable[str]) -> UnknownName:
    """Return the error for an unknown name, with suggestions of similar names."""
    similar = close_names(text, names)
    cure = f"Did you mean {' or '.join(similar)}?"
    if not similar:
        cure = SurfaceText(f"See what there is with %aero_list {kind}", "Choose one that is offered.")
    return UnknownName(f"There is no {kind} named {text!r}.", cure, candidates=similar)


def _id_begins_with(id_: str, text: str) -> bool:
    return _ID_START.fullmatch(text) is not None and id_.lower().startswith(text.lower())


def _find_unique(
    kind: str, text: str, rows: Sequence[T], tests: Iterable[Callable[[T], bool]], name: Callable[[T], str]
) -> T | None:
    for test in tests:
        found = [row for row in rows if test(row)]
        if len(found) > 1:
            raise _ambiguous_name_error(kind, text, found, name)
        if found:
            return found[0]
    return None


def _ambiguous_name_error(kind: str, text: str, found: Sequence[T], name: Callable[[T], str]) -> UnknownName:
    listed = "; ".join(f"{name(row)} ({row.id[:8]}) {row.description or ''}".rstrip() for row in found[:8])
    remainder = f"; and {len(found) - 8} more" if len(found) > 8 else ""
    message = f"{text!r} could be {len(found)} {kind if kind == 'data' else kind + 's'}: {listed}{remainder}."
    return UnknownName(message, "Use the id.", candidates=tuple(row.id for row in found))


def missing_version_message(name: str, number: int, versions: Sequence[Version]) -> str:
    """Return the message for a missing version: it lists the versions that exist."""
    numbers = sorted({version.version for version in versions})
    if not numbers:
        return f"{name} has no versions yet."
    if len(numbers) == 1:
        return f"{name} has one version ({numbers[0]}); there is no version {number}."
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{name} has versions {numbers[0]} to {numbers[-1]}; there is no version {number}."
    return f"{name} has versions {', '.join(map(str, numbers))}; there is no version {number}."


def flows_of_data(data_id: str, flows: Iterable[Flow]) -> list[Json]:
    """List the flows of a dataset in the newest server's format, for a server without such a list."""
    return [_flow_row(flow, data_id) for flow in flows if _role(flow, data_id)]


def _flow_row(flow: Flow, data_id: str) -> Json:
    return {
        "flow_id": flow.id,
        "role": _role(flow, data_id),
        "policy": int(flow.policy),
        "description": flow.description,
        "timer_job_id": flow.timer_job_id,
        "last_executed": flow.raw.get("last_executed"),
    }


def _role(flow: Flow, data_id: str) -> str | None:
    makes = data_id in [output.id for output in flow.outputs]
    reads = data_id in [given.id for given in flow.inputs]
    return {(True, True): "both", (True, False): "ingestion", (False, True): "analysis"}.get((makes, reads))
