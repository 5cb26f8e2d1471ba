"""Functions that exist in this process: their source code, and the origin of the names that they use."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from aero_jupyter.compute.dependencies import Closure
from aero_jupyter.compute.local_modules import refusal_of
from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.surface_text import SurfaceText

_ALIASES = {
    "AeroOutput": "from aero_jupyter import AeroOutput",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
}


def plain_function(func: Callable[..., Any]) -> types.FunctionType:
    """Return the function beneath its decorators.

    Raises
    ------
    FunctionRefused
        If it is anything else than a function at the top of a cell or module.
    """
    if isinstance(func, types.MethodType):
        raise FunctionRefused(f"{func.__name__}() is a method.", "Register a function that calls it.")
    function = inspect.unwrap(func)
    name = getattr(function, "__name__", type(func).__name__)
    if not isinstance(function, types.FunctionType):
        raise FunctionRefused(f"{name} is not a function written in Python.", "Register a function that calls it.")
    if name == "<lambda>":
        raise FunctionRefused("This function is a lambda.", "Write it as def name(parameter): ….")
    if "<locals>" in function.__qualname__ or function.__code__.co_freevars:
        around = function.__qualname__.partition(".")[0]
        raise FunctionRefused(f"{name}() is defined inside {around}().", "Define it at the top of a cell or module.")
    if "." in function.__qualname__:
        raise FunctionRefused(f"{name}() is a method.", "Register a function that calls it.")
    return function


def source_around(function: types.FunctionType) -> tuple[str, dict[str, str]]:
    """Return the source code of the cell or module around a function, and the statements that define its globals.

    Raises
    ------
    FunctionRefused
        If the source code is not available.
    """
    lines = linecache.getlines(function.__code__.co_filename, function.__globals__)
    if not lines:
        message = f"The text of {function.__name__}() is not to be found."
        raise FunctionRefused(message, "Define it in a cell or in a file.")
    return "".join(lines), known_elsewhere(function.__globals__)


def missing_names(name: str, found: Closure, elsewhere: Mapping[str, str], shift: int) -> FunctionRefused:
    """Return the error for names that a function uses and its cell does not define, with the cure for each."""
    missing = found.missing
    line = min((n.lineno + shift for s in found.statements for n in _uses(s.node, missing)), default=None)
    if "get_ipython" in missing:
        message = f"Line {line} is a notebook magic, which an endpoint does not have."
        return FunctionRefused(message, "Put it in a cell of its own.", line=line)
    refused = next((why for n in missing if (why := refusal_of(_import_of(n, elsewhere)))), None)
    if refused:
        return FunctionRefused(refused.message, refused.cure, line=line)
    makers = {n: statement for n in missing if (statement := maker_of(n, elsewhere))}
    lacking = [f"`{n}`" for n in missing if n not in makers]
    all_imports = not lacking and all(
        statement_text.startswith(("import ", "from ")) for statement_text in makers.values()
    )
    verb = "import" if all_imports else "define"
    cure = f"Put {_listed([f'`{statement}`' for statement in makers.values()])} in the cell." if makers else ""
    if lacking:
        words, them = "it" if len(missing) == 1 else _listed(lacking), "it" if len(lacking) == 1 else "them"
        start = f"{cure} Put {words} in the cell, or".lstrip()
        fixed = "make it a parameter with a fixed value" if them == "it" else "make them parameters with fixed values"
        cure = SurfaceText(f"{start} pass {them} as --kwarg.", f"{start} {fixed}.")
    message = f"{name}() uses {_listed([f'`{n}`' for n in missing])}, which this cell does not {verb}."
    return FunctionRefused(message, cure, line=line)


def _uses(node: ast.AST, names: tuple[str, ...]) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in names]


def maker_of(name: str, elsewhere: Mapping[str, str]) -> str | None:
    """Return what makes a name, as the notebook has it or as everybody imports it; no import that cannot be used."""
    statement_text = elsewhere.get(name) or _guess(name)
    return None if refusal_of(_import_of(name, elsewhere)) else statement_text


def _import_of(name: str, elsewhere: Mapping[str, str]) -> str:
    statement_text = elsewhere.get(name) or _guess(name) or ""
    return statement_text if statement_text.startswith(("import ", "from ")) else ""


def _guess(name: str) -> str | None:
    return _ALIASES.get(name) or (f"import {name}" if name in sys.stdlib_module_names else None)


def known_elsewhere(names: Mapping[str, Any]) -> dict[str, str]:
    """Return the statement that defines each name of a notebook or module: an import, or the head of a definition."""
    return {name: statement_text for name, value in names.items() if (statement_text := _maker_of(name, value))}


def _maker_of(name: str, value: object) -> str | None:
    if isinstance(value, types.ModuleType):
        return f"import {name}" if value.__name__ == name else f"import {value.__name__} as {name}"
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        module, own = value.__module__, value.__name__
        if module and module not in ("__main__", "builtins") and own.isidentifier():
            return f"from {module} import {own}" + ("" if own == name else f" as {name}")
        if module == "__main__" and own == name:
            return f"class {own}: …" if isinstance(value, type) else f"def {own}(…): …"
    return None


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
