"""The operating system's limits that the service needs: open files and memory."""

from __future__ import annotations

import contextlib
import errno
import resource

from aero_jupyter.core.errors import LocalServiceFailed

#: Open files that the service needs at least, and as many as it asks for.
NEEDED_FILES, WANTED_FILES = 256, 4096
#: Bytes of address space that the service needs at least, most of it for the stacks of its threads.
NEEDED_BYTES = 1 << 30
#: Errors of a process that reached a limit, each with the name of what it lacks.
_SHORTAGES = {
    errno.EMFILE: "open files",
    errno.ENFILE: "open files",
    errno.EAGAIN: "processes",
    errno.ENOMEM: "memory",
}


def require_enough() -> None:
    """Raise if the limits that this process passes on are below what the service needs.

    Raises
    ------
    LocalServiceFailed
        If too few open files or too little address space is allowed.
    """
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < NEEDED_FILES:
        raise LocalServiceFailed(
            f"The local AERO needs {NEEDED_FILES} open files, and this session allows {files}.",
            f"Raise the hard limit of open files (ulimit -Hn) to {NEEDED_FILES} or more, and try again.",
        )
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if 0 <= space < NEEDED_BYTES:
        raise LocalServiceFailed(
            f"The local AERO needs {NEEDED_BYTES >> 20} MB of address space, and this session allows {space >> 20} MB.",
            f"Raise the limit of address space (ulimit -v) to {NEEDED_BYTES >> 10} or more, and try again.",
        )


def raise_file_limit() -> None:
    """Raise the number of open files as far as the hard limit allows, up to what the service asks for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def shortage(error: OSError) -> str | None:
    """Return a sentence if an error means that this process reached a limit of the operating system, or None."""
    lacking = _SHORTAGES.get(error.errno or 0)
    return None if lacking is None else f"The local AERO has run out of {lacking} ({error.strerror})."
