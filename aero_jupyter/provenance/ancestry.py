"""A version with everything that it was made from: versions, runs and functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from aero_jupyter.core.models import Data, Flow, Provenance, Version
from aero_jupyter.core.redaction import redact_url

#: The algorithm of a checksum by the number of its hexadecimal digits.
_ALGORITHMS = {32: "MD5", 40: "SHA-1", 64: "SHA-256"}


@dataclass(frozen=True)
class RegisteredCode:
    """The source code of a function as it is registered.

    Attributes
    ----------
    id, name : str
    text : str or None
        The registered text; None if the service does not send it.
    """

    id: str
    name: str
    text: str | None

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the registered text as hexadecimal digits; None if the text is not known."""
        return None if self.text is None else hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class RecordedRun:
    """A run that made versions.

    Attributes
    ----------
    record : Provenance
        The versions that it used and made.
    flow : Flow or None
        None if the flow was replaced or deleted since.
    code : RegisteredCode or None
        The function that ran; None if the flow has none, or is not known.
    """

    record: Provenance
    flow: Flow | None
    code: RegisteredCode | None

    @property
    def used(self) -> tuple[Version, ...]:
        """The versions that the run used; empty if it downloaded a source."""
        return self.record.used or ()

    @property
    def made(self) -> tuple[Version, ...]:
        """The versions that the run made."""
        return self.record.made or ()

    @property
    def function(self) -> str:
        """The function of the run in a sentence; empty if it stored a download unchanged."""
        if self.flow is None:
            return "a function that is not known, because its flow was replaced or deleted"
        if self.code is None:
            return ""
        known = f"SHA-256 {self.code.sha256}" if self.code.sha256 else "its source code is not available"
        return f"{self.code.name}() ({known})"


@dataclass(frozen=True)
class Ancestry:
    """A version with the runs that led to it.

    Attributes
    ----------
    version : Version
        With its dataset.
    server : str
        The name of the server.
    runs : tuple of RecordedRun
        Sources first.
    is_recorded : bool
        Whether the server lists which versions a run used and made.
    """

    version: Version
    server: str
    runs: tuple[RecordedRun, ...] = ()
    is_recorded: bool = True

    @property
    def data(self) -> Data:
        """The dataset of the version."""
        return dataset_of(self.version)

    @property
    def versions(self) -> tuple[Version, ...]:
        """All versions in the ancestry, sources first; the version itself is the last."""
        found = [each for run in self.runs for each in (*run.used, *run.made)]
        unique = {version_key(each): each for each in found if version_key(each) != version_key(self.version)}
        return (*unique.values(), self.version)

    @property
    def sources(self) -> tuple[Version, ...]:
        """The versions that were not made from other versions."""
        derived = {version_key(each) for run in self.runs if run.used for each in run.made}
        return tuple(each for each in self.versions if version_key(each) not in derived)

    @property
    def is_derived(self) -> bool:
        """Whether the version was made from other versions."""
        return any(run.used for run in self.makers)

    @property
    def makers(self) -> tuple[RecordedRun, ...]:
        """The runs that made the version itself."""
        key = version_key(self.version)
        return tuple(run for run in self.runs if key in map(version_key, run.made))


def version_key(version: Version) -> tuple[str, int]:
    """Return what identifies a version: the id of its dataset, and its number."""
    return version.data_id, version.version


def dataset_of(version: Version) -> Data:
    """Return the dataset of a version; one without facts if the server did not send it."""
    return version.data or Data(version.data_id, version.data_id)


def label_of(version: Version) -> str:
    """Return the name of a version, such as ``cases@3``."""
    return f"{dataset_of(version).name}@{version.version}"


def source_url(version: Version) -> str | None:
    """Return the URL that a version was downloaded from, without secrets; None if there is none."""
    url = version.trigger_url or dataset_of(version).url
    return None if url is None else redact_url(url)


class Checksum(NamedTuple):
    """A checksum of a version's bytes.

    Attributes
    ----------
    algorithm : str
        Such as ``SHA-256``; servers other than the local AERO may list MD5.
    digest : str
        Hexadecimal digits.
    """

    algorithm: str
    digest: str

    def __str__(self) -> str:
        return f"{self.algorithm} {self.digest}"


def checksum_of(version: Version) -> Checksum | None:
    """Return the checksum of a version; None if the server lists none, or one of an unknown kind."""
    digest = (version.checksum or "").lower()
    algorithm = _ALGORITHMS.get(len(digest))
    return Checksum(algorithm, digest) if algorithm and set(digest) <= set("0123456789abcdef") else None


def utc_text(time: datetime | None) -> str | None:
    """Return a time in UTC as ISO text, to the second."""
    return None if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def host_names(versions: Sequence[Version]) -> list[str]:
    """Return the hosts that versions were downloaded from, each once."""
    urls = [source_url(each) for each in versions]
    hosts = [urlsplit(url).netloc.rpartition("@")[2] for url in urls if url and "://" in url]
    return list(dict.fromkeys(filter(None, hosts)))
