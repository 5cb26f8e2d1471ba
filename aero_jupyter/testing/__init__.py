"""What we test with, for those who test on top of us."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aero_jupyter.service import daemon


@contextlib.contextmanager
def local_aero(home: Path | None = None) -> Iterator[daemon.State]:
    """Run a local AERO of its own, and stop it at the end.

    Parameters
    ----------
    home : Path, optional
        Its folder; by default a temporary one that is removed.

    Yields
    ------
    State
        Where it is and what opens it.
    """
    with contextlib.ExitStack() as stack:
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aero-")))
        stack.callback(daemon.stop, folder)
        yield daemon.ensure(folder)
