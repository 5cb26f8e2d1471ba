"""The functions of this kernel: which there are, and the text of each that travels."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from aero_jupyter.compute import cells
from aero_jupyter.compute.closure import closure, statements_of
from aero_jupyter.compute.live import known_elsewhere, maker_of, plain_function, source_around
from aero_jupyter.core.errors import FunctionRefused

_MAGIC_LINE = re.compile(r"\s*%%[^\n]*(?:\n|\Z)")


def functions_of(shell: Any) -> dict[str, str]:
    """Give the functions that the cells of this kernel defined, newest first: name to the text that travels."""
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


def bodies_of(shell: Any) -> list[str]:
    """Give what the cells of a kernel ran as Python, newest first: without their magics' own lines."""
    kept_cells = getattr(getattr(shell, "history_manager", None), "input_hist_raw", ())
    return [body for cell in reversed(list(kept_cells)) if (body := _body(str(cell)))]


def name_in(text: str) -> str:
    """Give the name of the function that a text is about; one that is half typed has that of its last ``def``.

    Raises
    ------
    FunctionRefused
        If it has none, or more than one could be meant.
    """
    try:
        tree = cells.parsed(cells.tidy(text))
    except FunctionRefused:
        begun = re.findall(r"^[ \t]*def[ \t]+(\w+)", text, re.MULTILINE)
        if not begun:
            raise
        return str(begun[-1])
    return cells.chosen(tree, statements_of(tree), None, 0).name


def text_of(function: Callable[..., Any], shell: Any = None) -> tuple[str, str]:
    """Give the name of a function and the text of it that travels.

    Parameters
    ----------
    shell : InteractiveShell, optional
        Whose cells are looked through where Python itself does not know the text, as below ``%%time``.

    Raises
    ------
    FunctionRefused
        If it cannot travel, or its text cannot be found.
    """
    plain = plain_function(function)
    try:
        return plain.__name__, kept(source_around(plain)[0], plain.__name__)
    except FunctionRefused:
        text = _text_in(bodies_of(shell), plain.__name__, plain)
        if not text:
            raise
        return plain.__name__, text


def _text_here(name: str, function: types.FunctionType, bodies: Sequence[str]) -> str:
    try:
        own, text = text_of(function)
        return text if own == name else ""
    except FunctionRefused:
        return _text_in(bodies, name, function)


def _text_in(bodies: Sequence[str], name: str, function: types.FunctionType) -> str:
    return next((kept(body, name) for body in bodies if name in _names_in(body) and _makes(body, function)), "")


def _is_of_a_cell(name: str, value: object) -> bool:
    return isinstance(value, types.FunctionType) and (value.__module__, value.__name__) == ("__main__", name)


def _makes(body: str, function: types.FunctionType) -> bool:
    """Whether running a text makes that function; a decorator may stand before it, which hides what it is."""
    code = inspect.unwrap(function).__code__
    try:
        whole = compile(cells.tidy(body), "<cell>", "exec", dont_inherit=True)
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
        return tuple(cells.definitions(cells.parsed(cells.tidy(body))))
    except FunctionRefused:
        return ()


@functools.lru_cache(maxsize=1024)
def kept(cell: str, name: str) -> str:
    """Give what a function needs of its cell, and nothing else."""
    text = cells.tidy(cell)
    tree = cells.parsed(text)
    found = closure(statements_of(tree), name)
    parts = [_segment(text, statement.node) for statement in found.statements]
    head = [_segment(text, node) for node in tree.body if _is_future(node) and _segment(text, node) not in parts]
    blocks = "\n".join([*head, *parts[:-1]])
    return f"{blocks}\n\n\n{parts[-1]}\n" if blocks else f"{parts[-1]}\n"


def missing_in(text: str, name: str) -> tuple[str, ...]:
    """Give the names that a function uses and its text does not have; none where the text cannot be read."""
    if _function_in(text, name) is None:
        return ()
    return closure(statements_of(cells.parsed(cells.tidy(text))), name).missing


def import_of(name: str, names: Mapping[str, Any]) -> str:
    """Give the import that makes a name; nothing where none is known."""
    made = maker_of(name, known_elsewhere(names))
    return made if made and made.startswith(("import ", "from ")) else ""


def with_import(text: str, statement: str) -> str:
    """Move an import into a text: above everything, but below what must come first."""
    tree = ast.parse(text)
    first = [node for node in tree.body if cells.always_stays(node)]
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
    """Give the parameters of a function, and whether each is required; None where the text cannot be read."""
    node = _function_in(text, name)
    if node is None:
        return None
    named, defaults = node.args.args, len(node.args.defaults)
    found = [(each.arg, at < len(named) - defaults) for at, each in enumerate(named)]
    return found + [
        (each.arg, default is None) for each, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    ]


def first_line(text: str, name: str) -> str:
    """Give the first line of a function's docstring."""
    node = _function_in(text, name)
    return ((ast.get_docstring(node) or "") if node else "").partition("\n")[0].strip()


def _function_in(text: str, name: str) -> ast.FunctionDef | None:
    try:
        tree = cells.parsed(cells.tidy(text))
    except FunctionRefused:
        return None
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return nodes[-1] if nodes else None
