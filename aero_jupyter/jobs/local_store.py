"""The store of a local AERO on the machine of a task: files are read in place and handed over without a copy."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from typing import IO, Any

from aero_jupyter.jobs.transfer import DownloadResult

_COPIED_AT_ONCE = 1 << 20


def state_of_file(path: str) -> list[int]:
    """Return what every change of a file changes: its inode, size and times in nanoseconds."""
    facts = os.lstat(path)
    return [facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]


def stored_path(aero: Mapping[str, Any], name: object) -> str | None:
    """Return the path of an input's file in a store on this machine; None if there is none."""
    path = (aero.get("stored_files") or {}).get(name)
    return path if path and os.path.isfile(path) else None


def copy_stored(path: str, file: IO[bytes], sums: Iterable[str]) -> DownloadResult | None:
    """Copy a stored file to an open one and hash it: the function may change its copy.

    None if the store has just moved the file.
    """
    hashes, size = {name: hashlib.new(name, usedforsecurity=False) for name in sums}, 0
    try:
        stored = open(path, "rb", buffering=0)  # noqa: SIM115 (closed below)
    except FileNotFoundError:
        return None
    with stored:
        # One byte more than a small file has: its end is found without a larger buffer.
        buffer = bytearray(min(_COPIED_AT_ONCE, os.fstat(stored.fileno()).st_size + 1))
        while count := stored.readinto(buffer):
            piece = memoryview(buffer)[:count]
            for each in hashes.values():
                each.update(piece)
            size += file.write(piece)
    return DownloadResult({name: each.hexdigest() for name, each in hashes.items()}, size, {})


def can_hand_over(aero: Mapping[str, Any], paths: Iterable[str]) -> bool:
    """Return whether the store takes these files over: regular files of the run, without another name."""
    return bool(aero.get("takes_over_files")) and all(_is_own_file(aero["temp_dir"], path) for path in paths)


def _is_own_file(folder: str, path: str) -> bool:
    facts = os.lstat(path)
    is_inside = os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))
    return is_inside and stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1


def hand_over(folder: str, path: str, name: str) -> str:
    """Return the path at which the store takes a file over: in the run's folder, which outlives the task."""
    is_direct = os.path.realpath(os.path.dirname(path)) == os.path.realpath(folder)
    target = os.path.join(folder, os.path.basename(path) if is_direct else name)
    if not is_direct:
        os.replace(path, target)
    return target
