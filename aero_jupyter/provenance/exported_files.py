"""The files of an export, and their names in it."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aero_jupyter.core.models import Version
from aero_jupyter.provenance.ancestry import Ancestry, RegisteredCode, dataset_of, version_key

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
}


@dataclass(frozen=True)
class ExportedFile:
    """A version's bytes in an export.

    Attributes
    ----------
    path : str
        Within the export.
    sha256 : str
        Of the bytes as they were written.
    size : int
        In bytes.
    media_type : str
    """

    path: str
    sha256: str
    size: int
    media_type: str


#: The exported files by version.
Files = Mapping[tuple[str, int], ExportedFile]


def safe_name(text: str) -> str:
    """Return a name of ASCII letters, digits, points and dashes."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text).strip("._") or "unnamed"


def suffix_of(version: Version) -> str:
    """Return the extension of a version's file, such as ``.csv``; empty if it is not known."""
    names = (version.file.file_type or "", version.file.file_name) if version.file else ()
    found = (re.fullmatch(r".*?(\.[A-Za-z0-9]{1,10})", name) for name in names)
    return next((match[1].lower() for match in found if match), "")


def paths_of(ancestry: Ancestry) -> dict[tuple[str, int], str]:
    """Return a path for each version; datasets of the same name stay apart."""
    paths: dict[tuple[str, int], str] = {}
    for version in ancestry.versions:
        name = safe_name(dataset_of(version).name)
        path = f"data/{name}-v{version.version}{suffix_of(version)}"
        if path in paths.values():
            path = f"data/{name}-{safe_name(version.data_id)}-v{version.version}{suffix_of(version)}"
        paths[version_key(version)] = path
    return paths


def media_type(path: str) -> str:
    """Return the media type of a file by its name."""
    suffix = path[path.rfind(".") :] if "." in path.rpartition("/")[2] else ""
    return _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def function_path(code: RegisteredCode) -> str:
    """Return the path of a function's source code in an export."""
    return f"functions/{safe_name(code.name)}-{(code.sha256 or code.id)[:12]}.py"
