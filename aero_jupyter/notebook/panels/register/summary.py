"""Summary of a registration: what the flow will do, and when it runs first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import Data
from aero_jupyter.core.policy import FOLLOWING, PolicyEnum
from aero_jupyter.notebook.registration.request import RegistrationRequest
from aero_jupyter.notebook.settings import moment


def summarize(request: RegistrationRequest, inputs: Mapping[str, Data]) -> str:
    """Return a sentence on what the flow will do, and when it runs first."""
    names = list(dict.fromkeys(data.name for data in inputs.values()))
    versions = {data.name: _version_read(request, parameter, data) for parameter, data in inputs.items()}
    missing = " and ".join(name for name, number in versions.items() if not number)
    listed = " and ".join(names)
    if request.aligned and names:
        return f"Runs each time {listed} have changed and come from the same versions of their own inputs."
    if request.policy in FOLLOWING and names:
        then = f"each time {(' or ' if request.policy is PolicyEnum.ANY else ' and ').join(names)} gets a new version"
        if missing:
            return f"Runs first when {missing} has a version, then {then}."
        return (
            f"Runs once now on {' and '.join(f'{name} v{number}' for name, number in versions.items())}, then {then}."
        )
    interval = policies.every(request.timer or policies.DEFAULT_TIMER)
    if request.policy is PolicyEnum.TIMER:
        first = f"Runs first when {missing} has a version" if missing else "Runs once now"
        then = f"{first}, then {interval}{f', on the newest version of {listed}' if names else ''}."
        return then if missing else f"{then} {_next_times(request)}".rstrip()
    if request.policy is PolicyEnum.INGESTION:
        then = f"Downloads the URL once now, then {interval}. A new version appears when the source has changed."
        return f"{then} {_next_times(request)}".rstrip()
    if request.policy is PolicyEnum.INGESTION_EVENT:
        return "Downloads the URL each time its source notifies."
    return "Runs only when you press Run now."


def _next_times(request: RegistrationRequest) -> str:
    """Return a sentence on the next three runs after the first one; empty for an interval under a minute."""
    interval = request.timer or policies.DEFAULT_TIMER
    if interval < 60:
        return ""
    now = datetime.now(timezone.utc)
    first, second, third = (moment(now + timedelta(seconds=interval * number)) for number in (1, 2, 3))
    return f"Next runs: {first}, {second}, {third}."


def _version_read(request: RegistrationRequest, parameter: str, data: Data) -> int | None:
    return request.versions.get(parameter) or data.newest_version
