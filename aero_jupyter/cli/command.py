"""The entry point of the ``aero-jupyter`` command."""

from __future__ import annotations

import gc
import sys

#: New objects before the first garbage collection: a command creates about as many by its imports, and then ends.
_COLLECTION_THRESHOLD = 200_000


def run() -> int:
    """Run the command in a process of its own, and return its exit code."""
    gc.set_threshold(_COLLECTION_THRESHOLD)
    from aero_jupyter.cli.main import main

    return main(sys.argv[1:])
