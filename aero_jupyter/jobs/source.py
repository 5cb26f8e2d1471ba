"""A source's bytes: from an address that may be pulled, hashed while they flow, resumed where they broke off."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from aero_jupyter.jobs.web import AeroJobError, ask, broken_off, plain_url, undecodable

if TYPE_CHECKING:
    import requests

#: Bytes that a source may send, unless the service says otherwise.
MOST_BYTES = 16 << 30
#: A source that sends less than so many bytes a second, over so many seconds, is given up.
SLOWEST, SLOW_SECONDS = 100, 120.0
_WHO = "The source"
_PIECE = 1 << 18
_PAUSES = (0.3, 0.9, 2.7)
Fetched = tuple[str, int, Mapping[str, str]]


def fetch(url: str, path: str, rules: Mapping[str, Any], known: Mapping[str, str]) -> Fetched | None:
    """Stream a source to a file; give its sha256, its size and the headers it came with.

    Parameters
    ----------
    rules : mapping
        ``allow``: what else may be pulled ("files", "link-local", "other-hosts"); None in it allows other hosts.
        ``bytes``: how much it may send, unpacked.
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
    with open(path, "wb") as file:
        download = _Download(url, file, rules, known)
        pauses = iter(_PAUSES)
        while not download.step(pauses):
            pass
    return None if download.not_modified else download.fetched()


def check_address(url: str, source: str, rules: Mapping[str, Any]) -> None:
    """Refuse an address that is not to be pulled: a file, a link-local host, or another host than the source's.

    Raises
    ------
    AeroJobError
    """
    allowed = rules.get("allow") or ()
    parts, via = urlsplit(url), "" if url == source else f"{_WHO} {plain_url(source)} sends on to "
    if parts.scheme == "file":
        if "files" in allowed and url == source:
            return
        raise AeroJobError(f"{via or 'The source is '}a file of this machine, which is not pulled.")
    if parts.scheme not in ("http", "https"):
        raise AeroJobError(f"{_WHO} {plain_url(url)} cannot be asked: this is no http or https address.")
    if "link-local" not in allowed and _is_link_local(parts.hostname or ""):
        raise AeroJobError(
            f"{via or _WHO + ' '}{plain_url(url)}{' is' if not via else ','} a link-local address, which is not pulled."
        )
    if "allow" in rules and "other-hosts" not in allowed and parts.hostname != urlsplit(source).hostname:
        raise AeroJobError(
            f"{via}another host, {plain_url(url)}. Name that address as the source, if it is to be trusted."
        )


def _is_link_local(host: str) -> bool:
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return any(ipaddress.ip_address(each).is_link_local for each in found)


def _copied(url: str, path: str, rules: Mapping[str, Any]) -> Fetched:
    digest, size, most = hashlib.sha256(), 0, int(rules.get("bytes") or MOST_BYTES)
    try:
        with open(url2pathname(urlsplit(url).path), "rb") as source, open(path, "wb") as file:
            while chunk := source.read(_PIECE):
                digest.update(chunk)
                size += file.write(chunk)
                _check_size(size, most, url)
    except OSError as error:
        raise AeroJobError(f"{_WHO} {plain_url(url)} cannot be read: {error.strerror}.") from None
    return digest.hexdigest(), size, {}


def _check_size(size: int, most: int, url: str) -> None:
    if size > most:
        raise AeroJobError(f"{_WHO} {plain_url(url)} sends more than {most:,} bytes, which is the limit here.")


