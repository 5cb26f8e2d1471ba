"""What a function surely returns, read off its text; what is not sure is left open."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aero_jupyter.jobs.results import kind_of

#: What of a table is a table, a column or a number, and never several things by name.
_KEEPS = frozenset({
    "assign", "astype", "bfill", "clip", "copy", "cumsum", "diff", "drop", "drop_duplicates", "dropna", "ewm",
    "expanding", "ffill", "fillna", "head", "interpolate", "join", "max", "mean", "median", "melt", "merge",
    "min", "pivot", "query", "rename", "replace", "reset_index", "rolling", "round", "sample", "select_dtypes",
    "set_index", "shift", "sort_index", "sort_values", "std", "sum", "tail", "var",
})  # fmt: skip
_MAKES = frozenset({"DataFrame", "concat", "crosstab", "json_normalize", "merge", "pivot_table"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Returned:
    """What one ``return`` gives.

    Attributes
    ----------
    names : tuple of str
        The outputs, where each is named.
    single : bool
        Whether it is one thing without a name.
    wrong : str
        What it is, where that is never an output.
    """

    names: tuple[str, ...] = ()
    single: bool = False
    wrong: str = ""

    def suits(self, outputs: Collection[str]) -> bool:
        """Whether a flow with these outputs takes it."""
        if self.wrong:
            return False
        return len(outputs) == 1 if self.single else sorted(self.names) == sorted(outputs)


def returned_by(node: ast.FunctionDef, text: ast.Module) -> list[Returned | None]:
    """Tell what each ``return`` of a function gives that gives something; None for what is not sure."""
    parameters = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    read = _Reader(_pandas(text) - parameters, _assigned(node))
    found = [read.returned(value) for value in _values(node)]
    return [each for each in found if each is None or each != Returned()]


def _values(node: ast.FunctionDef) -> Iterator[ast.expr]:
    for each in _own(node):
        if isinstance(each, ast.Return) and each.value is not None:
            yield from (value for value in _branches(each.value) if not _is_none(value))


def _branches(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _branches(value.body)
        yield from _branches(value.orelse)
    else:
        yield value


def _own(node: ast.FunctionDef) -> Iterator[ast.AST]:
    """Give what stands in a function, but not in the functions in it."""
    inner: list[ast.AST] = list(reversed(node.body))
    while inner:
        each = inner.pop()
        yield each
        if not isinstance(each, _SCOPES):
            inner += reversed(list(ast.iter_child_nodes(each)))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


class _Reader:
    """Reads expressions of one function.

    Parameters
    ----------
    pandas : collection of str
        The names that pandas has in the text.
    assigned : mapping
        Each name that is made by plain assignments only, and what it is assigned.
    """

    def __init__(self, pandas: Collection[str], assigned: Mapping[str, Sequence[ast.expr]]) -> None:
        self._pandas = pandas
        self._assigned = assigned

    def returned(self, value: ast.expr) -> Returned | None:
        """Tell what a returned expression is."""
        if isinstance(value, ast.Dict):
            return self._of_dict(value)
        if isinstance(value, (ast.Tuple, ast.List)):
            return self._of_list(value.elts)
        if _is_output(value):
            return self._of_list([value])
        wrong = _never_output(value)
        if wrong:
            return Returned(wrong=wrong)
        return Returned(single=True) if self._is_single(value, frozenset()) else None

    def _of_dict(self, value: ast.Dict) -> Returned | None:
        pairs = list(zip(value.keys, value.values, strict=True))
        for key, each in pairs:
            wrong = "a NoneType" if _is_none(each) else _never_output(each)
            if wrong and isinstance(key, ast.Constant):
                return Returned(wrong=f"{wrong} as {key.value!s}")
        names = [str(key.value) for key, _ in pairs if isinstance(key, ast.Constant)]
        return Returned(tuple(dict.fromkeys(names))) if len(names) == len(pairs) else None

    def _of_list(self, parts: Sequence[ast.expr]) -> Returned | None:
        for each in parts:
            wrong = "a NoneType" if _is_none(each) else _never_output(each)
            if wrong or self._is_single(each, frozenset()):
                return Returned(wrong=f"a list with {wrong or 'something'} that has no output's name")
        names = [name for each in parts if (name := _name_of(each)) is not None]
        return Returned(tuple(names)) if len(names) == len(parts) else None

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
        of, what = value.func.value, value.func.attr
        if isinstance(of, ast.Name) and of.id in self._pandas:
            return what in _MAKES or (what.startswith("read_") and what != "read_html" and len(value.args) == 1)
        return what in _KEEPS and (self._is_frame(of, assumed) or self._is_table(of, assumed))


def _is_output(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    return "AeroOutput" in (getattr(value.func, "id", ""), getattr(value.func, "attr", ""))


def _name_of(value: ast.expr) -> str | None:
    """Give the name of an output, where it is written out."""
    if not (isinstance(value, ast.Call) and _is_output(value)):
        return None
    named = [keyword.value for keyword in value.keywords if keyword.arg == "name"]
    first = next(iter([*value.args, *named]), None)
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _never_output(value: ast.expr) -> str:
    """Say what a literal is that is neither a table nor a path; nothing where it may be one."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return "a bool"
    if isinstance(value, ast.UnaryOp):
        return _never_output(value.operand)
    if isinstance(value, ast.Constant) and not isinstance(value.value, str) and value.value is not None:
        return kind_of(value.value)
    kinds = {ast.Set: "a set", ast.SetComp: "a set", ast.GeneratorExp: "a generator", ast.Lambda: "a function"}
    return kinds.get(type(value), "")


def _pandas(text: ast.Module) -> set[str]:
    imports = [alias for node in ast.walk(text) if isinstance(node, ast.Import) for alias in node.names]
    return {alias.asname or alias.name for alias in imports if alias.name == "pandas"}


def _assigned(node: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """Give what is assigned to each name that nothing else makes."""
    made: dict[str, list[ast.expr]] = {}
    plain = set[int]()
    for each in _own(node):
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
