"""The format of a table file: by its declared type, its names and its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

_TABLE_KINDS = {
    "csv": "csv",
    "text/csv": "csv",
    "application/csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "text/tab-separated-values": "tsv",
    "json": "json",
    "jsonl": "json",
    "geojson": "json",
    "application/geo+json": "json",
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
_TABLE_MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "xls"}


def kind_hints(declared: str | None, names: Sequence[str | None]) -> list[str]:
    """Return hints at the kind, most trusted first: the declared type, then suffixes of names and URLs."""
    # A server stored the pair (type, encoding) as an array's text: {text/csv,NULL}.
    declared_word = (declared or "").strip("{} ").split(",")[0].split(";")[0].strip().lower()
    return [declared_word, *(_last_suffix(urlsplit(name).path if "://" in name else name) for name in names if name)]


def declared_kind(declared: str | None, names: Sequence[str | None]) -> str | None:
    """Return the kind by the declared type or a name; None if neither is known."""
    hints = (hint.lstrip(".") for hint in kind_hints(declared, names))
    return next((_TABLE_KINDS[hint] for hint in hints if hint in _TABLE_KINDS), None)


def _last_suffix(name: str) -> str:
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in (".gz", ".bz2", ".xz", ".zst") else path.suffix


def table_kind_of(sample: bytes, hints: Sequence[str]) -> str | None:
    """Return "csv", "tsv", "json", "parquet", "excel" or "xls"; None for other files."""
    if (magic := _TABLE_MAGIC.get(sample[:4])) or not sample.strip() or _is_markup_page(sample):
        return magic
    hinted = next((_TABLE_KINDS[hint.lstrip(".")] for hint in hints if hint.lstrip(".") in _TABLE_KINDS), None)
    if hinted in ("csv", "tsv", "json"):
        return hinted
    # A parquet or excel name without the magic bytes is text at best.
    if b"\0" in sample and wide_encoding(sample) is None:
        return None
    return "json" if sample.lstrip()[:1] in (b"{", b"[") else "csv"


def _is_markup_page(sample: bytes) -> bool:
    return sample.removeprefix(b"\xef\xbb\xbf").lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


def no_table_reason(sample: bytes, label: str) -> str:
    """Return why it is no table."""
    if not sample.strip():
        return f"{label} is empty."
    return (
        f"{label} holds a web page, not a table."
        if _is_markup_page(sample)
        else f"{label} is not a table in a format that this package reads."
    )


def wide_encoding(sample: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 encoding of a text by its byte order mark or zero bytes; else None."""
    if sample.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = sample[::2][:2000], sample[1::2][:2000]
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) > 0.7 * len(zeros) and not others.count(0):
            return name
    return None
