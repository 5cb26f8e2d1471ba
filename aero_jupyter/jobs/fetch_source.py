"""The download of a source within the rules: permitted URLs, and limits of size and time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from aero_jupyter.jobs.file_types import is_data_suffix, suffix_of, url_name
from aero_jupyter.jobs.http_client import send_request
from aero_jupyter.jobs.lookups import LOOKUP_SECONDS, LookupTimeout, look_up
from aero_jupyter.jobs.network_addresses import depth_of_address, host_depth, is_link_local_address
from aero_jupyter.jobs.request_errors import AeroJobError, plain_url
from aero_jupyter.jobs.size_limits import MOST_BYTES, MOST_RATIO
from aero_jupyter.jobs.transfer import Download, Limits
from aero_jupyter.jobs.watched_connection import SLOW_SECONDS

#: Default maximum seconds of a whole download.
MOST_SECONDS = 6 * 3600.0
_SENDER = "The source"
Fetched = tuple[str, int, Mapping[str, str]]


def fetch(
    url: str,
    path: str,
    rules: Mapping[str, Any],
    known: Mapping[str, str],
    *,
    is_checked: bool = True,
    sign: Callable[[Any], Any] | None = None,
) -> Fetched | None:
    """Stream a source to a file; return its sha256, size and headers.

    Parameters
    ----------
    rules : mapping
        ``allow``: permitted exceptions ("files", "link-local", "private-redirects", "insecure-redirects"); without
        it, what AERO_LOCAL_ALLOW names on this machine.
        ``bytes``, ``ratio``, ``seconds``, ``total``, ``lookup``: how much it may send, unpacked, how many times more
        that may be than what came, and how long it may be slow or silent, the whole download and the lookup may take.
    known : mapping
        ``etag`` and ``last_modified`` of the last download; None is returned if they still match.
    is_checked : bool
        Whether a source without a type is refused.
    sign : callable, optional
        Adds headers with secrets to each request.

    Raises
    ------
    AeroJobError
        If the URL is not permitted, or the source does not send good data.
    """
    check_address(url, url, rules)
    if urlsplit(url).scheme == "file":
        return _copied(url, path, rules)
    limits = limits_of(rules)
    with open(path, "wb") as file:
        check_headers, options = _header_check(url, is_checked), {**request_checks(url, rules), "sign": sign}
        whole = Download(url, file, _SENDER, limits=limits, known=known, check_headers=check_headers, **options).run()
        if whole is None and not known.get("etag") and not _still_has_date(url, known["last_modified"], rules):
            options = request_checks(url, rules)
            whole = Download(url, file, _SENDER, limits=limits, check_headers=check_headers, **options).run()
    return None if whole is None else (whole.sums["sha256"], whole.size, whole.headers)


def _still_has_date(url: str, date: str, rules: Mapping[str, Any]) -> bool:
    """Return whether a source still has its date: an older one is answered with 304 as well."""
    try:
        with send_request(
            "HEAD", url, _SENDER, retry=False, slow_seconds=limits_of(rules).slow_seconds, **request_checks(url, rules)
        ) as response:
            return response.headers.get("Last-Modified") == date
    except AeroJobError:
        return False


def limits_of(rules: Mapping[str, Any]) -> Limits:
    """Return the size and time limits."""
    most, ratio = int(rules.get("bytes") or MOST_BYTES), int(rules.get("ratio") or MOST_RATIO)
    slow, total = float(rules.get("seconds") or SLOW_SECONDS), float(rules.get("total") or MOST_SECONDS)
    return Limits(most, ratio, slow, total)


def request_checks(source: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request options that check the redirects and the peers of a source."""
    depths: dict[str, int] = {}

    def on_redirect(at: str, target: str) -> None:
        try:
            url = urljoin(at, target)
        except ValueError:
            url = target
        check_redirect(url, at, rules)
        if not urlsplit(url).scheme.startswith("http") or "reached" not in depths:
            return
        depths["before"] = depths["reached"]

    def on_connect(address: str) -> None:
        # The host was resolved before, and its address may have changed since.
        if not _allows(rules, "link-local") and is_link_local_address(address):
            where = "leads to a link-local address"
            raise AeroJobError(f"{_SENDER} {plain_url(source)} {where}, {_not_pulled('link-local')}")
        depth, before = depth_of_address(address), depths.pop("before", None)
        if before is not None and depth > before and not _allows(rules, "private-redirects"):
            where = f"redirects to a private address, {address}"
            raise AeroJobError(f"{_SENDER} {plain_url(source)} {where}, {_not_pulled('private-redirects')}")
        depths["reached"] = depth

    return {"on_redirect": on_redirect, "on_connect": on_connect}


