"""The comparison of a lock file with what is there now."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from aero_jupyter.core.errors import AeroError, InvalidArgument, LoginRequired, NotAuthorized, NotFound
from aero_jupyter.core.models import Version
from aero_jupyter.core.terminal_text import escape_controls
from aero_jupyter.provenance import RegisteredCode
from aero_jupyter.provenance.lock_file import ALL, NEWEST, LockedFunction, LockedRead
from aero_jupyter.session.connections import current
from aero_jupyter.session.kernel_use import changed_packages
from aero_jupyter.session.lock_in_force import lock_in_force, lock_path

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

#: Bytes of a version that are read at once.
_CHUNK_BYTES = 1 << 20
AS_LOCKED = "as locked"


class _Row(NamedTuple):
    kind: str
    name: str
    locked: str
    now: str
    state: str


def check_lock() -> pd.DataFrame:
    """Compare the lock file with what is there now, and read the bytes of every locked version.

    Returns
    -------
    DataFrame
        One row per locked version and function, and one per change of Python, the platform or a package: ``kind``,
        ``name``, ``locked``, ``now`` and ``state``, which is "as locked" where nothing changed.

    Raises
    ------
    InvalidArgument
        If there is no lock file.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.check_lock().loc[0, "state"]  # doctest: +SKIP
    'as locked'
    """
    import pandas as pd

    lock = lock_in_force()
    if lock is None:
        raise InvalidArgument(f"There is no lock file {lock_path()}.", "Write it: aero.lock()")
    session = current()
    rows = [row for read in lock.reads for row in _dataset_rows(session.client, read)]
    rows += [_function_row(session, function) for function in lock.functions]
    for name, now in (("python", platform.python_version()), ("platform", f"{platform.system()} {platform.machine()}")):
        locked = str(lock.environment.get(name))
        rows += [] if locked == now else [_Row("environment", name, locked, now, "changed")]
    for name, (locked, now) in changed_packages(lock.packages).items():
        rows.append(_Row("package", name, locked, now, "changed" if now else "not installed"))
    return pd.DataFrame([list(map(escape_controls, row)) for row in rows], columns=list(_Row._fields), dtype=object)


def _dataset_rows(client: AeroClient, read: LockedRead) -> Iterator[_Row]:
    try:
        known = {version.version: version for version in client.versions(read.data_id)}
    except NotFound:
        known = {}
    newest = max(known, default=0)
    for number, checksum in read.versions.items():
        state = _version_state(client, read, known.get(number), checksum)
        is_behind = read.asked in (NEWEST, ALL) and number == read.version and newest > number
        now = str(newest if is_behind else number) if number in known else ""
        yield _Row(
            "dataset", read.name, str(number), now, f"{state}, version {newest} is newer" if is_behind else state
        )


def _version_state(client: AeroClient, read: LockedRead, version: Version | None, checksum: str | None) -> str:
    if version is None:
        return "gone"
    if checksum and version.checksum != checksum:
        return f"another checksum: {version.checksum}"
    try:
        with client.open_version(read.data_id, version.version) as reader:
            while reader.read(_CHUNK_BYTES):
                pass
    except LoginRequired:
        raise
    except AeroError as error:
        return f"bytes not readable: {error.message}"
    return AS_LOCKED


def _function_row(session: Session, function: LockedFunction) -> _Row:
    try:
        text = session.compute.source_of(function.id)
    except LoginRequired:
        raise
    except (NotFound, NotAuthorized):
        return _Row("function", function.name, function.sha256 or "", "", "not available")
    now = RegisteredCode(function.id, function.name, text).sha256 or ""
    is_same = function.sha256 in (now, None)
    return _Row("function", function.name, function.sha256 or "", now, AS_LOCKED if is_same else "another source code")
