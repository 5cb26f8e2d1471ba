"""The inputs of a task as local files, by parameter."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from aero_jupyter.jobs.aero_server import token_for
from aero_jupyter.jobs.collection_hosts import explain_unsigned
from aero_jupyter.jobs.fetch_source import check_address, limits_of, request_checks
from aero_jupyter.jobs.file_types import suffix_of_file, url_name
from aero_jupyter.jobs.local_store import copy_stored, stored_path
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.size_limits import MOST_RATIO
from aero_jupyter.jobs.source_validators import tells_another_object
from aero_jupyter.jobs.transfer import Download, DownloadResult, Limits
from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX


def fetch_inputs(aero: Mapping[str, Any], folder: str, parameters: Collection[str]) -> dict[str, Any]:
    """Fetch the inputs into ``folder`` and return the arguments.

    Parameters
    ----------
    parameters : collection of str
        The function's own: ``<input>_url``, ``<input>_signed_url``, ``<input>_version`` and
        ``<input>_version_id`` are given where it has them.
    """
    arguments: dict[str, Any] = {}
    for name, entry in (aero.get("input_data") or {}).items():
        if entry.get("fetch") is False:
            arguments[f"{name}_url"] = _url_of(name, entry)
        else:
            arguments[name] = _fetch_input(aero, name, entry, folder)
        arguments |= {key: value for key, value in _version_arguments(name, entry).items() if key in parameters}
    return arguments


def _version_arguments(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{name}_url": _url_of(name, entry),
        f"{name}_signed_url": entry.get("signed_url"),
        f"{name}_version": entry.get("version"),
        f"{name}_version_id": entry.get("version_id"),
    }


def _url_of(name: str, entry: Mapping[str, Any]) -> str:
    object_url = entry.get("trigger_url") or (entry.get("url") if entry.get("no_copy") else None)
    if object_url:
        return str(object_url)
    if entry.get("collection_url") and entry.get("file_bn"):
        return f"{str(entry['collection_url']).rstrip('/')}/{quote(str(entry['file_bn']))}"
    raise AeroJobError(f"Input {name} names no version, so its content cannot be located.")


def _fetch_input(aero: Mapping[str, Any], name: str, entry: Mapping[str, Any], folder: str) -> str:
    url_of_version = _url_of(name, entry)
    is_in_place = bool(entry.get("no_copy") or entry.get("trigger_url"))
    url, options = entry.get("signed_url") or url_of_version, {}  # type: str, dict[str, Any]
    # A signed URL needs no token, and may be on any host.
    is_unsigned = is_in_place or url != url_of_version
    token = None if is_unsigned else token_for(aero, url_of_version, entry.get("collection_uuid"))
    path = _path(name, entry, folder, url_name(url_of_version) if is_in_place else "")
    # The checksum of a version without a copy is an ETag, which need not be a digest.
    expected = "" if is_in_place else str(entry.get("checksum") or "").lower()
    hash_name = {32: "md5", 64: "sha256"}.get(len(expected))
    size = _recorded_size(entry)
    if not is_in_place and size is not None:
        # More bytes than recorded are not this version: stop before the disk is full.
        options = {"limits": Limits(size, MOST_RATIO)}
    if is_in_place:
        rules = aero.get("pull") or {}
        check_address(url, url, rules)
        options = {"limits": limits_of(rules), **request_checks(url, rules)}
    sums = [hash_name] if hash_name else []
    collection = None if is_unsigned else entry.get("collection_uuid")
    with open(path, "wb") as file, explain_unsigned(token, collection, url_of_version):
        stored = None if is_unsigned else stored_path(aero, entry.get("file_bn"))
        downloaded: DownloadResult | None = None if stored is None else copy_stored(stored, file, sums)
        if downloaded is None:
            downloaded = Download(url, file, f"Input {name}:", sums=sums, token=token, **options).run()
    if hash_name and downloaded and downloaded.sums[hash_name] != expected:
        version = f"version {entry['version']} " if entry.get("version") else ""
        raise AeroJobError(f"Input {name}: the bytes of {version}do not match its checksum.")
    if is_in_place and downloaded:
        _check_object(name, entry, downloaded)
    if not is_in_place and str(entry.get("file_bn")).endswith(TYPED_CSV):
        stored_types = stored_path(aero, str(entry["file_bn"]) + TYPES_SUFFIX)
        with open(path + TYPES_SUFFIX, "wb") as types:
            if stored_types is None or copy_stored(stored_types, types, []) is None:
                Download(url + TYPES_SUFFIX, types, f"Input {name}:", sums=[], token=token).run()
    return path


def _check_object(name: str, entry: Mapping[str, Any], downloaded: DownloadResult) -> None:
    """Raise if an object has changed since its version."""
    size = None if downloaded.headers.get("Content-Encoding") else _recorded_size(entry)
    has_changed = tells_another_object(str(entry.get("checksum") or ""), downloaded.headers.get("ETag", ""))
    if has_changed or size not in (None, downloaded.size):
        version = f"version {entry['version']}" if entry.get("version") else "this version"
        raise AeroJobError(f"Input {name}: its object has changed at the source since {version} was recorded.")


def _recorded_size(entry: Mapping[str, Any]) -> int | None:
    size = entry.get("size")
    return int(size) if isinstance(size, (int, float)) and 0 < size < float("inf") else None


def _path(name: str, entry: Mapping[str, Any], folder: str, own_name: str) -> str:
    if not own_name:
        return os.path.join(folder, name + suffix_of_file(entry.get("file_bn"), entry.get("file_type")))
    place = os.path.join(folder, name)
    os.makedirs(place)
    return os.path.join(place, own_name)