def check_redirect(url: str, at: str, rules: Mapping[str, Any]) -> None:
    """Raise for a redirect to a file, a link-local host, from public to private, or from https to http.

    Raises
    ------
    AeroJobError
    """
    check_address(url, at, rules)
    old, new, via = urlsplit(at), urlsplit(url), f"{_SENDER} {plain_url(at)} redirects to"
    if not _allows(rules, "private-redirects") and host_depth(new.hostname or "", max) > host_depth(
        old.hostname or "", min
    ):
        raise AeroJobError(f"{via} a private address, {plain_url(url)}, {_not_pulled('private-redirects')}")
    if (old.scheme, new.scheme) == ("https", "http") and not _allows(rules, "insecure-redirects"):
        raise AeroJobError(f"{via} plain http, {plain_url(url)}, {_not_pulled('insecure-redirects')}")


def check_address(url: str, source: str, rules: Mapping[str, Any]) -> None:
    """Raise for a URL that is not permitted: a file, a link-local host, or no web URL.

    Raises
    ------
    AeroJobError
    """
    via = "" if url == source else f"{_SENDER} {plain_url(source)} redirects to "
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise AeroJobError(
            f"{via or _SENDER + ' '}{plain_url(url)}{', which' if via else ''} is not a web URL."
        ) from None
    if parts.scheme == "file":
        if via:
            raise AeroJobError(f"{via}a file of this machine, which is never downloaded.")
        if not _allows(rules, "files"):
            raise AeroJobError(f"The source is a file of this machine, {_not_pulled('files')}")
        return
    if parts.scheme not in ("http", "https"):
        raise AeroJobError(f"{_SENDER} {plain_url(url)} is not an http or https URL.")
    found = _found_addresses(url, host or "", via, rules)
    if not _allows(rules, "link-local") and any(map(is_link_local_address, found)):
        leads = f"{via or _SENDER + ' '}{plain_url(url)}{',' if via else ' is'}"
        raise AeroJobError(f"{leads} a link-local address, {_not_pulled('link-local')}")


def _found_addresses(url: str, host: str, via: str, rules: Mapping[str, Any]) -> set[str]:
    """Return the addresses of a host; raise if the lookup times out, unless a proxy does it."""
    import requests

    seconds = float(rules.get("lookup") or LOOKUP_SECONDS)
    try:
        return look_up(host, seconds)
    except LookupTimeout:
        if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
            return set()
        subject = f"{via or _SENDER + ' '}{plain_url(url)}{', which' if via else ''}"
        cure = "Check the URL and the network; AERO_LOCAL_PULL_LOOKUP sets this limit."
        raise AeroJobError(f"{subject} did not answer: its name was not found within {seconds:g} s. {cure}") from None


def _not_pulled(setting: str) -> str:
    return f"which is not downloaded. Set AERO_LOCAL_ALLOW={setting} where AERO runs to allow it."


def _allows(rules: Mapping[str, Any], exception: str) -> bool:
    if "allow" in rules:
        return exception in (rules["allow"] or ())
    return exception in [word.strip() for word in os.environ.get("AERO_LOCAL_ALLOW", "").split(",")]


def _header_check(url: str, is_checked: bool) -> Callable[[Mapping[str, str]], Callable[[bytes], None]]:
    """Return the callback that checks a source's headers before its body."""

    def check_headers(headers: Mapping[str, str]) -> Callable[[bytes], None]:
        kind = headers.get("Content-Type", "").strip()
        if is_checked and not kind and not is_data_suffix(suffix_of(url_name(url))):
            raise AeroJobError(
                f"{_SENDER} {plain_url(url)} declares no content type, and its URL has no file ending. "
                "Use a URL that ends like the file, such as .csv, or register the source with --check none."
            )
        return lambda piece: None

    return check_headers


def _copied(url: str, path: str, rules: Mapping[str, Any]) -> Fetched:
    digest, size, most = hashlib.sha256(), 0, limits_of(rules).most or 0
    try:
        with open(url2pathname(urlsplit(url).path), "rb") as source, open(path, "wb") as file:
            while chunk := source.read(1 << 18):
                digest.update(chunk)
                size += file.write(chunk)
                if size > most:
                    raise AeroJobError(f"{_SENDER} {plain_url(url)} is larger than {most:,} bytes, the limit here.")
    except OSError as error:
        raise AeroJobError(f"{_SENDER} {plain_url(url)} cannot be read: {error.strerror}.") from None
    return digest.hexdigest(), size, {}
