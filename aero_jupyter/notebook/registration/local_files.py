"""Local files that a function, or a module sent with it, opens by a relative path."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeGuard

from aero_jupyter.core.source_parsing import parse_source
from aero_jupyter.notebook.registration.constant_paths import called_name, constant_path, constants_of
from aero_jupyter.notebook.registration.findings import WARNING, Finding

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction

_OPENERS = frozenset({"open", "load", "loadtxt", "genfromtxt", "fromfile", "ExcelFile"})
_CURE = "Put the needed values into the code, or register the file as a source and use it as an input."


def check_local_files(function: PortableFunction) -> list[Finding]:
    """Return a warning for each existing local file that the code opens and that the endpoint will not have."""
    findings = []
    for name, source in {"": function.cell, **function.modules}.items():
        where = f"`{name}`" if name else f"{function.name}()"
        tree = parse_source(source)
        nodes = [node for node in tree.body if name or getattr(node, "name", "") == function.name]
        for path, line in dict(_local_file_reads(nodes, constants_of(tree))).items():
            at = f"{name.replace('.', '/')}.py, line {line}" if name else f"line {line}"
            message = f"{where} opens {path} ({at}), which is not sent with the function."
            findings.append(Finding(WARNING, "function", message, _CURE))
    return findings


def _local_file_reads(nodes: list[ast.stmt], constants: Mapping[str, ast.expr]) -> Iterator[tuple[str, int]]:
    inside = [each for top in nodes for each in ast.walk(top) if isinstance(each, ast.expr)]
    written = {id(each.func.value) for each in inside if isinstance(each, ast.Call) and _is_write_method(each.func)}
    for node in inside:
        path = _path_of(node, constants) if id(node) not in written else None
        # A file that is not here may be one that the function writes itself.
        if path is not None and _exists_here(path):
            yield path, node.lineno


def _path_of(node: ast.expr, constants: Mapping[str, ast.expr]) -> str | None:
    """Return the path that an expression opens or builds with ``/``, if all its parts are constant."""
    if isinstance(node, ast.Call) and called_name(node) in ("Path", "joinpath"):
        return constant_path(node, constants)
    if isinstance(node, ast.Call) and _opens(node) and node.args:
        return constant_path(node.args[0], constants)
    return constant_path(node, constants) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else None


def _is_write_method(func: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(func, ast.Attribute) and func.attr.startswith("write_")


def _opens(call: ast.Call) -> bool:
    name = called_name(call)
    if name not in _OPENERS and not name.startswith("read_"):
        return False
    mode = next((each.value for each in call.keywords if each.arg == "mode"), None)
    mode = call.args[1] if name == "open" and len(call.args) > 1 else mode
    return not (isinstance(mode, ast.Constant) and isinstance(mode.value, str) and mode.value[:1] in ("w", "x"))


def _exists_here(path: str) -> bool:
    return not os.path.isabs(path) and "\0" not in path and os.path.isfile(path)
