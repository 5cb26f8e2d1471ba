"""The parsers of the magics' lines, each built at its first use: loading the extension builds none."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeVar  # IPython's objects, which have no types

from IPython.core import magic_arguments as untyped_arguments

F = TypeVar("F", bound=Callable[..., Any])

# IPython's function has no types.
_construct_parser: Any = untyped_arguments.construct_parser


def declare_parser(function: F, name: str | None) -> F:
    """Declare that a magic's line is parsed by its described arguments; the magic's name may differ from the method's.

    IPython's own decorator builds the parser when the function is defined.
    """
    magic: Any = function
    if name is not None:
        magic.argcmd_name = name
    magic.declares_arguments = True
    magic.getdoc = lambda: _help_of(magic)
    return function


def declares_arguments(magic: object) -> bool:
    """Return whether a magic's line is parsed by described arguments."""
    return getattr(magic, "declares_arguments", False)


def parser_of(magic: Any) -> argparse.ArgumentParser:
    """Return the parser of a magic that declares its arguments."""
    function = getattr(magic, "__func__", magic)
    if not hasattr(function, "parser"):
        function.decorators = getattr(function, "decorators", [])
        function.parser = _construct_parser(function)
    parser: argparse.ArgumentParser = function.parser
    return parser


def _help_of(function: Any) -> str:
    # Building the parser makes its help the docstring.
    parser_of(function)
    return str(function.__doc__)
