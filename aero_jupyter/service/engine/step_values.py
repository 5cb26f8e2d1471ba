"""Values that the functions of a flow return between the steps of a run: checked, and adapted to the running service."""

from __future__ import annotations

import os

from aero_jupyter.jobs.source_login import secrets_of
from aero_jupyter.service.storage.connection import Row


def has_outputs(kwargs: object) -> bool:
    """Return whether a value is the keyword arguments of a task, with an ``aero`` part that names its outputs."""
    aero = kwargs.get("aero") if isinstance(kwargs, dict) else None
    outputs = aero.get("output_data") if isinstance(aero, dict) else None
    return isinstance(outputs, dict) and all(isinstance(entry, dict) for entry in outputs.values())


def is_download_result(value: object) -> bool:
    """Return whether a value is what `download` returns: positional and keyword arguments."""
    return isinstance(value, list) and len(value) == 2 and has_outputs(value[1])


def are_tasks(value: object, tasks: list[Row]) -> bool:
    """Return whether a value has the shape of the given tasks."""
    if not isinstance(value, list) or len(value) != len(tasks):
        return False
    return all(isinstance(each, dict) and has_outputs(each.get("kwargs")) for each in value)


def is_not_modified(task: Row) -> bool:
    """Return whether the source of a task is unchanged."""
    outputs = task["kwargs"]["aero"]["output_data"].values()
    return any(entry.get("not_modified") for entry in outputs)


def with_moved_sources(aero: Row, now: Row) -> Row:
    """Replace the collection URLs in a stored step result: after a restart the service has another port."""
    sides = ("input_data", "output_data")
    place = {side: {name: entry.get("collection_url") for name, entry in now[side].items()} for side in sides}
    moved = {
        side: {name: {**entry, "collection_url": place[side].get(name)} for name, entry in aero.get(side, {}).items()}
        for side in sides
    }
    return {**aero, **moved}


def with_secrets(kwargs: Row) -> Row:
    """Return the download's arguments with the secrets of its source, which no other function receives."""
    secrets: dict[str, str] = {}
    for entry in kwargs["aero"]["output_data"].values():
        secrets |= secrets_of(entry, os.environ)
    return {**kwargs, "aero": {**kwargs["aero"], "secrets": secrets}}
