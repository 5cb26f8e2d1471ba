"""The download step of an ingestion."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.aero_server import ask_aero, without_secrets
from aero_jupyter.jobs.content_kinds import HEAD_BYTES, expected_kind, is_another_kind, is_web_page, kind_of_body
from aero_jupyter.jobs.encoding_check import charset_of, encoding_of_file
from aero_jupyter.jobs.fetch_source import fetch
from aero_jupyter.jobs.file_types import suffix_of, suffix_of_answer, url_name
from aero_jupyter.jobs.local_store import state_of_file
from aero_jupyter.jobs.request_errors import AeroJobError, plain_url
from aero_jupyter.jobs.source_login import SourceLogin, login_of
from aero_jupyter.jobs.source_validators import source_time_of, validators_of

_COPIED_FIELDS = ("source_key", "dedup")
#: The bytes of an empty body.
_BLANK = b" \t\r\n\xef\xbb\xbf"
#: The names of refused kinds in messages.
_REFUSED = {
    "json": "JSON",
    "error": "an error in JSON",
    "text": "a text",
    "markup": "XML or other markup",
    "line": "a line of text",
    "lines": "lines without columns",
}


def download(*args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    """Download the source of an ingestion flow.

    Parameters
    ----------
    *args
        Returned unchanged.
    **kwargs
        The flow's keyword arguments; ``aero`` names the flow and its outputs.

    Returns
    -------
    args, kwargs
        The same, where the source's entry in ``output_data`` tells about the file that was pulled.

    Raises
    ------
    AeroJobError
        If the flow has no source, or the source does not send good data.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> source = {"sewage": {"url": "https://example.org/sewage.csv"}}
    >>> args, kwargs = utils.download(aero={"flow_id": "f1", "output_data": source})  # doctest: +SKIP
    >>> kwargs["aero"]["output_data"]["sewage"]["size"]  # doctest: +SKIP
    1024
    """
    aero = kwargs["aero"]
    name, entry = _source(aero)
    folder = aero.get("temp_dir") or tempfile.mkdtemp(prefix="aero-")
    os.makedirs(folder, exist_ok=True)
    pulled = {key: aero[key] for key in _COPIED_FIELDS if aero.get(key) is not None}
    known: Mapping[str, Any] = aero.get("known") or {}
    rules = aero.get("pull") or {}
    url, expected = aero.get("source_url") or entry["url"], aero.get("source_kind")
    if entry.get("check") == "none":
        rules, expected = {**rules, "is_checked": False}, None
    login = login_of(entry, url, aero.get("secrets"))
    try:
        found = _download_source(url, folder, rules, known.get("marks") or {}, expected, login)
    except AeroJobError as error:
        raise login.without_secrets(error) from None
    if found and url != entry["url"]:
        # These validators belong to another object than the registered one.
        found = {key: value for key, value in found.items() if key not in ("etag", "last_modified")}
    completed = {
        key: value for key, value in without_secrets(aero).items() if key not in ("known", "pull", "source_kind")
    }
    if found is None:
        completed["output_data"] = _unchanged(completed["output_data"], known["newest"])
    else:
        completed["output_data"] = {**completed["output_data"], name: {**entry, **pulled, **found}}
    return list(args), {**kwargs, "aero": completed}


def _source(aero: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    outputs = aero.get("output_data") or {}
    with_url = [name for name, entry in outputs.items() if entry.get("url")]
    if len(with_url) > 1:
        raise AeroJobError(f"This flow declares the sources {', '.join(with_url)}; an ingestion downloads one.")
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
    raise AeroJobError("This flow has no source to download: none of its outputs has a url.")


def _download_source(
    url: str,
    folder: str,
    rules: Mapping[str, Any],
    known: Mapping[str, str],
    last_kind: str | None,
    login: SourceLogin,
) -> dict[str, Any] | None:
    part, asked_at = os.path.join(folder, f"{uuid.uuid4().hex}.part"), time.time()
    is_checked = bool(rules.get("is_checked", True))
    try:
        fetched = fetch(url, part, rules, known, is_checked=is_checked, sign=login.sign if login else None)
        if fetched is None:
            os.remove(part)
            return None
        checksum, size, headers = fetched
        content_type = headers.get("Content-Type", "")
        head = _head(url, part)
        if is_checked:
            _check_kind(url, content_type, head, last_kind)
        suffix = suffix_of_answer(url, content_type, head)
        os.replace(part, part.removesuffix(".part") + suffix)
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise
    return {
        "file": part.removesuffix(".part") + suffix,
        "file_bn": os.path.basename(part).removesuffix(".part") + suffix,
        "file_format": suffix,
        "checksum": checksum,
        "size": size,
        "file_state": state_of_file(part.removesuffix(".part") + suffix),
        "download": True,
        "encoding": encoding_of_file(part.removesuffix(".part") + suffix, charset_of(content_type)),
        "temp_dir": folder,
        "source_kind": kind_of_body(head) if is_checked else None,
        "source_time": source_time_of(headers),
        **validators_of(headers, asked_at),
    }


def _unchanged(outputs: Mapping[str, Any], newest: Mapping[str, Any]) -> dict[str, Any]:
    """Return every output with its newest version: the source is unchanged."""
    return {name: {**entry, **newest.get(name, {}), "not_modified": True} for name, entry in outputs.items()}


def _head(url: str, path: str) -> bytes:
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES and not head.strip(_BLANK):
        raise AeroJobError(f"The source {plain_url(url)} sent an empty body.")
    return head


def _check_kind(url: str, content_type: str, head: bytes, last_kind: str | None) -> None:
    """Raise if the body is a web page or not of the expected kind."""
    suffix = suffix_of(url_name(url))
    cure = "If that is expected, register the source again with --check none."
    if suffix not in (".html", ".htm") and is_web_page(content_type, head):
        raise AeroJobError(f"The source {plain_url(url)} answered with a web page, not with data. {cure}")
    kind = kind_of_body(head)
    if is_another_kind(expected_kind(last_kind, suffix), kind):
        context = "where its last version was data of another kind" if last_kind else f"where {suffix} was expected"
        raise AeroJobError(f"The source {plain_url(url)} answered with {_REFUSED[kind]} {context}. {cure}")
