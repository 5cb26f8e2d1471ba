"""Two test files never create a dataset of the same name: which files share a local AERO depends on the processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import sqlite3
from pathlib import Path

#: Names that a fixture of several test files creates, once for all files of one process.
_OF_FIXTURES = frozenset({"influent", "level"})


def dataset_names(home: Path) -> set[str]:
    """Return the names of the datasets in the store of a local AERO, or none where there is no store."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{home / 'aero.db'}?mode=ro", uri=True)) as store:
            return {name for (name,) in store.execute("SELECT name FROM data")} - _OF_FIXTURES
    except sqlite3.Error:
        return set()


def require_names_apart(record: Path, module: str, names: set[str]) -> None:
    """Record who created the names; raise if another test file, in whatever process, created one of them.

    Parameters
    ----------
    record : Path
        The file that all processes of this run of the tests share.
    module : str
        The test file that created the names.
    names : set of str
        The names that it created.

    Raises
    ------
    AssertionError
        With the name and both files.
    """
    with record.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        owners = json.loads(file.read() or "{}")
        taken = {name: owners[name] for name in names if owners.get(name, module) != module}
        file.truncate(0)
        file.write(json.dumps({**dict.fromkeys(names, module), **owners}))
    assert not taken, f"{module} creates datasets that other test files create too: {taken}"
