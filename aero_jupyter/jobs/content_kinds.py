"""The kind of a body, detected by its bytes: tells a web page or an error text from the expected table."""

from __future__ import annotations

import codecs
import re

from aero_jupyter.core.safe_parsing import parse_json

#: Bytes that are checked.
HEAD_BYTES = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    b"PAR1",
    b"PK",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x89HDF",
    b"CDF",
    b"\xd0\xcf\x11\xe0",
)
_BEFORE_A_PAGE = re.compile(r"(?:\s+|<!--.*?-->|<\?xml.*?\?>)+", re.S)
_PAGE_BEGINS = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|script|style|noscript|iframe|frameset|center|font|div|span|p|pre|br|hr"
    r"|b|h[1-6]|img)\b",
    re.I,
)
_PAGE_HOLDS = re.compile(r"<(?:!doctype\s+html|html|head|body|title|h1|p|div|br|form|script)\b[^>]*>", re.I)
_ERROR_KEYS = frozenset({"error", "errors", "message", "detail", "fault", "exception", "error_message", "statuscode"})
_TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".feather", ".xlsx", ".xls", ".gz", ".zip", ".bz2", ".xz", ".zst")
#: Words of a first line that is no table header.
_ERROR_WORDS = re.compile(r"\b(?:error|exception|traceback|denied|forbidden|unavailable|maintenance|not found)\b", re.I)
_MARKS_OF_COLUMNS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_ERRORS = ("json", "error", "text", "markup")
#: The expected kind of a source at a new URL: any but a message.
MOVED = "moved"
#: The kinds to refuse, by the expected kind ("named": by its name alone).
_BROKEN = {
    "table": (*_ERRORS, "line", "lines"),
    "binary": (*_ERRORS, "line", "lines"),
    "json": ("error", "text", "markup", "line", "lines"),
    "markup": ("json", "error", "text", "line", "lines"),
    "lines": _ERRORS,
    "other": ("json", "error", "text"),
    "named": _ERRORS,
    MOVED: ("error", "text"),
}


def is_web_page(content_type: str, head: bytes) -> bool:
    """Return whether a body is HTML, whatever its type; an HTML type on data without markup is ignored."""
    text = _decoded(head)
    context = _BEFORE_A_PAGE.match(text)
    text = text[context.end() :] if context else text
    if _PAGE_BEGINS.match(text):
        return True
    if "html" not in content_type.lower():
        return False
    return text.startswith("<") or bool(_PAGE_HOLDS.search(text[:4096].partition("\n")[0]))


def kind_of_body(head: bytes) -> str:
    """Return the kind of a body: binary, json, error (in JSON), markup, table, text, line, lines or other.

    A ``text`` is a message; ``lines`` are words without columns, and a ``line`` is a single one.

    Parameters
    ----------
    head : bytes
        The first `HEAD_BYTES`.
    """
    if head.startswith(_BINARY):
        return "binary"
    text = _decoded(head).strip()
    if text.startswith(("{", "[")):
        return _json_kind(text)
    if re.match(r"<[?!/A-Za-z]", text):
        return "markup"
    return "other" if "\0" in text else _text_kind(text)


def expected_kind(last: str | None, suffix: str) -> str | None:
    """Return the expected kind of a source: by its last version, otherwise by its name."""
    if last:
        return last
    return "named" if suffix.endswith(_TABLE_SUFFIXES) else None


def is_another_kind(expected: str | None, kind: str) -> bool:
    """Return whether the kind of a body is refused for the expected kind."""
    return kind in _BROKEN.get(expected or "", ())


def _decoded(head: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if encoding is None and b"\0" not in (head[0:1], head[2:3]) and head[1:2] == head[3:4] == b"\0":
        encoding = "utf-16-le"
    if encoding is None and b"\0" not in (head[1:2], head[3:4]) and head[0:1] == head[2:3] == b"\0":
        encoding = "utf-16-be"
    text = head.decode(encoding or "latin-1", "replace")
    # Some pages are joined from files with a byte order mark each.
    return re.sub("^(?:\ufeff|\xef\xbb\xbf)+", "", text)


def _json_kind(text: str) -> str:
    try:
        value = parse_json(text)
    except ValueError:
        # Truncated JSON, lines of JSON, or text in brackets such as "[1] comment".
        return "json" if re.match(r"[{\[]\s*[\"{\[\d\]}tfn-]", text) and not re.match(r"\[[^\],]*\]", text) else "table"
    keys = {str(key).lower() for key in value} if isinstance(value, dict) else set()
    holds_data = any(isinstance(each, list) and len(each) > 1 for each in value.values()) if keys else False
    return "error" if keys & _ERROR_KEYS and len(keys) <= 8 and not holds_data else "json"


def _text_kind(text: str) -> str:
    """Return the kind of a text; a message has spaced words, and no column in every line."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    if not lines:
        return "other"
    if _is_short_error(lines):
        return "text"
    counts = {mark: {line.count(mark) for line in lines} for mark in _MARKS_OF_COLUMNS}
    if any(len(found) == 1 and found != {0} for found in counts.values()) and (
        len(lines) > 1 or not _is_prose(lines[0])
    ):
        return "table"
    if _is_message(lines):
        return "text"
    if len(lines) == 1:
        return "line"
    return "lines" if _is_prose(lines[0]) and not _has_columns(text) else "other"


def _is_short_error(lines: list[str]) -> bool:
    """Return whether up to three lines begin with an error and hold no cells: a space follows each comma."""
    is_spaced = not re.search(r"[,;|\t]\S", "\n".join(lines))
    return len(lines) <= 3 and is_spaced and bool(_ERROR_WORDS.search(lines[0]))


def _is_message(lines: list[str]) -> bool:
    first = lines[0].strip()
    if len(lines) <= 3:
        return _is_prose(first)
    begins = _ERROR_WORDS.search(first) or (_is_prose(first) and first.endswith((".", ":", "!", "?")))
    return bool(begins) and not _has_columns("\n".join(lines))


def _has_columns(text: str) -> bool:
    """Return whether most lines hold a column separator outside of quotes."""
    lines = [line for line in _QUOTED.sub("", text).splitlines()[:50] if line.strip()]
    return any(2 * sum(mark in line for line in lines) > len(lines) for mark in _MARKS_OF_COLUMNS)


def _is_prose(line: str) -> bool:
    """Return whether a line reads as a sentence: words, and spaces after its commas."""
    words = re.findall(r"[A-Za-z][A-Za-z'-]+", line)
    is_spaced = bool(re.search(r"[A-Za-z.:!] [A-Za-z]", line)) and not re.search(r"[,;|\t]\S", line)
    return is_spaced and len(words) >= 2
