"""Each input of a task as a local file under its parameter's name."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from aero_jupyter.jobs.names import suffix_of_file, url_name
from aero_jupyter.jobs.server import token_for
from aero_jupyter.jobs.source import check_address, limits_of, watching
from aero_jupyter.jobs.transfer import Transfer
from aero_jupyter.jobs.web import AeroJobError


def fetch_inputs(aero: Mapping[str, Any], folder: str, parameters: Collection[str]) -> dict[str, Any]:
    """Fetch the inputs into ``folder`` and give the arguments they make.

    Parameters
    ----------
    parameters : collection of str
        The function's own: ``<input>_url``, ``<input>_signed_url``, ``<input>_version`` and
        ``<input>_version_id`` are given where it has them.
    """
    given: dict[str, Any] = {}
    for name, entry in (aero.get("input_data") or {}).items():
        if entry.get("fetch") is False:
            given[f"{name}_url"] = _address(name, entry)
        else:
            given[name] = _fetched(aero, name, entry, folder)
        given |= {key: value for key, value in _extras(name, entry).items() if key in parameters}
    return given


def _extras(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{name}_url": _address(name, entry),
        f"{name}_signed_url": entry.get("signed_url"),
        f"{name}_version": entry.get("version"),
        f"{name}_version_id": entry.get("version_id"),
    }


def _address(name: str, entry: Mapping[str, Any]) -> str:
    in_place = entry.get("trigger_url") or (entry.get("url") if entry.get("no_copy") else None)
    if in_place:
        return str(in_place)
    if entry.get("collection_url") and entry.get("file_bn"):
        return f"{str(entry['collection_url']).rstrip('/')}/{quote(str(entry['file_bn']))}"
    raise AeroJobError(f"Input {name} names no version, so nothing tells where its bytes are.")


def _fetched(aero: Mapping[str, Any], name: str, entry: Mapping[str, Any], folder: str) -> str:
    address = _address(name, entry)
    in_place = bool(entry.get("no_copy") or entry.get("trigger_url"))
    token = None if in_place else token_for(aero, address, entry.get("collection_uuid"))
    path = _path(name, entry, folder, url_name(address) if in_place else "")
    # The checksum of a version that stays in its place is an ETag, which need not be a digest.
    expected = "" if in_place else str(entry.get("checksum") or "").lower()
    hash_name = {32: "md5", 64: "sha256"}.get(len(expected))
    url, options = entry.get("signed_url") or address, {}  # type: str, dict[str, Any]
    if in_place:
        rules = aero.get("pull") or {}
        check_address(url, url, rules)
        options = {"limits": limits_of(rules), **watching(url, rules)}
    with open(path, "wb") as file:
        sums = [hash_name] if hash_name else []
        whole = Transfer(url, file, f"Input {name}:", sums=sums, token=token, **options).run()
    if hash_name and whole and whole.sums[hash_name] != expected:
        version = f"version {entry['version']} " if entry.get("version") else ""
        raise AeroJobError(f"Input {name}: the bytes of {version}do not match its checksum.")
    return path


def _path(name: str, entry: Mapping[str, Any], folder: str, own_name: str) -> str:
    if not own_name:
        return os.path.join(folder, name + suffix_of_file(entry.get("file_bn"), entry.get("file_type")))
    place = os.path.join(folder, name)
    os.makedirs(place)
    return os.path.join(place, own_name)
