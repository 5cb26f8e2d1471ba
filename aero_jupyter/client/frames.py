"""Bytes become a DataFrame: by what was declared, by name, and by what they look like."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from aero_jupyter.client.kinds import delimiter, encodings, hints, kind_of, strange
from aero_jupyter.core.errors import InvalidArgument, MissingExtra, Unreadable

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client.content import VersionReader

_GZIP = b"\x1f\x8b"
_SAMPLE = 1 << 16
_UNREADABLE = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
_OPEN_BYTES = "Open the bytes with client.open_version({id!r}, {number})."


def to_frame(reader: VersionReader, server: str, options: dict[str, Any]) -> pd.DataFrame:
    """Read a version as a DataFrame; ``attrs["aero"]`` says where it came from.

    Parameters
    ----------
    reader : VersionReader
        The bytes.
    server : str
        The address they came through.
    options : dict
        Passed on to the pandas reader.

    Raises
    ------
    Unreadable
        If the bytes do not make a table.
    MissingExtra
        If the package that reads such files is not installed.
    """
    if options.get("chunksize") or options.get("iterator"):
        raise InvalidArgument(
            "Reading gives a whole table.", "Use pandas with client.open_version(…) to read in parts."
        )
    data, version = reader.data, reader.version
    file_type, encoding = (version.file.file_type, version.file.encoding) if version.file else (None, None)
    cure = _OPEN_BYTES.format(id=data.id, number=version.version)
    with _spooled(reader, cure) as file:
        sample = file.read(_SAMPLE)
        file.seek(0)
        kind = kind_of(sample, hints(file_type, (reader.name, data.url, data.name)))
        if kind is None:
            raise Unreadable(strange(sample, reader.label), cure)
        frame = _read(_Source(file, sample, kind, encoding), options, reader.label, cure)
    frame.attrs["aero"] = {
        "data_id": data.id,
        "name": data.name,
        "version": version.version,
        "checksum": version.checksum,
        "server": server,
    }
    return frame


@contextmanager
def _spooled(reader: VersionReader, cure: str) -> Iterator[IO[bytes]]:
    """Give the bytes as a seekable file, unpacked; they are all there and checked before the first is parsed."""
    with tempfile.TemporaryFile() as packed, tempfile.TemporaryFile() as unpacked:
        shutil.copyfileobj(reader, packed)
        packed.seek(0)
        if packed.read(2) != _GZIP:
            packed.seek(0)
            yield packed
            return
        packed.seek(0)
        try:
            with gzip.open(packed) as stream:
                shutil.copyfileobj(stream, unpacked)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Unreadable(f"{reader.label} is a broken gzip file.", cure, details=str(error)) from error
        unpacked.seek(0)
        yield unpacked


@dataclass(frozen=True)
class _Source:
    file: IO[bytes]
    sample: bytes
    kind: str
    encoding: str | None


def _read(source: _Source, options: dict[str, Any], label: str, cure: str) -> pd.DataFrame:
    try:
        return _READERS[source.kind](source, options)
    except ImportError as error:
        raise _missing(source.kind) from error
    except _UNREADABLE as error:
        message = f"{label} does not read as {source.kind}: {_first_line(error)}"
        raise Unreadable(message, cure, details=repr(error)) from error


def _csv(source: _Source, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    if not {"sep", "delimiter"} & options.keys():
        options = {**options, "sep": "\t" if source.kind == "tsv" else delimiter(source.sample)}

    def read(encoding: str) -> pd.DataFrame:
        frame: pd.DataFrame = pd.read_csv(source.file, **{**options, "encoding": encoding})
        return frame

    return _decoded(source, options, read)


def _json(source: _Source, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    def read(encoding: str, **more: Any) -> pd.DataFrame:
        frame: pd.DataFrame = pd.read_json(source.file, **{**options, "encoding": encoding, **more})
        return frame

    def read_either(encoding: str) -> pd.DataFrame:
        try:
            return read(encoding)
        except UnicodeError:
            raise
        except ValueError:
            if "lines" in options:
                raise
        source.file.seek(0)
        return read(encoding, lines=True)

    return _decoded(source, options, read_either)


def _decoded(source: _Source, options: dict[str, Any], read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    candidates = [options["encoding"]] if "encoding" in options else encodings(source.sample, source.encoding)
    for encoding in candidates[:-1]:
        try:
            return read(encoding)
        except (UnicodeError, LookupError):
            source.file.seek(0)
    return read(candidates[-1])


def _parquet(source: _Source, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(source.file, **options)


def _excel(source: _Source, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.read_excel(source.file, **options)
    return frame


def _missing(kind: str) -> MissingExtra:
    message = f"Reading {kind} needs a package that is not installed."
    return MissingExtra(message, f"Run: pip install {'xlrd' if kind == 'xls' else repr('aero-jupyter[lab]')}")


def _first_line(error: BaseException) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return f"{text[:200]}."


_READERS: dict[str, Callable[[_Source, dict[str, Any]], pd.DataFrame]] = {
    "csv": _csv,
    "tsv": _csv,
    "json": _json,
    "parquet": _parquet,
    "excel": _excel,
    "xls": _excel,
}
