"""The encoding of a text: the declared one if the bytes agree, otherwise a detected one."""

from __future__ import annotations

import codecs
import io

from aero_jupyter.jobs.table_formats import wide_encoding
from aero_jupyter.jobs.table_text import text_encoding

#: Bytes of a file for the detection of its encoding.
_SHOWING_BYTES = 1 << 22


def charset_of(content_type: str) -> str | None:
    """Return the text encoding that a content type declares; None if there is none or it is unknown."""
    from email.message import Message

    header = Message()
    header["Content-Type"] = content_type or "application/octet-stream"
    charset = header.get_content_charset()
    try:
        return charset if charset and isinstance(codecs.lookup(charset).incrementaldecoder().decode(b""), str) else None
    except (LookupError, TypeError, ValueError):
        return None


def is_text_in(path: str, charset: str) -> bool:
    """Return whether a file decodes in an encoding: many servers declare UTF-8 for any content."""
    marks = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    name, decoder = codecs.lookup(charset).name, codecs.getincrementaldecoder(charset)()
    with open(path, "rb") as file:
        head = file.read(4)
        marked = next((encoding for mark, encoding in marks.items() if head.startswith(mark)), "")
        try:
            decoder.decode(head)
            while piece := file.read(1 << 18):
                decoder.decode(piece)
            decoder.decode(b"", True)
        except ValueError:
            return False
    return name.startswith(marked)


def encoding_of_file(path: str, declared: str | None = None) -> str:
    """Return the declared encoding if the bytes agree, else the detected one; "utf-8" for binary files."""
    if declared and is_text_in(path, declared):
        return declared
    with open(path, "rb") as file:
        sample = file.read(_SHOWING_BYTES)
    wide = wide_encoding(sample)
    if wide is None and b"\0" in sample:
        return "utf-8"
    whole = sample if wide or len(sample) < _SHOWING_BYTES else sample[: sample.rfind(b"\n") + 1]
    return text_encoding(io.BytesIO(whole), None)
