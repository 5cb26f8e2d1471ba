"""Static analysis of the results of a function; uncertain cases are left open."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aero_jupyter.core.name_rules import normal_name
from aero_jupyter.jobs.upload import kind_of

#: Methods of a table that return a table, a column or a number.
_TABLE_METHODS = frozenset({
    "assign", "astype", "bfill", "clip", "copy", "cumsum", "diff", "drop", "drop_duplicates", "dropna", "ewm",
    "expanding", "ffill", "fillna", "head", "interpolate", "join", "max", "mean", "median", "melt", "merge",
    "min", "pivot", "query", "rename", "replace", "reset_index", "rolling", "round", "sample", "select_dtypes",
    "set_index", "shift", "sort_index", "sort_values", "std", "sum", "tail", "var",
})  # fmt: skip
_TABLE_FACTORIES = frozenset({"DataFrame", "concat", "crosstab", "json_normalize", "merge", "pivot_table"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class ReturnShape:
    """Shape of one ``return``.

    Attributes
    ----------
    names : tuple of str
        The names of the outputs, if each is named.
    single : bool
        Whether it is one result without a name.
    wrong : str
        A description of a result that is never an output.
    """

    names: tuple[str, ...] = ()
    single: bool = False
    wrong: str = ""

    def suits(self, outputs: Collection[str]) -> bool:
        """Return whether a flow with these outputs accepts the result."""
        if self.wrong:
            return False
        return len(outputs) == 1 if self.single else sorted(self.names) == sorted(outputs)


def returned_by(node: ast.FunctionDef, text: ast.Module) -> list[ReturnShape | None]:
    """Return the shape of each ``return`` with a value; None for uncertain ones."""
    parameters = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    read = _Reader(_pandas(text) - parameters, _assigned(node))
    found = [read.returned(value) for value in _values(node)]
    return [each for each in found if each is None or each != ReturnShape()]


def _values(node: ast.FunctionDef) -> Iterator[ast.expr]:
    for each in _own_nodes(node):
        if isinstance(each, ast.Return) and each.value is not None:
            yield from (value for value in _branches(each.value) if not _is_none(value))


def _branches(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _branches(value.body)
        yield from _branches(value.orelse)
    else:
        yield value


def _own_nodes(node: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function, but not those of functions inside it."""
    inner: list[ast.AST] = list(reversed(node.body))
    while inner:
        each = inner.pop()
        yield each
        if not isinstance(each, _SCOPES):
            inner += reversed(list(ast.iter_child_nodes(each)))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


