"""IPython's decorators of magics with types: its own do not tell what they give back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from IPython.core import magic as plain
from IPython.core import magic_arguments as described

#: Where the last result is found.
LAST = "_aero"

F = TypeVar("F", bound=Callable[..., Any])

_plain: Any = plain
_described: Any = described


def line_magic(name: str | None = None) -> Callable[[F], F]:
    """Make a method a line magic, of its own name or another."""
    decorate: Callable[[F], F] = _plain.line_magic(name) if name else _plain.line_magic
    return lambda function: decorate(_kept(function))


def cell_magic(name: str | None = None) -> Callable[[F], F]:
    """Make a method a cell magic, of its own name or another."""
    decorate: Callable[[F], F] = _plain.cell_magic(name) if name else _plain.cell_magic
    return lambda function: decorate(_kept(function))


def _kept(function: F) -> F:
    """Let the notebook find the last result as ``_aero``."""

    @functools.wraps(function)
    def keeping(self: Any, *args: Any) -> Any:
        result = function(self, *args)
        if result is not None:
            self.shell.user_ns[LAST] = result
        return result

    kept: Any = keeping
    made: F = kept
    return made


def magic_arguments(name: str | None = None) -> Callable[[F], F]:
    """Let a magic take described arguments; its name, where the method's is another."""
    decorate: Callable[[F], F] = _described.magic_arguments(name)
    return decorate


def argument(*names: str, **about: Any) -> Callable[[F], F]:
    """Describe one argument of a magic."""
    decorate: Callable[[F], F] = _described.argument(*names, **about)
    return decorate
