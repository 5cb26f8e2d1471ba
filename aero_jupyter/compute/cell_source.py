"""The source code of a cell: parsing, finding its function, and blanking statements without moving lines."""

from __future__ import annotations

import ast
import re
import symtable
import textwrap
import warnings
from collections.abc import Iterator, Sequence

from aero_jupyter.compute.dependencies import Statement, nested_statements
from aero_jupyter.compute.portability import Obstacle
from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.name_rules import parameter_name
from aero_jupyter.core.source_parsing import parse_source
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.core.surface_text import SurfaceText

_MAGIC = re.compile(r"^\s*(%{1,2}[a-zA-Z]|!)|=\s*[%!]\s*\w|^[^#'\"]*\w\?{1,2}\s*$")
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)


def tidy(cell: str) -> str:
    """Return the cell with line feeds as line ends and without common indentation."""
    return textwrap.dedent(cell.replace("\r\n", "\n").replace("\r", "\n"))


def parse_cell(text: str, shift: int = 0) -> ast.Module:
    """Parse the cell; ``shift`` is added to the line numbers of what is raised.

    Raises
    ------
    FunctionRefused
        If it is not Python, or holds a notebook magic.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_source(text)
            symtable.symtable(text, "<cell>", "exec")  # reports errors that the parser accepts, with their line
            return tree
    except (SyntaxError, ValueError, RecursionError) as error:
        raise _unreadable(text, error, shift) from None


def definitions(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the functions at the top of a cell, each once."""
    found = (node.name for node in nested_statements(tree.body) if isinstance(node, _DEFS))
    yield from dict.fromkeys(found)


def select_function(tree: ast.Module, statements: Sequence[Statement], name: str | None, shift: int) -> ast.FunctionDef:
    """Find the function to register.

    Raises
    ------
    FunctionRefused
        If there is none, or more than one could be.
    """
    names = list(definitions(tree))
    wanted = parameter_name(name) if name else _only(names, statements)
    if wanted not in names:
        if wanted or not names:
            _refuse_lambda(tree, wanted, shift)
        if not names:
            raise FunctionRefused("This cell defines no function.", "Write one, as def name(parameter): ….")
        listed = ", ".join(names)
        if wanted:
            raise FunctionRefused(f"This cell defines no function `{wanted}`.", suggest(wanted, names))
        raise FunctionRefused(
            f"This cell defines {listed}.",
            SurfaceText("Choose one with --name.", "Leave one of them in the source code."),
        )
    nodes = [n for n in nested_statements(tree.body) if isinstance(n, _DEFS) and n.name == wanted]
    if isinstance(nodes[-1], ast.AsyncFunctionDef):
        line = nodes[-1].lineno + shift
        raise FunctionRefused(f"{wanted}() is async; an endpoint calls plain functions.", "Write def.", line=line)
    return nodes[-1]


def check_signature(node: ast.FunctionDef, shift: int) -> None:
    """Raise if a flow could not call the function.

    Raises
    ------
    FunctionRefused
        If it is a generator, or takes values by position only.
    """
    line, call = node.lineno + shift, f"{node.name}()"
    if any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in _own_nodes(node)):
        raise FunctionRefused(f"{call} is a generator; an endpoint waits for one result.", "Return it.", line=line)
    by_name = "A flow passes every value by name"
    if node.args.posonlyargs:
        taken = ", ".join(f"`{arg.arg}`" for arg in node.args.posonlyargs)
        raise FunctionRefused(f"{call} takes {taken} by position only.", f"{by_name}; remove the slash.", line=line)
    if node.args.vararg:
        taken = f"*{node.args.vararg.arg}"
        raise FunctionRefused(f"{call} takes {taken}.", f"{by_name}; write the parameters out.", line=line)


def reject_relative_imports(node: ast.stmt, shift: int) -> None:
    """Raise if an import only works inside a package.

    Raises
    ------
    FunctionRefused
        If it is relative.
    """
    for inner in ast.walk(node):
        if isinstance(inner, ast.ImportFrom) and inner.level:
            line = inner.lineno + shift
            message = f"Line {line} imports from the package around it, which an endpoint does not have."
            raise FunctionRefused(message, "Import it by its full name, or put it in the cell.", line=line)


def obstructed(found: Obstacle, name: str, shift: int) -> FunctionRefused:
    """Return the error for a name that is not portable, with its cure."""
    line = found.line + shift
    how = f"`{found.name}` is {found.verb} by {found.by} on line {line}"
    if found.verb == "changed":
        cure = f"Make it in one expression, or inside {name}()."
        return FunctionRefused(f"{how}, which is not sent with {name}().", cure, line=line)
    cure = SurfaceText(
        f"Build it inside {name}(), or pass it as --kwarg.",
        f"Build it inside {name}(), or make it a parameter with a fixed value.",
    )
    return FunctionRefused(f"{how}; an endpoint would create it again for every run.", cure, line=line)


def always_stays(node: ast.stmt) -> bool:
    """Return whether a statement must be kept: code must not precede a ``from __future__`` import."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def blanked(text: str, dropped: Sequence[ast.stmt]) -> str:
    """Replace statements by ``pass`` on their last line, so that all others keep their line numbers."""
    lines = text.encode().split(b"\n")
    for node in reversed(dropped):
        first, last = _first_line(node) - 1, (node.end_lineno or node.lineno) - 1
        start = lines[first][: 0 if first < node.lineno - 1 else node.col_offset]
        rest = lines[last][node.end_col_offset or 0 :]
        empty = [b""] * (last - first)
        lines[first : last + 1] = [start, *empty] if empty else [start]
        alone = not start.strip() and not rest.strip().lstrip(b";")
        lines[last] += (b"" if alone else b"pass") + (b"" if alone else rest)
    return b"\n".join(lines).decode()


def require_compilable(text: str, shift: int) -> str:
    """Return the text if Python compiles it.

    Raises
    ------
    FunctionRefused
        If it does not compile: a ``return`` outside a function, for example, parses but does not compile.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _unreadable(text, error, shift) from None
    return text


def _only(names: Sequence[str], statements: Sequence[Statement]) -> str | None:
    if len(names) == 1:
        return names[0]
    users = [s for s in statements if set(names) & s.binds or isinstance(s.node, ast.ClassDef)]
    used = frozenset[str]().union(*(s.needs - s.binds for s in users))
    free = [name for name in names if name not in used]
    return free[0] if len(free) == 1 else None


def _refuse_lambda(tree: ast.Module, wanted: str | None, shift: int) -> None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if names and wanted in (None, names[0]):
                cure = f"Write it as def {names[0]}({ast.unparse(node.value.args)}): …."
                raise FunctionRefused(f"`{names[0]}` is a lambda.", cure, line=node.lineno + shift)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*_DEFS, ast.ClassDef, ast.Lambda)):
            yield child
            yield from _own_nodes(child)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _unreadable(text: str, error: Exception, shift: int) -> FunctionRefused:
    lines = text.split("\n")
    at = getattr(error, "lineno", None) or 1
    magic = next((n for n in (at, *range(1, len(lines) + 1)) if n <= len(lines) and _MAGIC.search(lines[n - 1])), None)
    if magic:
        line = magic + shift
        message = f"Line {line} is a notebook magic (`{lines[magic - 1].strip()}`), which an endpoint does not have."
        return FunctionRefused(message, "Put it in a cell of its own.", line=line)
    line, shown = at + shift, lines[min(at, len(lines)) - 1].strip()
    reason = getattr(error, "msg", None) or str(error)
    return FunctionRefused(
        f"Line {line} is not Python: {reason} (`{shown}`).", "Correct the code, then try again.", line=line
    )
