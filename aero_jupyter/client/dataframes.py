"""A version as a DataFrame."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any  # a DataFrame, or a dict of them

from aero_jupyter.core.errors import InvalidArgument, MissingExtra, Unreadable
from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import MissingReader, TableReader

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client.content import VersionReader

_OPEN_BYTES = "Open its bytes: import aero_jupyter as aero; aero.current().client.open_version({id!r}, {number})"


def to_frame(
    reader: VersionReader,
    server: str,
    options: dict[str, Any],
    types: bytes | None = None,
    check_warnings: Sequence[Mapping[str, str]] = (),
) -> pd.DataFrame:
    """Read a version as a DataFrame; ``attrs["aero"]`` records its origin.

    Parameters
    ----------
    reader : VersionReader
        The bytes.
    server : str
        The URL of the server.
    options : dict
        For the pandas reader; ``max_bytes`` lifts the limits of reading.
    types : bytes, optional
        The description of the columns that is stored beside a CSV.
    check_warnings : sequence of mapping
        The warnings of the version's checks, with ``check`` and ``reason``.

    Raises
    ------
    Unreadable
        If the bytes do not make a table, or take more than the limits.
    MissingExtra
        If the package that reads such files is not installed.
    """
    if options.get("chunksize") or options.get("iterator"):
        raise InvalidArgument(
            "Reading returns a whole table.",
            "To read in parts, pass aero.current().client.open_version(id) to pandas.",
        )
    data, version = reader.data, reader.version
    file_type, encoding = (version.file.file_type, version.file.encoding) if version.file else (None, None)
    with _as_client_errors(_OPEN_BYTES.format(id=data.id, number=version.version)):
        table = TableReader(reader.label, (reader.name, data.url, data.name), file_type, encoding, options)
        found = _read(table, reader, types)
    about: dict[str, Any] = {
        "data_id": data.id,
        "name": data.name,
        "version": version.version,
        "checksum": version.checksum,
        "server": server,
    }
    if table.notes:
        about["notes"] = table.notes
        warnings.warn(f"{reader.label}: {' '.join(table.notes)}", UserWarning, stacklevel=3)
    if check_warnings:
        about["warnings"] = [dict(each) for each in check_warnings]
        shown = "; ".join(f"{each['check']}: {each['reason']}" for each in check_warnings)
        warnings.warn(f"{reader.label}: its checks warned: {shown}.", UserWarning, stacklevel=3)
    if table.found_encoding not in (None, "utf-8"):
        about["encoding"] = table.found_encoding
    for frame in found.values() if isinstance(found, dict) else [found]:
        frame.attrs["aero"] = dict(about)
    result: pd.DataFrame = found
    return result


def _read(table: TableReader, reader: VersionReader, types: bytes | None) -> Any:
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(reader, file)
        file.seek(0)
        return table.read(file, types)


@contextlib.contextmanager
def _as_client_errors(cure: str) -> Iterator[None]:
    """Translate errors of reading a table; `cure` is for a file that cannot be read otherwise."""
    try:
        yield
    except MissingReader as error:
        package = "xlrd" if error.kind == "xls" else repr("aero-jupyter[lab]")
        message = f"Reading {error.kind} needs a package that is not installed."
        raise MissingExtra(message, f"Run: pip install {package}") from error
    except TableError as error:
        raise Unreadable(str(error), error.cure or cure, details=error.detail) from error
