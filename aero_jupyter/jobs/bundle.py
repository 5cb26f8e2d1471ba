"""The runtime: the source code of the jobs and their dependencies in this package, as one self-contained text."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

from aero_jupyter.core.source_parsing import parse_source

#: The modules, each after those that it depends on.
_ROOMS = (
    "/_version",
    "/core/redaction",
    "/core/safe_parsing",
    "/core/secret_references",
    "/core/warned_files",
    "aero_output",
    "loopback",
    "watched_connection",
    "request_errors",
    "guarded_session",
    "http_client",
    "source_login",
    "file_types",
    "encoding_check",
    "source_validators",
    "content_coding",
    "content_kinds",
    "globus_tokens",
    "collection_hosts",
    "aero_server",
    "resumption",
    "transfer",
    "local_store",
    "shared_folder",
    "lookups",
    "network_addresses",
    "size_limits",
    "fetch_source",
    "source_download",
    "versions",
    "column_types",
    "typed_csv",
    "table_formats",
    "table_unpacking",
    "table_layout",
    "uneven_rows",
    "table_text",
    "table_json",
    "tables",
    "inputs",
    "typed_inputs",
    "upload",
    "output_columns",
    "previous_version",
    "output_checks",
    "bundled_modules",
    "cell_loader",
    "task",
    "stdout_capture",
    "json_values",
    "single_call",
    "replayed_call",
    "commit",
)
_FUTURE = "from __future__ import annotations\n"


@functools.cache
def runtime_source() -> str:
    """Return the source code that precedes every registered function."""
    return bundle_source(_ROOMS)


def bundle_source(modules: Sequence[str]) -> str:
    """Return the source code of modules as one self-contained text.

    Parameters
    ----------
    modules : sequence of str
        Each after those that it depends on: the name of a module of the jobs, or ``/`` and a path in the package.
    """
    from importlib import resources

    package = resources.files("aero_jupyter")
    return _FUTURE + "".join(_alone(package.joinpath(*_path(module)).read_text("utf-8")) for module in modules)


def _path(room: str) -> list[str]:
    return [part for part in f"{room}.py".split("/") if part] if "/" in room else ["jobs", f"{room}.py"]


def _alone(source: str) -> str:
    """Return a module's source code without its docstring and without imports from this package."""
    lines = source.splitlines(keepends=True)
    for node in parse_source(source).body:
        if _stays_behind(node):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "".join(lines).strip() + "\n\n\n"


def _stays_behind(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in ("__future__", "aero_jupyter")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
