"""The choice of the version of each input that a run reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.aero_server import ask_aero, without_secrets
from aero_jupyter.jobs.request_errors import AeroJobError

#: The records of versions, by dataset and version number (None: the newest).
KnownVersions = dict[tuple[Any, Any], Mapping[str, Any]]


def get_versions(*tasks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Find the version of each input of each task.

    Parameters
    ----------
    *tasks : mapping
        ``{"kwargs", "function", "endpoint"}`` each. An input whose ``version`` is set stays at it.

    Returns
    -------
    list of dict
        The same tasks, with the version and the URL of every input.

    Raises
    ------
    AeroJobError
        If an input has no version, or lacks the requested one.
    """
    # Cached, so that every task of a run reads the same version.
    seen: KnownVersions = {}
    return [{**task, "kwargs": with_versions(task["kwargs"], seen)} for task in tasks]


def with_versions(kwargs: Mapping[str, Any], seen: KnownVersions) -> dict[str, Any]:
    """Return the arguments of a task with the facts about the version of each input; ask only for unknown ones."""
    aero = kwargs["aero"]
    known = without_secrets(aero)
    for parameter, entry in (aero.get("input_data") or {}).items():
        key = entry["id"], entry.get("version")
        if key not in seen:
            data_id, number = key
            is_pinned = number is not None
            seen[key] = _pinned(aero, parameter, *key) if is_pinned else latest_version(aero, parameter, data_id)
        known["input_data"][parameter] = with_version(entry, seen[key])
    return {**kwargs, "aero": known}


def latest_version(aero: Mapping[str, Any], parameter: str, data_id: str) -> Mapping[str, Any]:
    """Return the newest version of a dataset as the server sends it.

    Raises
    ------
    AeroJobError
        With status 404 if there is none.
    """
    try:
        answer = ask_aero(aero, "GET", f"/data/{data_id}/latest")
    except AeroJobError as error:
        none_yet = "version" in error.detail.lower() if error.status == 404 else _has_none(aero, data_id, error)
        lack = "has no version yet" if none_yet else "is not known to the AERO server"
        raise AeroJobError(f"Input {parameter}: data {data_id} {lack}.", 404) from None
    version: Mapping[str, Any] = answer.get("data_version") or answer
    return version


def _has_none(aero: Mapping[str, Any], data_id: str, error: AeroJobError) -> bool:
    """Return True if there is no version, where the older server fails; else raise the error."""
    if error.status == 500 and ask_aero(aero, "GET", f"/data/{data_id}/versions") == []:
        return True
    raise error


def _pinned(aero: Mapping[str, Any], parameter: str, data_id: str, number: int) -> Mapping[str, Any]:
    try:
        rows = ask_aero(aero, "GET", f"/data/{data_id}/versions")
    except AeroJobError as error:
        if error.status != 404:
            raise
        raise AeroJobError(f"Input {parameter}: data {data_id} is not known to the AERO server.", 404) from None
    row = next((row for row in rows if row["version"] == number), None)
    if row is None:
        raise AeroJobError(f"Input {parameter}: data {data_id} has no version {number}.", 404)
    if is_located(row):
        return dict(row)
    newest = latest_version(aero, parameter, data_id)
    if newest["version"] != number:
        raise AeroJobError(f"Input {parameter}: this server does not report where version {number} is stored.")
    return newest


def is_located(version: Mapping[str, Any]) -> bool:
    """Return whether the record of a version states where its content is."""
    if version.get("no_copy"):
        return bool(version.get("trigger_url"))
    return bool(version.get("data_file") or version.get("trigger_url"))


def with_version(entry: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of an input with the facts about one version."""
    file = version.get("data_file") or {}
    data = version.get("data") or {}
    found = {
        "version": version["version"],
        "version_id": version["id"],
        "file_bn": file.get("file_name"),
        "file_type": file.get("file_type"),
        "encoding": file.get("encoding"),
        "size": file.get("size", file.get("file_size")),
        "checksum": version.get("checksum"),
        "source_key": version.get("source_key"),
        "name": data.get("name"),
        "collection_url": data.get("collection_url") or file.get("collection_url"),
        "collection_uuid": data.get("collection_uuid"),
    }
    described = {**entry, **{key: value for key, value in found.items() if value is not None}}
    if version.get("no_copy") or data.get("no_copy"):
        # The input that triggered the run already has the URL of its object.
        described |= {"no_copy": True, "trigger_url": entry.get("trigger_url") or version.get("trigger_url")}
    return described
