"""A function of a cell as portable source code: the runtime, followed by the function and its dependencies."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aero_jupyter import jobs
from aero_jupyter.compute import cell_source
from aero_jupyter.compute.dependencies import Closure, Statement, closure, statements_of
from aero_jupyter.compute.live_functions import missing_names, plain_function, source_around
from aero_jupyter.compute.local_modules import modules_of
from aero_jupyter.compute.portability import imports_of, obstacle
from aero_jupyter.core.errors import FunctionRefused

_ENTRY = "aero_entry"
#: The function to call for one run outside any flow.
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
    modules : mapping
        The modules beside the notebook that travel with it: name to source code.
    checks : tuple of mapping
        The checks of its outputs, as `core.check_grammar` parses them.
    """

    name: str
    source: str
    entry: str
    cell: str
    parameters: tuple[Parameter, ...]
    takes_any: bool
    digest: str
    doc: str | None = None
    modules: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Mapping[str, Any], ...] = ()


def functions_in(cell: str) -> tuple[str, ...]:
    """Return the names of the functions that a cell defines at its top, in order.

    Raises
    ------
    FunctionRefused
        If the cell is not Python.
    """
    return tuple(cell_source.definitions(cell_source.parse_cell(cell_source.tidy(cell))))


def portable(
    cell: str,
    name: str | None = None,
    *,
    first_line: int = 1,
    source_parameter: str | None = None,
    known_elsewhere: Mapping[str, str] | None = None,
    checks: Sequence[Mapping[str, Any]] = (),
) -> PortableFunction:
    """Build a portable function from a cell.

    Parameters
    ----------
    cell : str
        The text of the cell.
    name : str, optional
        Which function; needed where the cell has several that nothing else in it uses.
    first_line : int
        The number of the text's first line, for messages and tracebacks.
    source_parameter : str, optional
        The parameter that receives the downloaded file of an ingestion.
    known_elsewhere : mapping, optional
        Names the notebook knows beyond this cell, with the import or definition that makes them.
    checks : sequence of mapping
        Checks of the outputs, as `session.check_files.read_checks` returns them. They run where the function runs.

    Raises
    ------
    FunctionRefused
        If it cannot travel; the message says why and on which line.
    """
    shift, text = first_line - 1, cell_source.tidy(cell)
    tree = cell_source.parse_cell(text, shift)
    statements = statements_of(tree)
    node = cell_source.select_function(tree, statements, name, shift)
    cell_source.check_signature(node, shift)
    parameters = _parameters(node, text)
    if source_parameter and not node.args.kwarg and source_parameter not in {p.name for p in parameters}:
        has = ", ".join(p.name for p in parameters)
        raise FunctionRefused(f"{node.name}() has no parameter `{source_parameter}`.", f"Its parameters are {has}.")
    kept = _kept(text, statements, closure(statements, node.name), node.name, shift, known_elsewhere or {})
    modules = modules_of(kept)
    glue: dict[str, Any] = {
        "source": kept,
        "name": node.name,
        "first_line": first_line,
        "filename": f"<cell {node.name}>",
        "source_parameter": source_parameter,
        **({"modules": modules} if modules else {}),
        **({"checks": [dict(check) for check in checks]} if checks else {}),
    }
    return _function(node, kept, parameters, glue)


def portable_from(func: Callable[..., Any], checks: Sequence[Mapping[str, Any]] = ()) -> PortableFunction:
    """Build a portable function from a live function and the source code of its cell or module.

    Parameters
    ----------
    func : callable
    checks : sequence of mapping
        Checks of the outputs, as for `portable`.

    Raises
    ------
    FunctionRefused
        If it is not portable, if its source code is not available, or if it is a job without outputs to check.
    """
    if getattr(func, "__module__", "").startswith(f"{jobs.__name__}.") and func.__name__ in jobs.__all__:
        return _portable_job(func, checks)
    function = plain_function(func)
    text, elsewhere = source_around(function)
    return portable(text, function.__name__, known_elsewhere=elsewhere, checks=checks)


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
        cell_source.reject_relative_imports(statement.node, shift)
        obstruction = obstacle(statement.node, found.names, imports)
        if obstruction:
            raise cell_source.obstructed(obstruction, name, shift)
    if found.missing:
        raise missing_names(name, found, elsewhere, shift)
    going = {id(statement.node) for statement in found.statements}
    dropped = [s.node for s in statements if id(s.node) not in going and not cell_source.always_stays(s.node)]
    return cell_source.require_compilable(cell_source.blanked(text, dropped), shift)


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
        f"{jobs.runtime_source()}_CELL = {dict(glue)!r}\n\n\n"
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
        modules={name: str(each["source"]) for name, each in glue.get("modules", {}).items()},
        checks=tuple(glue.get("checks", ())),
    )


def _portable_job(func: Callable[..., Any], checks: Sequence[Mapping[str, Any]]) -> PortableFunction:
    doc, source, entry = (func.__doc__ or "").partition("\n")[0] or None, jobs.runtime_source(), func.__name__
    if checks:
        if func is not jobs.stage:
            raise FunctionRefused(f"{func.__name__}() has no output to check.", "Leave the checks out.")
        cell = {"name": entry, "filename": f"<{entry}>", "checks": [dict(check) for check in checks]}
        source += f"_CELL = {cell!r}\n\n\ndef {_ENTRY}(**kwargs):\n    return _run_task(_CELL, stage, kwargs)\n"
        entry = _ENTRY
    return PortableFunction(
        func.__name__, source, entry, "", (), True, _digest(source), doc, checks=tuple(dict(check) for check in checks)
    )


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
