"""A function of a cell as a text that runs anywhere: the runtime in front, then what the function needs."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aero_jupyter import jobs
from aero_jupyter.compute import cells
from aero_jupyter.compute.closure import Closure, Statement, closure, statements_of
from aero_jupyter.compute.constants import imports_of, obstacle
from aero_jupyter.compute.live import missing_names, plain_function, source_around
from aero_jupyter.core.errors import FunctionRefused

_ENTRY = "aero_entry"
#: The name to call for one run outside any flow.
ONCE = "aero_once"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function; ``default`` is its source text, None where it is required."""

    name: str
    required: bool
    default: str | None = None


@dataclass(frozen=True)
class PortableFunction:
    """A function that is ready to be registered.

    Attributes
    ----------
    name : str
        The function's own name.
    source, entry : str
        The text to register, and the name in it to call.
    cell : str
        What travels of the cell, on the lines it had there.
    takes_any : bool
        Whether it has a ``**`` parameter.
    digest : str
        SHA-256 of ``source``.
    """

    name: str
    source: str
    entry: str
    cell: str
    parameters: tuple[Parameter, ...]
    takes_any: bool
    digest: str
    doc: str | None = None


def functions_in(cell: str) -> tuple[str, ...]:
    """Give the names of the functions that a cell defines at its top, in order.

    Raises
    ------
    FunctionRefused
        If the cell is not Python.
    """
    return tuple(cells.definitions(cells.parsed(cells.tidy(cell))))


def portable(
    cell: str,
    name: str | None = None,
    *,
    first_line: int = 1,
    source_parameter: str | None = None,
    known_elsewhere: Mapping[str, str] | None = None,
) -> PortableFunction:
    """Make a function of a cell portable.

    Parameters
    ----------
    cell : str
        The text of the cell.
    name : str, optional
        Which function; needed where the cell has several that nothing else in it uses.
    first_line : int
        The number of the text's first line, for messages and tracebacks.
    source_parameter : str, optional
        The parameter that an ingestion's pulled file is given to.
    known_elsewhere : mapping, optional
        Names the notebook knows beyond this cell, with the import or definition that makes them.

    Raises
    ------
    FunctionRefused
        If it cannot travel; the message says why and on which line.
    """
    shift, text = first_line - 1, cells.tidy(cell)
    tree = cells.parsed(text, shift)
    statements = statements_of(tree)
    node = cells.chosen(tree, statements, name, shift)
    cells.check_signature(node, shift)
    parameters = _parameters(node, text)
    if source_parameter and not node.args.kwarg and source_parameter not in {p.name for p in parameters}:
        has = ", ".join(p.name for p in parameters)
        raise FunctionRefused(f"{node.name}() has no parameter `{source_parameter}`.", f"Its parameters are {has}.")
    kept = _kept(text, statements, closure(statements, node.name), node.name, shift, known_elsewhere or {})
    glue = {
        "source": kept,
        "name": node.name,
        "first_line": first_line,
        "filename": f"<cell {node.name}>",
        "source_parameter": source_parameter,
    }
    return _function(node, kept, parameters, glue)


def portable_from(func: Callable[..., Any]) -> PortableFunction:
    """Make a live function portable, out of the text of the cell or module it was defined in.

    Raises
    ------
    FunctionRefused
        If it cannot travel, or its text cannot be found.
    """
    if getattr(func, "__module__", "").startswith(f"{jobs.__name__}.") and func.__name__ in jobs.__all__:
        return _runtime_function(func)
    function = plain_function(func)
    text, elsewhere = source_around(function)
    return portable(text, function.__name__, known_elsewhere=elsewhere)


def _kept(
    text: str,
    statements: Collection[Statement],
    found: Closure,
    name: str,
    shift: int,
    elsewhere: Mapping[str, str],
) -> str:
    imports = imports_of(tuple(statements))
    for statement in found.statements:
        cells.check_import(statement.node, shift)
        obstruction = obstacle(statement.node, found.names, imports)
        if obstruction:
            raise cells.obstructed(obstruction, name, shift)
    if found.missing:
        raise missing_names(name, found, elsewhere, shift)
    going = {id(statement.node) for statement in found.statements}
    dropped = [s.node for s in statements if id(s.node) not in going and not cells.always_stays(s.node)]
    return cells.compiled(cells.blanked(text, dropped), shift)


def _parameters(node: ast.FunctionDef, text: str) -> tuple[Parameter, ...]:
    named = node.args.args
    first = len(named) - len(node.args.defaults)
    pairs = [(arg.arg, node.args.defaults[i - first] if i >= first else None) for i, arg in enumerate(named)]
    pairs += [(arg.arg, default) for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    return tuple(
        Parameter(name, default is None, ast.get_source_segment(text, default) if default else None)
        for name, default in pairs
    )


def _function(
    node: ast.FunctionDef, kept: str, parameters: tuple[Parameter, ...], glue: Mapping[str, Any]
) -> PortableFunction:
    source = (
        f"{jobs.text()}_CELL = {dict(glue)!r}\n\n\n"
        f"def {_ENTRY}(*args, **kwargs):\n    return run_user(_CELL, args, kwargs)\n\n\n"
        f"def {ONCE}(kwargs, aero):\n    return run_once(_CELL, kwargs, aero)\n"
    )
    return PortableFunction(
        name=node.name,
        source=source,
        entry=_ENTRY,
        cell=kept,
        parameters=parameters,
        takes_any=node.args.kwarg is not None,
        digest=_digest(source),
        doc=ast.get_docstring(node),
    )


def _runtime_function(func: Callable[..., Any]) -> PortableFunction:
    doc = (func.__doc__ or "").partition("\n")[0]
    return PortableFunction(func.__name__, jobs.text(), func.__name__, "", (), True, _digest(jobs.text()), doc or None)


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
