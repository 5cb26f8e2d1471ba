"""File names and types: the suffix of a file, a URL or an answer."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

_PACKED = frozenset({".gz", ".bz2", ".xz", ".zst"})
_TEXT = frozenset({".csv", ".tsv", ".json", ".geojson", ".jsonl", ".txt", ".xml"})
_TABLES = frozenset({".parquet", ".feather", ".xlsx", ".xls"})
_ARRAYS = frozenset({".nc", ".h5", ".hdf5", ".npy", ".npz", ".rds", ".tif"})
_DATA = _TEXT | _TABLES | _ARRAYS | _PACKED | {".zip"}
_TYPES = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/geo+json": ".geojson",
    "application/vnd.apache.parquet": ".parquet",
    "application/x-parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    "application/zip": ".zip",
    "text/plain": ".txt",
    "text/html": ".html",
}
# Compiled before a worker forks the process of a task.
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,9}")


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case, both parts of ``.csv.gz``; may be empty."""
    stem, suffix = os.path.splitext(name.lower())
    if not _SUFFIX.fullmatch(suffix):
        return ""
    return suffix_of(stem) + suffix if suffix in _PACKED else suffix


def suffix_of_file(name: str | None, kind: object) -> str:
    """Return the suffix by name, else by type: ``.csv``, ``csv`` or ``text/csv``."""
    suffix = suffix_of(name or "")
    if suffix or not isinstance(kind, str):
        return suffix
    # A server on PostgreSQL stores a guessed type as "{text/csv,NULL}".
    word = kind.strip("{}").split(",")[0].strip().lower()
    return _TYPES.get(word) or suffix_of(f"x.{word.lstrip('.')}")


def suffix_of_answer(url: str, content_type: str, head: bytes) -> str:
    """Return the suffix of a URL's answer, by its path, then by its content type."""
    suffix = suffix_of(url_name(url))
    if suffix.endswith(".gz") and not head.startswith(b"\x1f\x8b"):
        suffix = suffix[:-3]  # sent as Content-Encoding, already unpacked
    by_type = _TYPES.get(content_type.partition(";")[0].strip().lower(), "")
    return suffix if is_data_suffix(suffix) else by_type or suffix


def is_data_suffix(suffix: str) -> bool:
    """Return whether a suffix is one of data, not of a page."""
    return any(part in _DATA for part in re.findall(r"\.[a-z0-9]+", suffix))


def url_name(url: str) -> str:
    """Return the last part of a URL's path as a file name; may be empty."""
    name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    return re.sub(r"[^\w.,=+@ -]", "_", name).strip(". ")[-120:]