class _Download:
    """One source on its way to a file, over as many connections as it takes."""

    def __init__(self, url: str, file: Any, rules: Mapping[str, Any], known: Mapping[str, str]) -> None:
        self._url, self._file, self._rules, self._known = url, file, rules, known
        self._most = int(rules.get("bytes") or MOST_BYTES)
        self._headers: Mapping[str, str] = {}
        self.not_modified = False
        self._begin()

    def _begin(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._digests = {"sha256": hashlib.sha256()}
        self._size = 0
        self._mark = ""

    def fetched(self) -> Fetched:
        """Give what came."""
        return self._digests["sha256"].hexdigest(), self._size, self._headers

    def step(self, pauses: Any) -> bool:
        """Go on over one connection; say whether it is all here."""
        with self._ask() as response:
            if response.status_code == 304:
                self.not_modified = True
                return True
            if self._size and not self._continues(response):
                self._begin()
            self._headers = self._headers if self._size else response.headers
            broken = self._read(response)
        if broken is None:
            self._prove()
            return True
        pause = next(pauses, None)
        if pause is None:
            raise broken
        if not self._resumes(response):
            self._begin()
        time.sleep(pause)
        return False

    def _ask(self) -> requests.Response:
        headers = {}
        if self._size:
            headers = {"Range": f"bytes={self._size}-", "If-Range": self._mark, "Accept-Encoding": "identity"}
        elif self._known:
            pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
            headers = {name: self._known[key] for name, key in pairs if self._known.get(key)}
        return ask("GET", self._url, _WHO, headers=headers, guard=self._guard, also=(304,) if self._known else ())

    def _guard(self, at: str, target: str) -> None:
        check_address(urljoin(at, target), self._url, self._rules)

    def _continues(self, response: requests.Response) -> bool:
        """Whether an answer goes on where the last one broke off, in the same bytes."""
        begins = response.headers.get("Content-Range", "").startswith(f"bytes {self._size}-")
        return response.status_code == 206 and begins and _mark(response.headers) == self._mark

    def _resumes(self, response: requests.Response) -> bool:
        ranges = response.status_code == 206 or response.headers.get("Accept-Ranges") == "bytes"
        self._mark = _mark(response.headers)
        return bool(self._size and self._mark and ranges and not response.headers.get("Content-Encoding"))

    def _read(self, response: requests.Response) -> AeroJobError | None:
        """Read to the end; give what is wrong where it breaks off."""
        import requests

        began, before = time.monotonic(), self._size
        # What came before a break is kept, to be gone on from; whether it is whole is looked at below.
        response.raw.enforce_content_length = False
        for name in _promised(self._headers):
            self._digests.setdefault(name, hashlib.new(name))
        try:
            for chunk in response.iter_content(_PIECE):
                for digest in self._digests.values():
                    digest.update(chunk)
                self._size += self._file.write(chunk)
                _check_size(self._size, self._most, self._url)
                took = time.monotonic() - began
                if took > SLOW_SECONDS and (self._size - before) / took < SLOWEST:
                    raise AeroJobError(f"{_WHO} {plain_url(self._url)} sends less than {SLOWEST} bytes a second.")
        except requests.exceptions.ContentDecodingError:
            raise undecodable(response, _WHO) from None
        except requests.RequestException:
            return broken_off(response, _WHO)
        length = response.headers.get("Content-Length", "")
        # The promise is about bytes on the wire, which are fewer than those here where the body was compressed.
        if length.isdigit() and response.raw.tell() != int(length):
            return broken_off(response, _WHO)
        return None

    def _prove(self) -> None:
        """Hold the bytes against the checksum that came with them."""
        for name, wanted in _promised(self._headers).items():
            if self._digests[name].digest() != wanted:
                raise AeroJobError(
                    f"{_WHO} {plain_url(self._url)} sent bytes that do not match its own {name} checksum."
                )


def _mark(headers: Mapping[str, str]) -> str:
    """Give what tells one state of a source from another: a strong ETag, else when it was last changed."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _promised(headers: Mapping[str, str]) -> dict[str, bytes]:
    """Give the checksums of the whole body that a source tells (RFC 9530, and the older RFC 3230 and Content-MD5)."""
    if headers.get("Content-Encoding"):
        return {}
    found = {}
    told = [("md5", headers.get("Content-MD5", ""))]
    for header in ("Digest", "Repr-Digest"):
        for part in headers.get(header, "").split(","):
            name, _, value = part.strip().partition("=")
            told.append((name.lower().replace("sha-256", "sha256"), value.strip(":")))
    for name, value in told:
        if name in ("md5", "sha256") and value:
            try:
                found[name] = base64.b64decode(value, validate=True)
            except ValueError:
                continue
    return found
