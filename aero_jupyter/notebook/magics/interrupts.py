"""Interrupts of a waiting cell: an error that names what continues without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aero_jupyter.core.errors import AeroError


@contextmanager
def explain_interrupt(message: str, cure: str) -> Iterator[None]:
    """Replace a keyboard interrupt within the block by an error with a message and a cure.

    Raises
    ------
    AeroError
        If the block is interrupted.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise AeroError(message, cure) from None
