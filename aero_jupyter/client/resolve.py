"""Which Data or Flow somebody means by a name, an id, or the beginning of an id."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from aero_jupyter.core.errors import UnknownName
from aero_jupyter.core.models import Data, Flow, Json, Version

T = TypeVar("T", Data, Flow)

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID_START = re.compile(r"[0-9a-f]{4}[0-9a-f-]*", re.IGNORECASE)


def is_id(text: str) -> bool:
    """Tell whether the text is a whole id."""
    return _ID.fullmatch(text) is not None


def data_named(text: str, rows: Sequence[Data]) -> Data | None:
    """Find the Data of that exact name, else the only one whose id starts so; None if there is none.

    Raises
    ------
    UnknownName
        If it could be several.
    """
    return _only(
        "data", text, rows, (lambda row: row.name == text, lambda row: _starts(row.id, text)), lambda row: row.name
    )


def flow_named(text: str, rows: Sequence[Flow]) -> Flow | None:
    """Find the Flow by its id, its id's start, its function, an output or its description; None if there is none.

    Raises
    ------
    UnknownName
        If it could be several.
    """
    tests: tuple[Callable[[Flow], bool], ...] = (
        lambda row: row.id == text,
        lambda row: _starts(row.id, text),
        lambda row: row.function_name == text,
        lambda row: text in [output.name for output in row.outputs],
        lambda row: row.description == text,
    )
    return _only("flow", text, rows, tests, flow_name)


def flow_name(flow: Flow) -> str:
    """Name a flow in a sentence: by its function, else by what it makes."""
    return flow.function_name or ", ".join(output.name for output in flow.outputs) or "a flow"


def unknown(kind: str, text: str, names: Iterable[str]) -> UnknownName:
    """Say that there is no such thing, and what may have been meant."""
    close = tuple(difflib.get_close_matches(text, {name for name in names if name}, n=3, cutoff=0.6))
    cure = f"Did you mean {' or '.join(close)}?" if close else f"See what there is with %aero_list {kind}."
    return UnknownName(f"There is no {kind} named {text!r}.", cure, candidates=close)


def _starts(id_: str, text: str) -> bool:
    return _ID_START.fullmatch(text) is not None and id_.lower().startswith(text.lower())


def _only(
    kind: str, text: str, rows: Sequence[T], tests: Iterable[Callable[[T], bool]], name: Callable[[T], str]
) -> T | None:
    for test in tests:
        found = [row for row in rows if test(row)]
        if len(found) > 1:
            raise _several(kind, text, found, name)
        if found:
            return found[0]
    return None


def _several(kind: str, text: str, found: Sequence[T], name: Callable[[T], str]) -> UnknownName:
    shown = "; ".join(f"{name(row)} ({row.id[:8]}) {row.description or ''}".rstrip() for row in found[:8])
    more = f"; and {len(found) - 8} more" if len(found) > 8 else ""
    message = f"{text!r} could be {len(found)} {kind if kind == 'data' else kind + 's'}: {shown}{more}."
    return UnknownName(message, "Use the id.", candidates=tuple(row.id for row in found))


def missing_version(name: str, number: int, versions: Sequence[Version]) -> str:
    """Say which versions there are instead of the one asked for."""
    numbers = sorted({version.version for version in versions})
    if not numbers:
        return f"{name} has no versions yet."
    if len(numbers) == 1:
        return f"{name} has only version {numbers[0]}, not {number}."
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{name} has versions {numbers[0]} to {numbers[-1]}, not {number}."
    return f"{name} has versions {', '.join(map(str, numbers))}, not {number}."


def attached(data_id: str, flows: Iterable[Flow]) -> list[Json]:
    """List the flows of a Data, in the newest server's words, for a server that has no such list."""
    return [_attached(flow, data_id) for flow in flows if _role(flow, data_id)]


def _attached(flow: Flow, data_id: str) -> Json:
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
