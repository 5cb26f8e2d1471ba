"""Submissions of tasks: their arguments are JSON, and each submission is as small as the service requires."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aero_jupyter.compute.service_limits import SUBMISSION_BYTES
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.jobs.json_values import find_unfit_value

#: The part of a submission that the arguments may fill.
_ARGUMENT_BYTES = SUBMISSION_BYTES - (64 << 10)
#: Bytes of the arguments of one call from which on `size_note` reports the limit.
_NEAR_LIMIT = SUBMISSION_BYTES * 8 // 10


def require_json(calls: Sequence[Mapping[str, Any]]) -> None:
    """Raise if an argument is not JSON.

    Raises
    ------
    InvalidArgument
    """
    unfit = next((reason for call in calls if (reason := find_unfit_value(call)) is not None), None)
    if unfit is not None:
        raise InvalidArgument(f"An argument is not JSON: {unfit}.", "Use text, numbers, lists or dicts.")


def size_note(calls: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence if the arguments of a call come near the limit of a submission; otherwise an empty text."""
    size = max(map(_size_of, calls), default=0)
    return f"▲ {_limit_text(size)}" if size >= _NEAR_LIMIT else ""


def _size_of(call: Mapping[str, Any]) -> int:
    return len(json.dumps(call).encode())


def _limit_text(size: int) -> str:
    return f"The arguments take {size / 1e6:.1f} MB as JSON; Globus Compute accepts {SUBMISSION_BYTES >> 20} MB."


def submissions(calls: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Split calls into submissions that the service accepts.

    Parameters
    ----------
    calls : sequence of mapping
        Keyword arguments, as JSON.

    Raises
    ------
    InvalidArgument
        If the arguments of one call are too large.
    """
    batch: list[Mapping[str, Any]] = []
    filled = 0
    for call in calls:
        size = _size_of(call)
        if size > _ARGUMENT_BYTES:
            raise InvalidArgument(
                _limit_text(size), "Store the large value as a dataset, and pass it with --input PARAMETER=NAME."
            )
        if batch and filled + size > _ARGUMENT_BYTES:
            yield batch
            batch, filled = [], 0
        batch.append(call)
        filled += size
    if batch:
        yield batch