class _Reader:
    """Analysis of the expressions of one function.

    Parameters
    ----------
    pandas : collection of str
        The names under which the source imports pandas.
    assigned : mapping
        Name to assigned expressions, for names that only plain assignments define.
    """

    def __init__(self, pandas: Collection[str], assigned: Mapping[str, Sequence[ast.expr]]) -> None:
        self._pandas = pandas
        self._assigned = assigned

    def returned(self, value: ast.expr) -> ReturnShape | None:
        """Return the shape of a returned expression."""
        if isinstance(value, ast.Dict):
            return self._dict_shape(value)
        if isinstance(value, (ast.Tuple, ast.List)):
            return self._list_shape(value.elts)
        if _is_output(value):
            return self._list_shape([value])
        wrong = _describe_non_output(value)
        if wrong:
            return ReturnShape(wrong=wrong)
        return ReturnShape(single=True) if self._is_single(value, frozenset()) else None

    def _dict_shape(self, value: ast.Dict) -> ReturnShape | None:
        pairs = list(zip(value.keys, value.values, strict=True))
        for key, each in pairs:
            wrong = "a NoneType" if _is_none(each) else _describe_non_output(each)
            if wrong and isinstance(key, ast.Constant):
                return ReturnShape(wrong=f"{wrong} as {key.value!s}")
        names = [normal_name(str(key.value)) for key, _ in pairs if isinstance(key, ast.Constant)]
        return ReturnShape(tuple(dict.fromkeys(names))) if len(names) == len(pairs) else None

    def _list_shape(self, parts: Sequence[ast.expr]) -> ReturnShape | None:
        for each in parts:
            wrong = "a NoneType" if _is_none(each) else _describe_non_output(each)
            if wrong or self._is_single(each, frozenset()):
                return ReturnShape(wrong=f"a list with {wrong or 'something'} that has no output's name")
        names = [name for each in parts if (name := _name_of(each)) is not None]
        return ReturnShape(tuple(names)) if len(names) == len(parts) else None

    def _is_single(self, value: ast.expr, assumed: frozenset[str]) -> bool:
        if isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            return True
        if isinstance(value, ast.Name):
            makers = self._assigned.get(value.id, ())
            more = assumed | {value.id}
            return bool(makers) and all(value.id in assumed or self._is_single(each, more) for each in makers)
        return self._is_table(value, assumed)

    def _is_table(self, value: ast.expr, assumed: frozenset[str]) -> bool:
        if isinstance(value, ast.Subscript):
            plain = isinstance(value.slice, (ast.List, ast.Compare, ast.Constant))
            return plain and not isinstance(value.value, ast.Subscript) and self._is_frame(value.value, assumed)
        return isinstance(value, ast.Call) and self._is_frame(value, assumed)

    def _is_frame(self, value: ast.expr, assumed: frozenset[str]) -> bool:
        if isinstance(value, ast.Name):
            return self._is_single(value, assumed)
        if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
            return False
        if {"inplace", "sheet_name", None} & {keyword.arg for keyword in value.keywords}:
            return False
        owner, method = value.func.value, value.func.attr
        if isinstance(owner, ast.Name) and owner.id in self._pandas:
            return method in _TABLE_FACTORIES or (
                method.startswith("read_") and method != "read_html" and len(value.args) == 1
            )
        return method in _TABLE_METHODS and (self._is_frame(owner, assumed) or self._is_table(owner, assumed))


def _is_output(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    return "AeroOutput" in (getattr(value.func, "id", ""), getattr(value.func, "attr", ""))


def _name_of(value: ast.expr) -> str | None:
    """Return the name of an output, if it is written out."""
    if not (isinstance(value, ast.Call) and _is_output(value)):
        return None
    named = [keyword.value for keyword in value.keywords if keyword.arg == "name"]
    first = next(iter([*value.args, *named]), None)
    return normal_name(first.value) if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _describe_non_output(value: ast.expr) -> str:
    """Return a description of a literal that is neither a table nor a path; an empty string if it may be one."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return "a bool"
    if isinstance(value, ast.UnaryOp):
        return _describe_non_output(value.operand)
    if isinstance(value, ast.Constant) and not isinstance(value.value, str) and value.value is not None:
        return kind_of(value.value)
    kinds = {ast.Set: "a set", ast.SetComp: "a set", ast.GeneratorExp: "a generator", ast.Lambda: "a function"}
    return kinds.get(type(value), "")


def _pandas(text: ast.Module) -> set[str]:
    imports = [alias for node in ast.walk(text) if isinstance(node, ast.Import) for alias in node.names]
    return {alias.asname or alias.name for alias in imports if alias.name == "pandas"}


def _assigned(node: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """Return the expressions assigned to each name that nothing else defines."""
    made: dict[str, list[ast.expr]] = {}
    plain = set[int]()
    for each in _own_nodes(node):
        target = each.targets[0] if isinstance(each, ast.Assign) and len(each.targets) == 1 else None
        if isinstance(each, ast.Assign) and isinstance(target, ast.Name):
            made.setdefault(target.id, []).append(each.value)
            plain.add(id(target))
    otherwise = {name for each in ast.walk(node) if id(each) not in plain for name in _binds(each)}
    return {name: values for name, values in made.items() if name not in otherwise}


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
