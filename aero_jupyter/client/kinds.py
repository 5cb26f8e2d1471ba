"""What a file is: by what was declared, by its names, and by its first bytes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

_KINDS = {
    "csv": "csv",
    "text/csv": "csv",
    "application/csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "text/tab-separated-values": "tsv",
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "application/json": "json",
    "application/x-ndjson": "json",
    "parquet": "parquet",
    "pq": "parquet",
    "application/vnd.apache.parquet": "parquet",
    "xlsx": "excel",
    "xls": "excel",
    "application/vnd.ms-excel": "excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "excel",
}
_MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "xls"}
_DELIMITERS = ",;\t|"


def hints(declared: str | None, names: Sequence[str | None]) -> list[str]:
    """List what may tell the kind, most trusted first: the declared type, then the suffixes of names and urls."""
    # A server stored the pair (type, encoding) as the text of an array: {text/csv,NULL}.
    said = (declared or "").strip("{} ").split(",")[0].split(";")[0].strip().lower()
    return [said, *(_suffix(urlsplit(name).path if "://" in name else name) for name in names if name)]


def _suffix(name: str) -> str:
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix


def kind_of(sample: bytes, told_by: Sequence[str]) -> str | None:
    """Tell "csv", "tsv", "json", "parquet", "excel" or "xls"; None where it is none of them."""
    if (magic := _MAGIC.get(sample[:4])) or not sample.strip() or _is_page(sample):
        return magic
    told = next((_KINDS[hint.lstrip(".")] for hint in told_by if hint.lstrip(".") in _KINDS), None)
    if told in ("csv", "tsv", "json"):
        return told
    # What names itself parquet or excel and has not its first bytes is text at best.
    if b"\0" in sample and not _utf16(sample):
        return None
    return "json" if sample.lstrip()[:1] in (b"{", b"[") else "csv"


def _is_page(sample: bytes) -> bool:
    return sample.removeprefix(b"\xef\xbb\xbf").lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


def strange(sample: bytes, label: str) -> str:
    """Say what it is instead of a table."""
    if not sample.strip():
        return f"{label} is empty."
    return f"{label} holds a web page, not a table." if _is_page(sample) else f"{label} is no table this package knows."


def _utf16(sample: bytes) -> bool:
    return sample.startswith((b"\xff\xfe", b"\xfe\xff"))


def encodings(sample: bytes, declared: str | None) -> list[str]:
    """List the encodings to try; the last reads anything."""
    # Latin-1 reads anything and is what HTTP says when nobody said anything, so it is believed last.
    said = [declared] if declared and declared.lower() not in ("iso-8859-1", "latin-1", "latin1") else []
    return [*(["utf-16"] if _utf16(sample) else []), *said, "utf-8-sig", "latin-1"]


def delimiter(sample: bytes) -> str:
    """Tell what separates the columns, from the first lines."""
    lines = sample.decode("utf-16" if _utf16(sample) else "utf-8", "replace").splitlines()[:50] or [""]
    found = [mark for mark in _DELIMITERS if mark in lines[0]]
    if len(found) < 2:
        return (found or [","])[0]
    try:
        return csv.Sniffer().sniff("\n".join(lines[:-1] or lines), delimiters="".join(found)).delimiter
    except csv.Error:
        return max(found, key=lines[0].count)
