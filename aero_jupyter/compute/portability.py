"""The portability of statements: imports, definitions and simple constants are portable, computed values are not."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aero_jupyter.compute.dependencies import Statement, bound_by, changed_by, inner_statements, is_import

_BUILTINS = """
    abs bool bytes complex dict divmod enumerate float frozenset int len list max min object pow range
    repr reversed round set slice sorted str sum tuple zip
"""
_MAKERS = """
    re.compile datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    zoneinfo.ZoneInfo pathlib.Path pathlib.PurePath pathlib.PurePosixPath decimal.Decimal fractions.Fraction
    uuid.UUID collections.namedtuple collections.OrderedDict collections.defaultdict collections.Counter
    collections.deque types.SimpleNamespace types.MappingProxyType typing.TypeVar typing.NewType
    typing.NamedTuple functools.partial operator.itemgetter operator.attrgetter logging.getLogger
"""
_METHODS = """
    capitalize casefold copy encode endswith format get index items join keys lower lstrip partition replace
    rstrip split splitlines startswith strip title union upper values
"""
_PURE_BUILTINS, _PURE_MAKERS, _PURE_METHODS = (frozenset(words.split()) for words in (_BUILTINS, _MAKERS, _METHODS))
_BLOCKS = {ast.For: "a loop", ast.While: "a loop", ast.With: "a with block", ast.Match: "a match"}


@dataclass(frozen=True)
class Obstacle:
    """A name that is not portable: ``verb`` ("made" or "changed"), ``by`` what, on ``line``."""

    name: str
    verb: str
    by: str
    line: int


def imports_of(statements: Sequence[Statement]) -> dict[str, str]:
    """Map each imported name of a cell to its full name: ``{"td": "datetime.timedelta"}``."""
    found: dict[str, str] = {}
    for statement in statements:
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Import):
                plain = {a.asname or a.name.partition(".")[0]: a.name if a.asname else "" for a in node.names}
                found |= {name: full or name for name, full in plain.items()}
            elif isinstance(node, ast.ImportFrom):
                found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def obstacle(node: ast.stmt, names: Collection[str], imports: Mapping[str, str]) -> Obstacle | None:
    """Find the reason why a statement that binds or changes some of ``names`` is not portable; None if it is."""
    name, verb = _concern(node, names, imports)
    if name is None or is_import(node) or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return None
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        part = _computed(node.value, imports) if node.value else None
        return Obstacle(name, verb, _kind(part), part.lineno) if part else None
    if isinstance(node, (ast.If, ast.Try, ast.With)):
        inner = (obstacle(child, names, imports) for child in inner_statements(node))
        blocked = next((found for found in inner if found), None)
        if blocked or not _opens(node, names):
            return blocked
    if type(node).__name__ == "TypeAlias":
        return None
    by = "a call" if isinstance(node, ast.Expr) else _BLOCKS.get(type(node), "code")
    return Obstacle(name, verb, by, node.lineno)


def _concern(node: ast.stmt, names: Collection[str], imports: Mapping[str, str]) -> tuple[str | None, str]:
    # A loop that fills a dict also binds its loop variable, which is not the cause to report.
    changed = [name for name in changed_by(node) if name in names and name not in imports]
    if changed:
        return changed[0], "changed"
    return next((name for name in bound_by(node) if name in names), None), "made"


def _opens(node: ast.stmt, names: Collection[str]) -> bool:
    items = node.items if isinstance(node, ast.With) else ()
    return any(name in names for item in items for name in bound_by(item))


def _computed(node: ast.expr, imports: Mapping[str, str]) -> ast.expr | None:
    """Find the first part of an expression that is more than constants put together."""
    if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
        return node
    if isinstance(node, ast.Call) and not _is_side_effect_free_call(node.func, imports):
        return node
    if isinstance(node, ast.Lambda):
        return None
    parts = (_computed(part, imports) for part in _parts(node))
    return next((part for part in parts if part), None)


def _parts(node: ast.AST) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, (ast.keyword, ast.comprehension)):
            yield from _parts(child)


def _is_side_effect_free_call(called: ast.expr, imports: Mapping[str, str]) -> bool:
    if isinstance(called, ast.Name) and called.id in _PURE_BUILTINS and called.id not in imports:
        return True
    root, full = _dotted(called, imports)
    if full in _PURE_MAKERS or full.startswith("math."):
        return True
    return isinstance(called, ast.Attribute) and called.attr in _PURE_METHODS and root not in imports


def _dotted(node: ast.expr, imports: Mapping[str, str]) -> tuple[str, str]:
    """Return the root name of an expression and its full dotted name; both are empty if the expression is no name."""
    if isinstance(node, ast.Name):
        return node.id, imports.get(node.id, "")
    if isinstance(node, ast.Attribute):
        root, full = _dotted(node.value, imports)
        return root, f"{full}.{node.attr}" if full else ""
    if isinstance(node, (ast.Call, ast.Subscript)):
        return _dotted(node.func if isinstance(node, ast.Call) else node.value, imports)[0], ""
    return "", ""


def _kind(node: ast.expr) -> str:
    return "a call" if isinstance(node, (ast.Call, ast.Await)) else "code"
