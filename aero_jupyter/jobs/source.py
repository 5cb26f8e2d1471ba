"""A source's bytes: from an address that may be pulled, as much as it may send, in the encoding that it tells."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from aero_jupyter.jobs.charset import TextCheck, charset_of
from aero_jupyter.jobs.line import SLOW_SECONDS
from aero_jupyter.jobs.names import is_data_suffix, suffix_of, suffix_of_answer, url_name
from aero_jupyter.jobs.transfer import Limits, Transfer
from aero_jupyter.jobs.web import AeroJobError, plain_url

#: Bytes that a source may send, and how many times more may be in a compressed body, unless the service says otherwise.
MOST_BYTES, MOST_RATIO = 16 << 30, 200
_WHO = "The source"
#: Where clouds tell their machines secrets, beside the link-local addresses.
_METADATA = frozenset({"fd00:ec2::254", "fd20:ce::254", "100.100.100.200"})
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Fetched = tuple[str, int, Mapping[str, str]]


def fetch(url: str, path: str, rules: Mapping[str, Any], known: Mapping[str, str]) -> Fetched | None:
    """Stream a source to a file; give its sha256, its size and the headers it came with.

    Parameters
    ----------
    rules : mapping
        ``allow``: what else may be pulled ("files", "link-local", "other-hosts", "other-encodings"); without it, other
        hosts are followed, and text that tells no encoding may be in any.
        ``bytes``, ``ratio``, ``seconds``: how much it may send, unpacked, how many times more that may be than what
        came, and how long it may be slow or silent.
    known : mapping
        ``etag`` and ``last_modified`` of what was pulled before: where it is still that, None is given.

    Raises
    ------
    AeroJobError
        If the address may not be pulled, or the source does not send good data.
    """
    check_address(url, url, rules)
    if urlsplit(url).scheme == "file":
        return _copied(url, path, rules)
    limits = limits_of(rules)
    with open(path, "wb") as file:
        look, asked = _looking(url, rules), watching(url, rules)
        whole = Transfer(url, file, _WHO, limits=limits, known=known, look=look, **asked).run()
    return None if whole is None else (whole.sums["sha256"], whole.size, whole.headers)


def limits_of(rules: Mapping[str, Any]) -> Limits:
    """Give how much may come, and how slowly."""
    most, ratio = int(rules.get("bytes") or MOST_BYTES), int(rules.get("ratio") or MOST_RATIO)
    return Limits(most, ratio, float(rules.get("seconds") or SLOW_SECONDS))


def watching(source: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a request to a source is watched with: where it is sent on to, and whom it reaches."""

    def guard(at: str, target: str) -> None:
        try:
            url = urljoin(at, target)
        except ValueError:
            url = target
        check_address(url, source, rules)

    def peer(address: str) -> None:
        # The name was looked up before, and may by now lead elsewhere.
        if not _allows(rules, "link-local") and _is_link_local_address(address):
            raise AeroJobError(f"{_WHO} {plain_url(source)} leads to a link-local address, which is not pulled.")

    return {"guard": guard, "peer": peer}


def check_address(url: str, source: str, rules: Mapping[str, Any]) -> None:
    """Refuse an address that is not to be pulled: a file, a link-local host, or another host than the source's.

    Raises
    ------
    AeroJobError
    """
    via = "" if url == source else f"{_WHO} {plain_url(source)} sends on to "
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise AeroJobError(
            f"{via or _WHO + ' '}{plain_url(url)}{', which' if via else ''} is no address of the web."
        ) from None
    if parts.scheme == "file":
        if _allows(rules, "files") and url == source:
            return
        raise AeroJobError(f"{via or 'The source is '}a file of this machine, which is not pulled.")
    if parts.scheme not in ("http", "https"):
        raise AeroJobError(f"{_WHO} {plain_url(url)} cannot be asked: this is no http or https address.")
    if not _allows(rules, "link-local") and _is_link_local(host or ""):
        raise AeroJobError(
            f"{via or _WHO + ' '}{plain_url(url)}{' is' if not via else ','} a link-local address, which is not pulled."
        )
    if "allow" in rules and not _allows(rules, "other-hosts") and host != urlsplit(source).hostname:
        raise AeroJobError(
            f"{via}another host, {plain_url(url)}. Name that address as the source, if it is to be trusted."
        )


def _allows(rules: Mapping[str, Any], what: str) -> bool:
    return what in (rules.get("allow") or ())


def _is_link_local(host: str) -> bool:
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return any(_is_link_local_address(each) for each in found)


def _is_link_local_address(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if address.version == 6:
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inside or address
    return address.is_link_local or str(address) in _METADATA


def _looking(url: str, rules: Mapping[str, Any]) -> Callable[[Mapping[str, str]], Callable[[bytes], None]]:
    """Give what looks at the headers of a source, and then at its text."""

    def look(headers: Mapping[str, str]) -> Callable[[bytes], None]:
        kind = headers.get("Content-Type", "").strip()
        if not kind and not is_data_suffix(suffix_of(url_name(url))):
            raise AeroJobError(
                f"{_WHO} {plain_url(url)} tells no content type, and neither does its name. "
                "Give an address that ends as the file does, such as .csv."
            )
        return _text_check(url, kind, rules)

    return look


def _text_check(url: str, content_type: str, rules: Mapping[str, Any]) -> Callable[[bytes], None]:
    charset, suffix = charset_of(content_type), suffix_of_answer(url, content_type, b"\x1f\x8b")
    is_strict = not _allows(rules, "other-encodings") and bool(charset or "allow" in rules)
    cure = "AERO_LOCAL_ALLOW=other-encodings keeps it as it is." if "allow" in rules else ""
    return TextCheck(suffix if is_strict else "", charset, f"{_WHO} {plain_url(url)}", cure).feed


def _copied(url: str, path: str, rules: Mapping[str, Any]) -> Fetched:
    digest, size, most = hashlib.sha256(), 0, limits_of(rules).most or 0
    try:
        with open(url2pathname(urlsplit(url).path), "rb") as source, open(path, "wb") as file:
            while chunk := source.read(1 << 18):
                digest.update(chunk)
                size += file.write(chunk)
                if size > most:
                    raise AeroJobError(f"{_WHO} {plain_url(url)} is larger than {most:,} bytes, the limit here.")
    except OSError as error:
        raise AeroJobError(f"{_WHO} {plain_url(url)} cannot be read: {error.strerror}.") from None
    return digest.hexdigest(), size, {}
