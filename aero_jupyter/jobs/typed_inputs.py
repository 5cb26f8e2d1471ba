"""Inputs as DataFrames, for parameters annotated with that type."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader
from aero_jupyter.jobs.typed_csv import types_beside

_FRAME_ANNOTATION = re.compile(
    r"(?:(?:typing\.|t\.)?Optional\[)?(?:(?:pd|pandas(?:\.\w+)*)\.)?DataFrame\]?(?:\s*\|\s*None)?"
)


def wants_frame(annotation: object) -> bool:
    """Return whether an annotation, as an object or as text, is a pandas DataFrame."""
    text = f"{annotation.__module__}.{annotation.__qualname__}" if isinstance(annotation, type) else str(annotation)
    return bool(_FRAME_ANNOTATION.fullmatch(text.strip().strip("'\"")))


def with_frames(
    parameters: Mapping[str, Any], arguments: Mapping[str, Any], entries: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments; files for DataFrame parameters are read.

    Parameters
    ----------
    entries : mapping
        Facts about the files, by parameter: ``file_type``, ``encoding``, ``read_options``.
    """
    read = dict(arguments)
    for name, entry in entries.items():
        if name in parameters and isinstance(arguments.get(name), str) and wants_frame(parameters[name].annotation):
            read[name] = read_file(name, arguments[name], entry)
    return read


def read_file(name: str, path: str, entry: Mapping[str, Any]) -> Any:
    """Return the DataFrame that a downloaded file holds."""
    names = (path, entry.get("url"), entry.get("name"))
    kind = entry.get("file_type") or entry.get("file_format")
    options = dict(entry.get("read_options") or {})
    try:
        reader = TableReader(f"Input {name}", names, kind, entry.get("encoding"), options)
        with open(path, "rb") as file:
            frame = reader.read(file, types_beside(path))
    except TableError as error:
        stored = " Store options for it: aero.read_options(NAME, OPTION=VALUE)." if error.cure else ""
        raise AeroJobError(f"{error} {error.cure or error.detail}{stored}".rstrip()) from error
    if reader.notes:
        warnings.warn(f"Input {name}: {' '.join(reader.notes)}", UserWarning, stacklevel=2)
    return frame
