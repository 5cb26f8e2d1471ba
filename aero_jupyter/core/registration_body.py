"""The body of a registration: how it is written, bounded, hashed, and what each server generation can do of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from aero_jupyter.core import wire
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import DEFAULT_TIMER, TIMED, PolicyEnum, every
from aero_jupyter.core.source_credentials import require_names_of

#: Bytes of a flow's fixed arguments as JSON. Each step of a run carries them, and Globus Compute takes 10 MB a task.
KWARGS_BYTES = 1 << 20


def build_registration(
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
    """Build a registration. ``rule`` is always sent and ``timer`` is never null: the newest server requires it.

    Raises
    ------
    InvalidArgument
        If a source's headers or sign-in hold a secret, or if the fixed arguments are not JSON.
    """
    require_names_of(output_data)
    _require_json(kwargs)
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


def _require_json(kwargs: object) -> None:
    try:
        json.dumps(kwargs, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(
            f"The fixed arguments are not JSON: {error}.",
            "Pass texts, finite numbers, booleans, None, lists and dicts.",
        ) from None


def registration_limit(
    dialect: wire.Dialect, policy: PolicyEnum, timer: int | None, kwargs: object
) -> tuple[str, str] | None:
    """Return the part of a registration that a server cannot do, and the cure; None if it can do everything.

    Sources: the newest server runs the last of several kwargs for every task; the older one reads no timer, starts
    every timer once a day, and has no event policy.
    """
    if dialect.name == wire.LOCAL.name:
        return None
    if isinstance(kwargs, Sequence) and not isinstance(kwargs, str) and len(kwargs) > 1:
        message = f"This server would run the last of the {len(kwargs)} kwargs {len(kwargs)} times."
        return message, "Register one flow for each, with one entry of the list as its kwargs."
    if dialect.name != wire.FLASK.name:
        return None
    if policy is PolicyEnum.INGESTION_EVENT:
        return "This older AERO server has no events.", "Choose another policy, such as ingestion with --every 1d."
    if policy in TIMED and timer not in (None, DEFAULT_TIMER):
        return f"This older AERO server runs every timer once a day, not {every(timer or 0)}.", "Write --every 1d"
    return None


def require_bounded_kwargs(kwargs: object) -> None:
    """Raise if the fixed arguments of a flow take more than `KWARGS_BYTES` as JSON.

    Raises
    ------
    InvalidArgument
    """
    size = len(json.dumps(kwargs, default=str).encode())
    if size > KWARGS_BYTES:
        raise InvalidArgument(
            f"The fixed arguments take {size:,} bytes as JSON; a flow keeps at most {KWARGS_BYTES:,}.",
            "Register the large value as a dataset of its own, and name that with --input NAME=DATASET.",
        )


def arg_hash(kwargs: object, input_data: Mapping[str, Any], output_data: Mapping[str, Any]) -> str:
    """Hash a registration as the newest server does, to find an existing flow."""
    parts = kwargs if isinstance(kwargs, Mapping) else {"flow_kwargs": kwargs}
    text = json.dumps({**parts, "input_data": input_data, "output_data": output_data}, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
