"""The pull of an ingestion: a source's bytes, onto this machine."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.charset import charset_of
from aero_jupyter.jobs.names import is_data_suffix, is_web_page, suffix_of, suffix_of_answer, url_name
from aero_jupyter.jobs.server import ask_aero, without_secrets
from aero_jupyter.jobs.source import fetch
from aero_jupyter.jobs.web import AeroJobError, plain_url

_PASSED_ON = ("source_key", "dedup")


def download(*args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    """Pull the source of an ingestion flow.

    Parameters
    ----------
    **kwargs
        The flow's keyword arguments; ``aero`` says which flow and which outputs.

    Returns
    -------
    args, kwargs
        The same, where the source's entry in ``output_data`` tells about the file that was pulled.

    Raises
    ------
    AeroJobError
        If the flow has no source, or the source does not send good data.
    """
    aero = kwargs["aero"]
    name, entry = _source(aero)
    folder = aero.get("temp_dir") or tempfile.mkdtemp(prefix="aero-")
    os.makedirs(folder, exist_ok=True)
    pulled = {key: aero[key] for key in _PASSED_ON if aero.get(key) is not None}
    before: Mapping[str, Any] = aero.get("known") or {}
    found = _pull(aero.get("source_url") or entry["url"], folder, aero.get("pull") or {}, before.get("marks") or {})
    told = {key: value for key, value in without_secrets(aero).items() if key not in ("known", "pull")}
    if found is None:
        told["output_data"] = _unchanged(told["output_data"], before["newest"])
    else:
        told["output_data"] = {**told["output_data"], name: {**entry, **pulled, **found}}
    return list(args), {**kwargs, "aero": told}


def _source(aero: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    outputs = aero.get("output_data") or {}
    with_url = [name for name, entry in outputs.items() if entry.get("url")]
    if len(with_url) > 1:
        raise AeroJobError(f"This flow declares the sources {', '.join(with_url)}; an ingestion pulls one.")
    if with_url:
        return with_url[0], outputs[with_url[0]]
    if aero.get("source_url") and len(outputs) == 1:
        return next(iter(outputs.items()))
    return _source_on_record(aero, outputs)


def _source_on_record(aero: Mapping[str, Any], outputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    flow = ask_aero(aero, "GET", f"/flow/{aero['flow_id']}")
    for data in flow.get("contributed_to") or ():
        if data.get("url"):
            same = [name for name, entry in outputs.items() if entry.get("id") == data["id"]]
            name = same[0] if same else data["name"]
            places = {key: data.get(key) for key in ("id", "url", "collection_uuid", "collection_url")}
            return name, {**places, **outputs.get(name, {}), "url": data["url"]}
    raise AeroJobError("This flow has no source to pull: none of its outputs has a url.")


def _pull(url: str, folder: str, rules: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any] | None:
    part = os.path.join(folder, f"{uuid.uuid4().hex}.part")
    try:
        fetched = fetch(url, part, rules, known)
        if fetched is None:
            os.remove(part)
            return None
        checksum, size, headers = fetched
        suffix = _proved(url, headers.get("Content-Type", ""), part, size)
        os.replace(part, part.removesuffix(".part") + suffix)
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise
    marks = {"etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified")}
    return {
        "file": part.removesuffix(".part") + suffix,
        "file_bn": os.path.basename(part).removesuffix(".part") + suffix,
        "file_format": suffix,
        "checksum": checksum,
        "size": size,
        "download": True,
        "encoding": charset_of(headers.get("Content-Type", "")) or "utf-8",
        "temp_dir": folder,
        **{key: value for key, value in marks.items() if value},
    }


def _unchanged(outputs: Mapping[str, Any], newest: Mapping[str, Any]) -> dict[str, Any]:
    """Give every output as its newest version has it: the source is what it was."""
    return {name: {**entry, **newest.get(name, {}), "not_modified": True} for name, entry in outputs.items()}


def _proved(url: str, content_type: str, path: str, size: int) -> str:
    if not size:
        raise AeroJobError(f"The source {plain_url(url)} sent an empty body.")
    with open(path, "rb") as file:
        head = file.read(512)
    if is_data_suffix(suffix_of(url_name(url))) and is_web_page(content_type, head):
        raise AeroJobError(f"The source {plain_url(url)} answered with a web page, not with data.")
    return suffix_of_answer(url, content_type, head)
