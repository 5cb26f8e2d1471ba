"""IPython's decorators of magics with types: its own do not tell what they give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from IPython.core import magic as plain
from IPython.core import magic_arguments as described

F = TypeVar("F", bound=Callable[..., Any])

_plain: Any = plain
_described: Any = described


def line_magic(name: str | None = None) -> Callable[[F], F]:
    """Make a method a line magic, of its own name or another."""
    decorate: Callable[[F], F] = _plain.line_magic(name) if name else _plain.line_magic
    return decorate


def cell_magic(name: str | None = None) -> Callable[[F], F]:
    """Make a method a cell magic, of its own name or another."""
    decorate: Callable[[F], F] = _plain.cell_magic(name) if name else _plain.cell_magic
    return decorate


def magic_arguments(name: str | None = None) -> Callable[[F], F]:
    """Let a magic take described arguments; its name, where the method's is another."""
    decorate: Callable[[F], F] = _described.magic_arguments(name)
    return decorate


def argument(*names: str, **about: Any) -> Callable[[F], F]:
    """Describe one argument of a magic."""
    decorate: Callable[[F], F] = _described.argument(*names, **about)
    return decorate
