"""The lock file that reads follow: beside the notebook, or at the path that was named to `lock`."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from aero_jupyter.core.as_of import configured_zone
from aero_jupyter.core.errors import AeroError, InvalidArgument, NotFound
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.provenance.lock_file import ALL, LOCK_NAME, NEWEST, Lock, LockedRead, parse_lock
from aero_jupyter.session.kernel_use import kernel_use

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

#: Whether a version is in force from when it was made, or from when its source was modified.
TimeKind = Literal["version", "source"]
#: The end of what was asked, if the time is that of the source.
BY_SOURCE = " by source"
_WRITE_AGAIN = "Delete the file, and write it again: aero.lock()"


class ChosenVersion(NamedTuple):
    """The version to read.

    Attributes
    ----------
    number : int or None
        None for the newest.
    as_of : str or None
        The time that was named; "now" if the newest version was in force.
    newest : int or None
        The number of the newest version if a lock file chose an older one.
    """

    number: int | None
    as_of: str | None = None
    newest: int | None = None


class LockPath:
    """The path that was named to `lock` in this process, and the notes that were shown."""

    named: Path | None = None
    shown: set[str] = set()  # noqa: RUF012  one for the process


def lock_path() -> Path:
    """Return the path of the lock file, whether or not it exists."""
    return LockPath.named or Path.cwd() / LOCK_NAME


def lock_in_force() -> Lock | None:
    """Return the lock that reads follow; None if there is no file.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or is no lock file.
    """
    path = lock_path()
    try:
        return parse_lock(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}.", "Name another: aero.lock(PATH)") from None
    except ValueError as error:
        raise InvalidArgument(f"{path} is not a lock file: {error}.", _WRITE_AGAIN) from None


def asked_of(ref: VersionRef, by: TimeKind = "version") -> str:
    """Return what a reference asks of its dataset, as a lock file names it."""
    if ref.as_of is not None:
        return f"{ref.as_of} {configured_zone.name}{BY_SOURCE if by == 'source' else ''}"
    return NEWEST if ref.version is None else str(ref.version)


def choose_version(client: AeroClient, data: Data, ref: VersionRef, by: TimeKind = "version") -> ChosenVersion:
    """Return the version to read: the locked one, or the one that the reference names.

    Raises
    ------
    AeroError
        If the locked version is gone, or has another checksum.
    """
    lock = lock_in_force()
    if lock is None:
        return _named_version(client, data, ref, by)
    read = lock.find(data.id, asked_of(ref, by))
    if read is None:
        require_same_dataset(lock, data)
        chosen = _named_version(client, data, ref, by)
        if ref.version is None:
            _note(f"{data.name} is not in {lock_path()}. Add it: aero.lock()")
        return chosen
    versions = require_locked_versions(read, client.versions(data.id))
    newest = max(versions)
    if newest > read.version and ref.version is None:
        _note_newer(data, read.version, newest)
    as_of = ref.as_of and ("now" if newest == read.version else ref.as_of)
    return ChosenVersion(read.version, as_of, newest if newest > read.version else None)


def locked_versions(data: Data, versions: Sequence[Version]) -> Collection[int] | None:
    """Return the numbers of the versions of which an archive is built; None for all.

    Raises
    ------
    AeroError
        If a locked version is gone, or has another checksum.
    """
    lock = lock_in_force()
    if lock is None:
        return None
    read = lock.find(data.id, ALL)
    if read is None:
        require_same_dataset(lock, data)
        _note(f"All versions of {data.name} are not in {lock_path()}. Add them: aero.lock()")
        return None
    newest = max(require_locked_versions(read, versions))
    if newest > read.version:
        _note_newer(data, read.version, newest)
    return read.versions.keys()


def _note_newer(data: Data, locked: int, newest: int) -> None:
    cure = f'Read it from now on: aero.lock(update="{data.name}")'
    _note(f"{data.name}: version {locked} is locked, version {newest} is newer. {cure}")


def _named_version(client: AeroClient, data: Data, ref: VersionRef, by: TimeKind) -> ChosenVersion:
    if ref.as_of is None:
        return ChosenVersion(ref.version)
    version = client.version_at(data.id, ref.as_of, configured_zone.name, by=by)
    is_newest = version.version == client.latest(data.id).version
    return ChosenVersion(version.version, "now" if is_newest else ref.as_of)


def require_same_dataset(lock: Lock, data: Data) -> None:
    """Raise if the lock holds another dataset of the same name in place of this one."""
    for read in () if lock.reads_of(data.id) else lock.reads:
        if read.name == data.name:
            raise AeroError(
                f"{lock_path()} holds another dataset {data.name}: {read.data_id} of {read.server}, not {data.id}.",
                "Connect to the server of the locked one, or name another file: aero.lock(PATH)",
            )


def require_locked_versions(read: LockedRead, versions: Sequence[Version]) -> Mapping[int, Version]:
    """Return the versions of a dataset by number; raise if a locked one is gone or has another checksum."""
    known = {version.version: version for version in versions}
    cure = f'Accept what the server has now: aero.lock(update="{read.name}")'
    for number, checksum in read.versions.items():
        label = f"{read.name}@{number}"
        if number not in known:
            raise NotFound(404, f"{lock_path()} holds {label} ({checksum}), which the server no longer has.", cure)
        if checksum and known[number].checksum != checksum:
            now = known[number].checksum
            raise AeroError(f"{lock_path()} holds {label} with checksum {checksum}, the server one with {now}.", cure)
    return known


def record_read(client: AeroClient, data: Data, asked: str, versions: Mapping[int, str | None]) -> None:
    """Record a read of this process."""
    server = "local AERO" if client.dialect.name == "local" else client.base_url
    kernel_use.record_read(LockedRead(server, data.id, data.name, asked, versions))


def _note(text: str) -> None:
    """Show a note once in a process."""
    if text not in LockPath.shown:
        LockPath.shown.add(text)
        warnings.warn(text, UserWarning, stacklevel=4)
