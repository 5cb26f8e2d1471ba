"""Functions that are defined in this kernel, with the source code that is registered for each."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any  # IPython's objects, which have no types

from IPython.core.inputtransformer2 import TransformerManager

from aero_jupyter.compute import cell_source
from aero_jupyter.compute.dependencies import closure, statements_of
from aero_jupyter.compute.live_functions import known_elsewhere, maker_of, plain_function, source_around
from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.source_parsing import parse_source

_MAGIC_LINE = re.compile(r"\s*%%[^\n]*(?:\n|\Z)")


def functions_of(shell: Any) -> dict[str, str]:
    """Return the functions defined in cells, newest first: name to the source code that is registered."""
    if shell is None:
        return {}
    names, bodies = dict(shell.user_ns), bodies_of(shell)
    order = [name for body in bodies for name in reversed(_names_in(body))]
    order += [name for name, value in reversed(names.items()) if _is_of_a_cell(name, value)]
    found = {}
    for name in dict.fromkeys(order):
        function = names.get(name)
        if isinstance(function, types.FunctionType) and not name.startswith("_"):
            found[name] = _text_here(name, function, bodies)
    return {name: text for name, text in found.items() if text}


def bodies_of(shell: object) -> list[str]:
    """Return the Python code of the cells that ran, newest first, without the lines of magics."""
    kept_cells = getattr(getattr(shell, "history_manager", None), "input_hist_raw", ())
    return [body for cell in reversed(list(kept_cells)) if (body := _body(str(cell)))]


def function_name(text: str) -> str:
    """Return the name of the function in a text; of an incomplete text, that of its last ``def``.

    Raises
    ------
    FunctionRefused
        If there is none, or several.
    """
    try:
        tree = cell_source.parse_cell(cell_source.tidy(text))
    except FunctionRefused:
        begun = re.findall(r"^[ \t]*def[ \t]+(\w+)", text, re.MULTILINE)
        if not begun:
            raise
        return str(begun[-1])
    return cell_source.select_function(tree, statements_of(tree), None, 0).name


def text_of(function: Callable[..., Any], shell: object = None) -> tuple[str, str]:
    """Return the name of a function and the source code that is registered.

    Parameters
    ----------
    shell : InteractiveShell, optional
        The shell whose cells are searched if Python does not know the source, as below ``%%time``.

    Raises
    ------
    FunctionRefused
        If the function cannot run elsewhere, or its source is unknown.
    """
    plain = plain_function(function)
    try:
        return plain.__name__, needed_source(source_around(plain)[0], plain.__name__)
    except FunctionRefused:
        text = _text_in(bodies_of(shell), plain.__name__, plain)
        if not text:
            raise
        return plain.__name__, text


def _text_here(name: str, function: types.FunctionType, bodies: Sequence[str]) -> str:
    try:
        own_name, text = text_of(function)
        return text if own_name == name else ""
    except FunctionRefused:
        return _text_in(bodies, name, function)


def _text_in(bodies: Sequence[str], name: str, function: types.FunctionType) -> str:
    return next(
        (needed_source(body, name) for body in bodies if name in _names_in(body) and _makes(body, function)), ""
    )


def _is_of_a_cell(name: str, value: object) -> bool:
    return isinstance(value, types.FunctionType) and (value.__module__, value.__name__) == ("__main__", name)


def _makes(body: str, function: types.FunctionType) -> bool:
    """Return whether running a cell defines that function, possibly below a decorator."""
    code = inspect.unwrap(function).__code__
    try:
        whole = compile(cell_source.tidy(body), "<cell>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    made = [each for each in whole.co_consts if isinstance(each, CodeType)]
    return code.co_name not in [each.co_name for each in made] or _print(code) in map(_print, made)


def _print(code: CodeType) -> tuple[object, ...]:
    consts = tuple(_print(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts)
    return code.co_name, code.co_code, code.co_names, code.co_varnames, consts


@functools.lru_cache(maxsize=1024)
def _body(cell: str) -> str:
    while magic := _MAGIC_LINE.match(cell):
        cell = cell[magic.end() :]
    try:
        return TransformerManager().transform_cell(cell)
    except SyntaxError:
        return ""


@functools.lru_cache(maxsize=1024)
def _names_in(body: str) -> tuple[str, ...]:
    try:
        return tuple(cell_source.definitions(cell_source.parse_cell(cell_source.tidy(body))))
    except FunctionRefused:
        return ()


@functools.lru_cache(maxsize=1024)
def needed_source(cell: str, name: str) -> str:
    """Return the part of a cell that a function needs."""
    text = cell_source.tidy(cell)
    tree = cell_source.parse_cell(text)
    found = closure(statements_of(tree), name)
    parts = [_segment(text, statement.node) for statement in found.statements]
    head = [_segment(text, node) for node in tree.body if _is_future(node) and _segment(text, node) not in parts]
    blocks = "\n".join([*head, *parts[:-1]])
    return f"{blocks}\n\n\n{parts[-1]}\n" if blocks else f"{parts[-1]}\n"


def missing_in(text: str, name: str) -> tuple[str, ...]:
    """Return the names that a function uses and its text lacks; none if the text cannot be parsed."""
    if _function_in(text, name) is None:
        return ()
    return closure(statements_of(cell_source.parse_cell(cell_source.tidy(text))), name).missing


def import_of(name: str, names: Mapping[str, Any]) -> str:
    """Return the import that defines a name; an empty string if none is known."""
    made = maker_of(name, known_elsewhere(names))
    return made if made and made.startswith(("import ", "from ")) else ""


def with_import(text: str, statement: str) -> str:
    """Add an import to a source: at the top, but below the docstring and ``__future__``."""
    tree = parse_source(text)
    first = [node for node in tree.body if cell_source.always_stays(node)]
    lines = text.split("\n")
    at = max((node.end_lineno or 0 for node in first), default=0)
    blank = [] if at < len(lines) and lines[at].startswith(("import ", "from ")) else ["", ""]
    return "\n".join([*lines[:at], statement, *blank, *lines[at:]])


def _segment(text: str, node: ast.stmt) -> str:
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno])


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def parameters_of(text: str, name: str) -> list[tuple[str, bool]] | None:
    """Return the parameters of a function, and whether each is required; None if the text cannot be parsed."""
    node = _function_in(text, name)
    if node is None:
        return None
    named, defaults = node.args.args, len(node.args.defaults)
    found = [(each.arg, at < len(named) - defaults) for at, each in enumerate(named)]
    return found + [
        (each.arg, default is None) for each, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    ]


def defaults_of(text: str, name: str) -> dict[str, str]:
    """Return the defaults of a function's parameters, as code; empty if the text cannot be parsed."""
    node = _function_in(text, name)
    if node is None:
        return {}
    first = len(node.args.args) - len(node.args.defaults)
    pairs = [
        *zip(node.args.args[first:], node.args.defaults, strict=True),
        *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
    ]
    return {each.arg: ast.unparse(default) for each, default in pairs if default is not None}


def first_line(text: str, name: str) -> str:
    """Return the first line of a function's docstring."""
    node = _function_in(text, name)
    return ((ast.get_docstring(node) or "") if node else "").partition("\n")[0].strip()


def _function_in(text: str, name: str) -> ast.FunctionDef | None:
    try:
        tree = cell_source.parse_cell(cell_source.tidy(text))
    except FunctionRefused:
        return None
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return nodes[-1] if nodes else None
