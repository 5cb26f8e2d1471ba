"""Bounds of the memory that the C library keeps for reuse, and the garbage collection of a starting service."""

from __future__ import annotations

import ctypes
import gc
import sys

#: Number of heaps of glibc's malloc. By default there are eight for each core, and each keeps its free pieces.
_ARENAS = 2
#: The option number of glibc's mallopt for the number of heaps.
_ARENA_MAX = -8


def limit_heaps() -> None:
    """Limit the number of heaps (glibc only); call it before the first thread starts."""
    if (libc := _glibc()) is not None:
        libc.mallopt(_ARENA_MAX, _ARENAS)


def release_free_memory() -> None:
    """Return free pieces of the heaps to the operating system (glibc only)."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def pause_collection() -> None:
    """Stop the garbage collection until the service is ready."""
    gc.disable()


def resume_collection() -> None:
    """Start the garbage collection; it does not look at the objects that exist already."""
    gc.freeze()
    gc.enable()


def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if libc is not None and hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
