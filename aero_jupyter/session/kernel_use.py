"""The versions and functions that this process has used since it began; a lock file holds them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any  # JSON values

from aero_jupyter.provenance.lock_file import LockedFunction, LockedRead


class KernelUse:
    """The versions and functions in use; ``reads`` holds the last read of each dataset and question."""

    def __init__(self) -> None:
        self.reads: dict[tuple[str, str], LockedRead] = {}
        self.earlier: dict[tuple[str, str], list[int]] = {}
        self.functions: dict[str, LockedFunction] = {}

    def record_read(self, read: LockedRead) -> None:
        """Record a read; an earlier read that returned another version is remembered."""
        before = self.reads.get(read.key)
        if before is not None and before.version != read.version:
            self.earlier.setdefault(read.key, []).append(before.version)
        self.reads[read.key] = read

    def record_function(self, function: LockedFunction) -> None:
        """Record a function that was registered or run."""
        self.functions[function.id] = function


#: One for the process.
kernel_use = KernelUse()


def environment() -> dict[str, Any]:
    """Return the Python, the platform, and the versions of the installed packages that are imported."""
    imported = {name.partition(".")[0] for name in sys.modules}
    distributions = metadata.packages_distributions()
    names = {name for module in imported for name in distributions.get(module, ())}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in sorted(names, key=str.lower)},
    }


def changed_packages(locked: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the packages that are installed in another version: name to the locked and the installed version."""
    return {name: (version, now) for name, version in locked.items() if (now := _installed(name)) != version}


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
