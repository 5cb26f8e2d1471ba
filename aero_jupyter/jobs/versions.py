"""Which version of each input a run reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.server import ask_aero, without_secrets
from aero_jupyter.jobs.web import AeroJobError

_Seen = dict[tuple[Any, Any], Mapping[str, Any]]


def get_versions(*tasks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Find the version that each input of each task is read at.

    Parameters
    ----------
    *tasks : mapping
        ``{"kwargs", "function", "endpoint"}`` each. An input whose ``version`` is set stays at it.

    Returns
    -------
    list of dict
        The same tasks, where every input tells its version and where the bytes are.

    Raises
    ------
    AeroJobError
        If an input has no version, or not the one that is asked for.
    """
    # Asked for once, so that every task of a run reads the same version.
    seen: _Seen = {}
    return [{**task, "kwargs": _with_versions(task["kwargs"], seen)} for task in tasks]


def _with_versions(kwargs: Mapping[str, Any], seen: _Seen) -> dict[str, Any]:
    aero = kwargs["aero"]
    known = without_secrets(aero)
    for parameter, entry in (aero.get("input_data") or {}).items():
        key = entry["id"], entry.get("version")
        if key not in seen:
            seen[key] = _pinned(aero, parameter, *key) if key[1] is not None else _latest(aero, parameter, key[0])
        known["input_data"][parameter] = _described(entry, seen[key])
    return {**kwargs, "aero": known}


def _latest(aero: Mapping[str, Any], parameter: str, data_id: str) -> Mapping[str, Any]:
    try:
        answer = ask_aero(aero, "GET", f"/data/{data_id}/latest")
    except AeroJobError as error:
        none_yet = "version" in error.detail.lower() if error.status == 404 else _has_none(aero, data_id, error)
        lack = "has no version yet" if none_yet else "is not known to the AERO server"
        raise AeroJobError(f"Input {parameter}: data {data_id} {lack}.", 404) from None
    version: Mapping[str, Any] = answer.get("data_version") or answer
    return version


def _has_none(aero: Mapping[str, Any], data_id: str, error: AeroJobError) -> bool:
    """Tell whether the server failed because there is no version; the older one falls over there."""
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
    if row.get("data_file") or row.get("trigger_url"):
        return dict(row)
    newest = _latest(aero, parameter, data_id)
    if newest["version"] != number:
        raise AeroJobError(f"Input {parameter}: this server cannot tell where version {number} is stored.")
    return newest


def _described(entry: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, Any]:
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
        # The input that set the run off already carries the address of the object that fired.
        described |= {"no_copy": True, "trigger_url": entry.get("trigger_url") or version.get("trigger_url")}
    return described
