"""IPython's decorators of magics, with types."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar  # IPython's objects, which have no types

from IPython.core import magic as untyped_magic
from IPython.core import magic_arguments as untyped_arguments

from aero_jupyter.notebook.magics.line_parsing import seconds, whole
from aero_jupyter.notebook.magics.parsers import declare_parser

#: The name in the notebook of the last result.
LAST_RESULT_NAME = "_aero"

F = TypeVar("F", bound=Callable[..., Any])

# IPython's decorators have no types.
_magic: Any = untyped_magic
_magic_arguments: Any = untyped_arguments
no_var_expand: Callable[[F], F] = _magic.no_var_expand


def line_magic(name: str | None = None) -> Callable[[F], F]:
    """Return a decorator that turns a method into a line magic, under its own name or another."""
    decorate: Callable[[F], F] = _magic.line_magic(name) if name else _magic.line_magic
    return lambda function: decorate(_store_result(function))


def cell_magic(name: str | None = None) -> Callable[[F], F]:
    """Return a decorator that turns a method into a cell magic, under its own name or another."""
    decorate: Callable[[F], F] = _magic.cell_magic(name) if name else _magic.cell_magic
    return lambda function: decorate(_store_result(function))


def _store_result(function: F) -> F:
    """Store the result of a magic as ``_aero`` in the notebook."""

    @functools.wraps(function)
    def run_and_store(self: Any, *args: Any) -> Any:
        result = function(self, *args)
        if result is not None:
            self.shell.user_ns[LAST_RESULT_NAME] = result
        return result

    wrapped: Any = run_and_store
    typed: F = wrapped
    return typed


def magic_arguments(name: str | None = None) -> Callable[[F], F]:
    """Return a decorator that parses the described arguments of a magic, whose name may differ from the method's."""
    # Values in braces are filled in by the parser of the line, which keeps their types.
    return lambda function: no_var_expand(declare_parser(function, name))


def function_arguments(function: F) -> F:
    """Describe the arguments of a magic that runs or registers the function of its cell."""
    described = (
        argument("--endpoint", default="local", metavar="NAME", help="The endpoint: a name or an id."),
        argument(
            "--input", action="append", default=[], metavar="P=DATA", help="Parameter=name[@version]; may be repeated."
        ),
        argument("--kwarg", action="append", default=[], metavar="K=V", help="A value, JSON or text; may be repeated."),
        argument(
            "--no-fetch", action="append", default=[], metavar="P", help="Pass the URL of this input as P_url; no file."
        ),
        argument(
            "--endpoint-config", action="append", default=[], metavar="K=V,…",
            help="Options of the endpoint's template: account=…,queue=…; may be repeated.",
        ),
        argument("--name", default=None, metavar="FN", help="The function, if the cell defines several."),
    )  # fmt: skip
    return _described(function, described)


def source_arguments(function: F) -> F:
    """Describe the arguments of a magic that registers a source."""
    described = (
        argument("--source", default=None, metavar="NAME=URL", help="Download this URL for the function."),
        argument("--type", default=None, metavar="TYPE", help="The source type, whose URLs share one dataset."),
        argument("--no-copy", action="store_true", help="Store no copy: a notification makes a version."),
        argument("--every", default=None, metavar="TIME", help='How often: 30s, 5m, 6h, 1d, 2w, "2 hours", daily.'),
        argument(
            "--expect", default=None, metavar="PROMISE",
            help='When a new version must be there: "weekly by Wed 12:00 America/New_York".',
        ),
        argument(
            "--keep", default=None, metavar="POLICY",
            help='Which versions keep their content: "all 30d, weekly 1y, monthly"; by default all.',
        ),
        argument(
            "--check", action="append", default=[], metavar="CHECK",
            help='A check of the output, such as "rows > 0", "warning: unique geo,date" or checks.yaml; may be '
            "repeated. none accepts a web page or an error text from the source.",
        ),
        argument("--policy", default=None, help="any, all, timer, none or event; the options imply a default."),
        argument("--description", default=None, metavar="TEXT", help="By default, the function's docstring."),
    )  # fmt: skip
    return _described(function, described)


def registration_arguments(function: F) -> F:
    """Describe the arguments of a magic that registers the function of its cell."""
    described = (
        argument("--output", action="append", default=[], metavar="NAME", help="An output dataset; may be repeated."),
        argument(
            "--optional-output", action="append", default=[], metavar="NAME", help="An output that may be missing."
        ),
        argument("--kwargs-file", default=None, metavar="FILE", help="YAML or JSON: a list of sets of arguments."),
        argument("--header", action="append", default=[], metavar="NAME=$VARIABLE", help="A header for the source."),
        argument("--auth", default=None, metavar="user:$VARIABLE", help="A login for the source."),
        argument("--aligned", action="store_true", help="With --policy all: wait for inputs from the same version."),
        argument("--dry-run", action="store_true", help="Run it once here on the latest input; register nothing."),
        argument("--timeout", type=seconds, default=None, metavar="SECONDS", help="Stop a dry run after this long."),
        argument("--replace", action="store_true", help="Continue the datasets of the existing flow."),
        argument("--keys", default=None, metavar="COLUMNS", help="The columns that identify a row of the output."),
        argument("--time", default=None, metavar="COLUMN", help="The column with the date that a row is about."),
        argument("--preview", type=whole, default=None, metavar="N", help="With --replace: compare N versions."),
    )  # fmt: skip
    return _described(function_arguments(source_arguments(function)), described)


def _described(function: F, described: Sequence[Callable[[F], F]]) -> F:
    for describe in reversed(described):
        function = describe(function)
    return function


def argument(*names: str, **about: Any) -> Callable[[F], F]:
    """Describe one argument of a magic."""
    decorate: Callable[[F], F] = _magic_arguments.argument(*names, **about)
    return decorate
