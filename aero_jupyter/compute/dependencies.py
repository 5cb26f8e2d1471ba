"""The dependencies of a function in its cell: the smallest set of statements that it needs to run elsewhere."""

from __future__ import annotations

import ast
import builtins
import copy
import symtable
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

#: Names that every module has; IPython adds names of its own to this process's builtins.
EVERYWHERE = frozenset(dir(builtins)) - {"get_ipython", "display", "__IPYTHON__", "_"} | {"__module__", "__qualname__"}
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = (*_DEFS, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MUTATORS = "add append clear discard extend insert pop popitem remove reverse setdefault sort update"


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell.

    Attributes
    ----------
    binds, needs : frozenset of str
        The names it makes, and those it must find.
    likes : frozenset of str
        The names in annotations of class bodies: a dataclass looks at them, nothing evaluates them.
    assigns : frozenset of str
        What its functions assign as ``global``.
    changes : frozenset of str
        The names whose objects it changes in place.
    """

    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]
    likes: frozenset[str]
    assigns: frozenset[str]
    changes: frozenset[str]


@dataclass(frozen=True)
class Closure:
    """The result of the analysis: the kept ``statements``, all needed ``names``, and those without a definition."""

    statements: tuple[Statement, ...]
    names: frozenset[str]
    missing: tuple[str, ...]


def statements_of(tree: ast.Module) -> tuple[Statement, ...]:
    """Analyse each statement at the top of a cell."""
    return tuple(_statement(node) for node in tree.body)


def closure(statements: Sequence[Statement], name: str) -> Closure:
    """Collect the statements that ``name`` needs, directly and indirectly."""
    stars = [s for s in statements if _is_star(s.node)]
    imported = {name for s in statements if is_import(s.node) for name in s.binds}
    bound = frozenset().union(*(s.binds for s in statements))
    names, kept, open_names = {name}, set[int](), [name]
    while open_names:
        wanted = open_names.pop()
        for index, statement in enumerate(statements):
            changed = wanted in statement.changes and wanted not in imported
            if index not in kept and (wanted in statement.binds or changed):
                kept.add(index)
                new = (statement.needs | (statement.likes & bound)) - names
                names |= new
                open_names += sorted(new)
    found = [s for index, s in enumerate(statements) if index in kept]
    made = EVERYWHERE.union(*(s.binds | s.assigns for s in found))
    needed = [n for s in found for n in sorted(s.needs) if n not in made]
    missing = () if stars else tuple(dict.fromkeys(needed))
    if needed and stars:
        found = [s for index, s in enumerate(statements) if index in kept or s in stars]
    return Closure(tuple(found), frozenset(names), missing)


def is_import(node: ast.stmt) -> bool:
    """Return whether a statement is an import."""
    return isinstance(node, (ast.Import, ast.ImportFrom))


def nested_statements(body: Collection[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements and those in their ``if``, ``try`` and ``with`` blocks, but not inside definitions."""
    for node in body:
        yield node
        if not isinstance(node, _DEFS):
            yield from nested_statements(inner_statements(node))


def inner_statements(node: ast.AST) -> list[ast.stmt]:
    """Return the statements directly inside a compound statement."""
    found: list[ast.stmt] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            found.append(child)
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            found += inner_statements(child)
    return found


def bound_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that running this node binds in the enclosing scope."""
    if isinstance(node, _DEFS):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, _COMPREHENSIONS):
        yield from (n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
    elif not isinstance(node, ast.Lambda) and not (isinstance(node, ast.AnnAssign) and node.value is None):
        yield from _captured(node)
        for child in ast.iter_child_nodes(node):
            yield from bound_by(child)


def changed_by(node: ast.AST) -> Iterator[str]:
    """Yield the names whose objects running this node changes: ``x[k] = …``, ``x.k = …``, ``x.append(…)``."""
    if isinstance(node, _SCOPES):
        return
    if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        yield from _root(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS.split():
        yield from _root(node.func)
    for child in ast.iter_child_nodes(node):
        yield from changed_by(child)


def _statement(node: ast.stmt) -> Statement:
    # Python's symbol tables decide which names are free; names in annotations must not count.
    bare = _WithoutAnnotations().visit(copy.deepcopy(node))
    table = symtable.symtable(ast.unparse(bare), "<cell>", "exec")
    binds = frozenset(bound_by(node))
    # The variables of an inlined comprehension (3.12) appear among the names of the module.
    inlined = {s.get_name() for s in table.get_symbols() if s.is_assigned()} - binds
    top = {s.get_name() for s in table.get_symbols() if s.is_referenced()} - inlined
    inner = [s for child in table.get_children() for s in _global_symbols(child)]
    return Statement(
        node=node,
        binds=binds,
        needs=frozenset(top | {s.get_name() for s in inner if s.is_referenced()}),
        likes=frozenset(_class_annotations(node)),
        assigns=frozenset(s.get_name() for s in inner if s.is_assigned()),
        changes=frozenset(changed_by(node)),
    )


def _global_symbols(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    yield from (symbol for symbol in table.get_symbols() if symbol.is_global())
    for child in table.get_children():
        yield from _global_symbols(child)


def _class_annotations(node: ast.AST) -> Iterator[str]:
    for definition in ast.walk(node):
        if isinstance(definition, ast.ClassDef):
            fields = [item.annotation for item in definition.body if isinstance(item, ast.AnnAssign)]
            yield from (name.id for field in fields for name in ast.walk(field) if isinstance(name, ast.Name))


def _captured(node: ast.AST) -> Iterator[str]:
    name = node.rest if isinstance(node, ast.MatchMapping) else None
    if isinstance(node, (ast.MatchAs, ast.MatchStar)):
        name = node.name
    if name:
        yield name


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_star(node: ast.stmt) -> bool:
    imports = [inner for inner in ast.walk(node) if isinstance(inner, ast.ImportFrom)]
    return any(alias.name == "*" for inner in imports for alias in inner.names)


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        bare = ast.Assign([node.target], node.value, lineno=node.lineno)
        return self.generic_visit(bare)
