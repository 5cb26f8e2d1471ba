"""Reader options that are stored with a dataset: on the server where it stores them, else in a file of the profile."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.suggestions import suggest

#: Options whose None is a choice: no header row, all sheets.
_NONE_IS_A_CHOICE = ("header", "sheet_name")
_SYNONYMS = ("sep", "delimiter")


class OptionsFile:
    """Reader options by dataset, for a server that does not store them.

    Parameters
    ----------
    path : Path
        A JSON file; created when the first options are stored.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, server: str, data_id: str) -> dict[str, Any]:
        """Return the options of a dataset; empty where none are stored."""
        found = self._load().get(server, {}).get(data_id, {})
        return dict(found) if isinstance(found, dict) else {}

    def set(self, server: str, data_id: str, options: Mapping[str, Any]) -> None:
        """Store the options of a dataset in place of those before; empty ones remove it."""
        stored = self._load()
        server_options = stored.setdefault(server, {})
        server_options.pop(data_id, None)
        if options:
            server_options[data_id] = dict(options)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary_path = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.name}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(stored, file, indent=1)
                os.replace(temporary_path, self._path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary_path)
                raise
        except OSError as error:
            raise InvalidArgument(
                f"{self._path} cannot be written: {error.strerror}.", "Move the configuration (AERO_CONFIG_FILE)."
            ) from None

    def _load(self) -> dict[str, Any]:
        try:
            stored = parse_json(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise InvalidArgument(f"{self._path} cannot be read: {error}.", "Remove the file.") from None
        return stored if isinstance(stored, dict) and all(isinstance(each, dict) for each in stored.values()) else {}


def merge_options(stored: Mapping[str, Any], explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of one reading: explicit ones win over stored ones, and None is the reader's default."""
    replaced = [name for name in _SYNONYMS if set(_SYNONYMS) & explicit.keys()]
    merged = {**{name: value for name, value in stored.items() if name not in replaced}, **explicit}
    return {name: value for name, value in merged.items() if value is not None or name in _NONE_IS_A_CHOICE}


def change_options(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options to store: ``None`` removes one, save where None is a choice.

    Raises
    ------
    InvalidArgument
        If no reader has such an option, or its value cannot be stored as JSON.
    """
    known = _known_options()
    for name in changes:
        if name not in known:
            raise InvalidArgument(f"No reader has an option {name}.", suggest(name, known))
    values = {name: _storable(name, value) for name, value in changes.items()}
    return merge_options(stored, values)


def _known_options() -> list[str]:
    import pandas as pd

    readers = (pd.read_csv, pd.read_excel, pd.read_json, pd.read_parquet)
    names = {name for reader in readers for name in inspect.signature(reader).parameters}
    return sorted({"max_bytes", "member", *names} - _NOT_STORED)


_NOT_STORED = {
    "filepath_or_buffer", "path_or_buf", "path", "io", "kwargs", "iterator", "chunksize", "storage_options",
    "filesystem", "engine_kwargs", "compression", "memory_map",
}  # fmt: skip


def _storable(name: str, value: object) -> Any:
    """Return a value as JSON holds it: a type by its name, a tuple as a list."""
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _storable(name, each) for key, each in value.items()}
        raise InvalidArgument(
            f"Option {name} cannot be stored: its keys are not all text.", "Use column names as keys."
        )
    if isinstance(value, (list, tuple)):
        return [_storable(name, each) for each in value]
    if isinstance(value, type):
        return value.__name__
    if name == "dtype" and value is not None and not isinstance(value, str):
        return str(value)
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise InvalidArgument(
            f"Option {name} cannot be stored: a {type(value).__name__} is not a JSON value.",
            "Store text, numbers and lists; pass this one to aero.read.",
        ) from None
    return value
