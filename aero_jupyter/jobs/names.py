"""File names and types: which suffix some data has, and whether a body is a web page."""

from __future__ import annotations

import os
import re
from typing import Any
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


def suffix_of(name: str) -> str:
    """Give the suffix of a file name in lower case, both parts of one such as ``.csv.gz``; may be empty."""
    stem, suffix = os.path.splitext(name.lower())
    if not re.fullmatch(r"\.[a-z][a-z0-9]{0,9}", suffix):
        return ""
    return suffix_of(stem) + suffix if suffix in _PACKED else suffix


def suffix_of_file(name: str | None, kind: Any) -> str:
    """Give the suffix by name, else by type: ``.csv``, ``csv`` and ``text/csv`` are all in use."""
    suffix = suffix_of(name or "")
    if suffix or not isinstance(kind, str):
        return suffix
    # A server on PostgreSQL keeps a guessed type as the text "{text/csv,NULL}".
    word = kind.strip("{}").split(",")[0].strip().lower()
    return _TYPES.get(word) or suffix_of(f"x.{word.lstrip('.')}")


def suffix_of_answer(url: str, content_type: str, head: bytes) -> str:
    """Give the suffix of what a url answered, from its path and then from the content type."""
    suffix = suffix_of(url_name(url))
    if suffix.endswith(".gz") and not head.startswith(b"\x1f\x8b"):
        suffix = suffix[:-3]  # sent as Content-Encoding and unpacked on its way
    by_type = _TYPES.get(content_type.partition(";")[0].strip().lower(), "")
    return suffix if is_data_suffix(suffix) else by_type or suffix


def is_data_suffix(suffix: str) -> bool:
    """Whether a name that ends so promises data rather than a page."""
    return any(part in _DATA for part in re.findall(r"\.[a-z0-9]+", suffix))


def url_name(url: str) -> str:
    """Give the last part of a url's path, safe as a file name; may be empty."""
    name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    return re.sub(r"[^\w.,=+@ -]", "_", name).strip(". ")[-120:]


def is_web_page(content_type: str, head: bytes) -> bool:
    """Whether a body is HTML, whatever its type says; a page's type on data that is no markup is forgiven."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return True
    return start.startswith(b"<") and "html" in content_type.lower()
