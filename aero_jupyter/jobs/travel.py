"""The text of this room, as one piece that needs none of its modules."""

from __future__ import annotations

import ast
import functools

#: In an order in which each needs only those before it.
_ROOMS = (
    "outputs",
    "line",
    "web",
    "names",
    "charset",
    "body",
    "tokens",
    "server",
    "transfer",
    "source",
    "pull",
    "versions",
    "inputs",
    "results",
    "cells",
    "run",
    "printed",
    "once",
    "commit",
)
_FUTURE = "from __future__ import annotations\n"


@functools.cache
def text() -> str:
    """Give the source that is put in front of every registered function."""
    from importlib import resources

    folder = resources.files(__package__)
    return _FUTURE + "".join(_alone(folder.joinpath(f"{room}.py").read_text("utf-8")) for room in _ROOMS)


def _alone(source: str) -> str:
    """Leave out what only makes sense in a package: the docstring and the imports of its neighbours."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if _stays_behind(node):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "".join(lines).strip() + "\n\n\n"


def _stays_behind(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in ("__future__", "aero_jupyter")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
