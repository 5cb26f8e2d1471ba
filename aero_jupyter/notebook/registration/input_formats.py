"""Inputs that a function opens with a reader of another format. Uncertain cases are not reported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.source_parsing import parse_source
from aero_jupyter.jobs.table_formats import declared_kind
from aero_jupyter.jobs.typed_inputs import wants_frame
from aero_jupyter.notebook.registration.findings import WARNING, Finding
from aero_jupyter.notebook.registration.ttl_cache import Lookups

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.core.models import Data
    from aero_jupyter.session.session import Session

_TEXT = ("csv", "tsv")
#: The formats that each reader reads.
_READERS: dict[str, tuple[str, ...]] = {
    "read_csv": _TEXT,
    "read_table": _TEXT,
    "read_parquet": ("parquet",),
    "read_excel": ("excel", "xls"),
    "read_json": ("json",),
    "json.load": ("json",),
    "csv.reader": _TEXT,
    "csv.DictReader": _TEXT,
}
_NAMES = {"csv": "CSV", "tsv": "TSV", "json": "JSON", "parquet": "Parquet", "excel": "a workbook", "xls": "a workbook"}
_WRAPPERS = ("open", "Path", "str", "fspath")
_CURE = "Annotate it ({0}: pd.DataFrame) to receive the table, or use the reader of its format."


def check_formats(
    session: Session,
    function: PortableFunction,
    inputs: Mapping[str, Data],
    versions: Mapping[str, int],
    lookups: Lookups,
) -> list[Finding]:
    """Return a warning for each input that the function opens with a reader of another format, or that is a table."""
    text = parse_source(function.cell)
    nodes = [node for node in text.body if isinstance(node, ast.FunctionDef) and node.name == function.name]
    opened = dict(_opened_by(nodes[-1])) if nodes else {}
    findings = []
    for parameter, (reader, annotation) in opened.items():
        if parameter not in inputs:
            continue
        about = f"parameter {parameter}"
        if wants_frame(annotation):
            message = f"{parameter} is a DataFrame already, but {function.name}() opens it with {reader}()."
            findings.append(Finding(WARNING, about, message, f"Use {parameter} as it is, or remove its annotation."))
            continue
        kind = _kind_of(session, inputs[parameter], versions.get(parameter), lookups)
        if kind and kind not in _READERS[reader]:
            message = f"{inputs[parameter].name} is {_NAMES[kind]}, but {function.name}() opens it with {reader}()."
            findings.append(Finding(WARNING, about, message, _CURE.format(parameter)))
    return findings


def _kind_of(session: Session, data: Data, number: int | None, lookups: Lookups) -> str | None:
    try:
        version = lookups.get("data", f"kind {data.id}@{number}", partial(session.client.version, data.id, number))
    except AeroError:
        return None
    return declared_kind(version.file.file_type, [version.file.file_name]) if version.file else None


def _opened_by(node: ast.FunctionDef) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the parameters that a function opens: each with the reader and the text of its annotation."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    stored = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    named = {each.arg: ast.unparse(each.annotation) if each.annotation else "" for each in arguments}
    named = {name: annotation for name, annotation in named.items() if name not in stored}
    files = dict(_path_variables(node))
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and call.args and (reader := _reader_of(call.func)):
            name = _path_of(call.args[0])
            name = files.get(name, name)
            if name in named:
                yield name, (reader, named[name])


def _path_variables(node: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Yield the variables that hold an open file, each with the variable of its path."""
    for each in ast.walk(node):
        if isinstance(each, ast.withitem) and isinstance(each.optional_vars, ast.Name):
            yield each.optional_vars.id, _path_of(each.context_expr)
        elif isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
            yield each.targets[0].id, _path_of(each.value)


def _reader_of(function: ast.expr) -> str:
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return ""
    whole = f"{function.value.id}.{function.attr}"
    return next((name for name in (whole, function.attr) if name in _READERS), "")


def _path_of(value: ast.expr) -> str:
    """Return the variable that holds the path in an expression such as open(x); empty for other expressions."""
    while isinstance(value, ast.Call) and value.args:
        function = value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name not in _WRAPPERS:
            return ""
        value = value.args[0]
    return value.id if isinstance(value, ast.Name) else ""
