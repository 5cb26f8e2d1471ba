"""The lock file: the versions, functions and packages that a notebook used."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any  # JSON values

from aero_jupyter.core.decode_values import maps_from, record_from, text_from, whole_from
from aero_jupyter.core.safe_parsing import parse_json

#: The name of the file beside the notebook.
LOCK_NAME = "aero.lock"
#: What was read if no version was named, and if all versions were read.
NEWEST, ALL = "newest", "all"
_FORMAT = 1


@dataclass(frozen=True)
class LockedRead:
    """A read of a dataset, and what it returned.

    Attributes
    ----------
    server : str
        "local AERO", or the URL of the server.
    data_id, name : str
        The dataset.
    asked : str
        "newest", "all", the number of a version, or a time with its zone.
    versions : mapping of int to str or None
        The versions that were read, with their checksums.
    """

    server: str
    data_id: str
    name: str
    asked: str
    versions: Mapping[int, str | None]

    @property
    def version(self) -> int:
        """The number of the version that was read; the newest one if all were read."""
        return max(self.versions)

    @property
    def key(self) -> tuple[str, str]:
        """The dataset, and what was asked of it."""
        return self.data_id, self.asked


@dataclass(frozen=True)
class LockedFunction:
    """A function that made a version, or was registered or run; ``sha256`` is of its registered source code."""

    id: str
    name: str
    sha256: str | None


@dataclass(frozen=True)
class Lock:
    """The content of a lock file.

    Attributes
    ----------
    reads : tuple of LockedRead
    functions : tuple of LockedFunction
    environment : mapping
        ``python``, ``platform``, and ``packages``: name to version.
    """

    reads: tuple[LockedRead, ...] = ()
    functions: tuple[LockedFunction, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)

    def find(self, data_id: str, asked: str) -> LockedRead | None:
        """Return the locked read of a dataset; None if it is not locked."""
        return next((read for read in self.reads if read.key == (data_id, asked)), None)

    def reads_of(self, name_or_id: str) -> tuple[LockedRead, ...]:
        """Return the locked reads of a dataset."""
        return tuple(read for read in self.reads if name_or_id in (read.data_id, read.name))

    @property
    def packages(self) -> Mapping[str, str]:
        """The versions of the packages by name."""
        return {str(name): str(version) for name, version in record_from(self.environment.get("packages")).items()}


def lock_text(lock: Lock) -> str:
    """Return the text of a lock file; equal locks have equal texts."""
    reads = sorted(lock.reads, key=lambda read: (read.name, read.asked, read.data_id))
    functions = sorted(lock.functions, key=lambda function: (function.name, function.sha256 or "", function.id))
    document = {
        "format": _FORMAT,
        "datasets": [_read_record(read) for read in reads],
        "functions": [vars(function) for function in functions],
        "environment": lock.environment,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _read_record(read: LockedRead) -> dict[str, Any]:
    numbers = {str(number): read.versions[number] for number in sorted(read.versions)}
    return {"name": read.name, "read": read.asked, "versions": numbers, "data_id": read.data_id, "server": read.server}


def parse_lock(text: str) -> Lock:
    """Parse the text of a lock file.

    Raises
    ------
    ValueError
        If it is not a lock file of this format.
    """
    document = record_from(parse_json(text))
    if whole_from(document.get("format")) != _FORMAT:
        raise ValueError(f"its format is not {_FORMAT}")
    reads = tuple(map(_read, _entries(document, "datasets")))
    functions = tuple(
        LockedFunction(_text(entry, "id"), _text(entry, "name"), text_from(entry.get("sha256")))
        for entry in _entries(document, "functions")
    )
    return Lock(reads, functions, record_from(document.get("environment")))


def _entries(document: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    entries = document.get(name)
    if not isinstance(entries, list) or len(found := list(maps_from(entries))) != len(entries):
        raise ValueError(f"{name} is no list of records")
    return found


def _read(entry: Mapping[str, Any]) -> LockedRead:
    versions = {whole_from(number): text_from(sum) for number, sum in record_from(entry.get("versions")).items()}
    numbers = {number: sum for number, sum in versions.items() if number is not None and number > 0}
    if not numbers or len(numbers) != len(versions):
        raise ValueError("versions of a dataset are no numbers with checksums")
    return LockedRead(
        _text(entry, "server"), _text(entry, "data_id"), _text(entry, "name"), _text(entry, "read"), numbers
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} of an entry is no text")
    return value
