"""The lock file of a notebook: written from what was used, and checked against what is there now."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import InvalidArgument, NotFound, UnknownName
from aero_jupyter.core.models import Version
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.core.terminal_text import escape_controls
from aero_jupyter.provenance.lock_file import ALL, LOCK_NAME, NEWEST, Lock, LockedFunction, LockedRead, lock_text
from aero_jupyter.session.ancestors import ancestry_of
from aero_jupyter.session.connections import current
from aero_jupyter.session.kernel_use import environment, kernel_use
from aero_jupyter.session.lock_in_force import BY_SOURCE, LockPath, TimeKind, lock_in_force, lock_path

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


@dataclass(frozen=True, repr=False)
class WrittenLock:
    """A lock file that was written; its representation names the path and what it holds.

    Attributes
    ----------
    path : Path
    lock : Lock
    notes : tuple of str
        Reads that returned different versions, and versions that are locked no longer.
    """

    path: Path
    lock: Lock
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        labels = [f"{read.name}@{read.version}" for read in self.lock.reads]
        counts = f"{_counted(self.lock.functions, 'function')}, {_counted(self.lock.packages, 'package')}"
        return escape_controls(
            "\n".join([f"Wrote {self.path}: {', '.join(dict.fromkeys(labels))}; {counts}.", *self.notes])
        )


def _counted(things: Collection[object], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def lock(path: str | os.PathLike[str] | None = None, *, update: bool | str | Sequence[str] = False) -> WrittenLock:
    """Write ``aero.lock`` beside the notebook: the datasets, functions and packages used since the kernel began.

    While the file is there, reads return the locked versions, and name the newer ones. A locked version that is gone,
    or that has another checksum, is an error. Delete the file to read the newest versions again.

    Parameters
    ----------
    path : str or path, optional
        The file, or a folder; by default ``aero.lock`` in the working directory. This process follows the file from now
        on.
    update : bool, str or sequence of str
        Datasets whose newest versions are locked instead of the locked ones; True for all.

    Returns
    -------
    WrittenLock
        Names the path, and what was locked.

    Raises
    ------
    InvalidArgument
        If no dataset was read yet, if the file cannot be written, or if the file holds another version than was read.
    UnknownName
        If a dataset to be updated was not read, and is not in the file.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.lock()  # doctest: +SKIP
    Wrote /home/ann/study/aero.lock: sewage@1; 1 function, 41 packages.
    """
    if path is not None:
        LockPath.named = _file(Path(path))
    target, session = lock_path(), current()
    before = lock_in_force() or Lock()
    reads = _merged(before, kernel_use.reads, _names(update))
    if not reads:
        raise InvalidArgument("No dataset was read in this kernel.", "Read one first: aero.read(NAME)")
    reads, notes = _updated(session, reads, _chosen(reads, update))
    written = Lock(tuple(reads), _functions(session, before, reads), environment())
    # Before the file is there, so that no retention policy removes what it names.
    session.client.hold_versions([(read.data_id, number) for read in reads for number in read.versions], "lock")
    _write(target, lock_text(written))
    return WrittenLock(target, written, (*_ambiguous(reads), *notes))


def _file(path: Path) -> Path:
    absolute = path.expanduser().absolute()
    return absolute / LOCK_NAME if absolute.is_dir() else absolute


def _names(update: bool | str | Sequence[str]) -> Sequence[str] | None:
    """Return the names to update; None for all."""
    if isinstance(update, bool):
        return None if update else ()
    return (update,) if isinstance(update, str) else tuple(update)


def _merged(before: Lock, used: Mapping[tuple[str, str], LockedRead], names: Sequence[str] | None) -> list[LockedRead]:
    """Return the locked reads and those of this process; raise if they differ in a version."""
    merged = {read.key: read for read in before.reads}
    for key, read in used.items():
        locked = merged.setdefault(key, read)
        is_updated = names is None or read.name in names or read.data_id in names
        if dict(locked.versions) != dict(read.versions) and not is_updated:
            raise InvalidArgument(
                f"{lock_path()} holds {read.name}@{locked.version}, and version {read.version} was read.",
                f'Lock the newest version: aero.lock(update="{read.name}")',
            )
    return list(merged.values())


def _chosen(reads: Sequence[LockedRead], update: bool | str | Sequence[str]) -> list[LockedRead]:
    """Return the reads that are updated; raise if a name is none of them."""
    names = _names(update)
    if names is None:
        return list(reads)
    for name in names:
        if not Lock(tuple(reads)).reads_of(name):
            known = dict.fromkeys(read.name for read in reads)
            raise UnknownName(f"{name} is not in {lock_path()}, and was not read.", suggest(name, known))
    return [read for read in reads if read.name in names or read.data_id in names]


def _updated(
    session: Session, reads: Sequence[LockedRead], chosen: Sequence[LockedRead]
) -> tuple[list[LockedRead], list[str]]:
    kept: list[LockedRead] = []
    notes: list[str] = []
    for read in reads:
        new = _current_read(session, read) if read in chosen else read
        if new is None:
            notes.append(f"{read.name}@{read.version} is gone, and is not locked any longer.")
            continue
        kept.append(new)
        kernel_use.reads[new.key] = new
    return kept, notes


def _current_read(session: Session, read: LockedRead) -> LockedRead | None:
    """Return what a read returns now; None if its version is gone."""
    client = session.client
    versions = {version.version: version for version in client.versions(read.data_id)}
    try:
        if read.asked == ALL:
            chosen: Iterable[Version] = versions.values()
        elif read.asked == NEWEST:
            chosen = [client.latest(read.data_id)]
        elif read.asked.isdecimal():
            chosen = [client.version(read.data_id, int(read.asked))]
        else:
            by: TimeKind = "source" if read.asked.endswith(BY_SOURCE) else "version"
            time, _, zone = read.asked.removesuffix(BY_SOURCE).rpartition(" ")
            chosen = [client.version_at(read.data_id, time, zone, by=by)]
    except NotFound:
        return None
    return replace(read, versions={version.version: version.checksum for version in chosen})


def _functions(session: Session, before: Lock, reads: Sequence[LockedRead]) -> tuple[LockedFunction, ...]:
    """Return the functions that led to the versions, and those that were registered or run in this process."""
    found = {function.id: function for function in before.functions}
    locked = {read.key for read in before.reads if read in reads}
    for read in reads:
        if read.key not in locked:
            data = session.client.get_data(read.data_id)
            ancestry = ancestry_of(session, data, session.client.version(read.data_id, read.version))
            codes = [run.code for run in ancestry.runs if run.code is not None]
            found |= {code.id: LockedFunction(code.id, code.name, code.sha256) for code in codes}
    return tuple({**found, **kernel_use.functions}.values())


def _ambiguous(reads: Sequence[LockedRead]) -> list[str]:
    notes = []
    for read in reads:
        if earlier := set(kernel_use.earlier.get(read.key, ())) - {read.version}:
            numbers = ", ".join(map(str, sorted(earlier)))
            notes.append(f"{read.name} was also read as version {numbers}; version {read.version} is locked.")
    return notes


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror}.", "Name another: aero.lock(PATH)") from None
    finally:
        part.unlink(missing_ok=True)
