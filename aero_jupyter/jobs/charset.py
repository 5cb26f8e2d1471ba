"""Text in the encoding it is said to be in: what is told of one, and whether the bytes agree."""

from __future__ import annotations

import codecs

from aero_jupyter.jobs.web import AeroJobError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TEXTS = frozenset({".csv", ".tsv", ".json", ".geojson", ".jsonl", ".txt", ".xml", ".html"})
#: Say inside what they are encoded in, so that only what is told beside them is looked at.
_TELL_THEMSELVES = frozenset({".xml", ".html"})


def charset_of(content_type: str) -> str:
    """Give the encoding that a content type tells; may be empty."""
    from email.message import Message

    header = Message()
    header["Content-Type"] = content_type or "application/octet-stream"
    return header.get_content_charset() or ""


class TextCheck:
    """Holds text against its encoding while it flows; anything but text passes.

    Parameters
    ----------
    suffix : str
        Of the file, which tells whether it is text.
    charset : str
        The encoding that was told with it; UTF-8 where none was, as CSV and JSON have it by their own rules.
    who, cure : str
        The subject of the sentence that says what is wrong, and the one that says what to do.

    Raises
    ------
    AeroJobError
        If nobody knows that encoding.
    """

    def __init__(self, suffix: str, charset: str, who: str, cure: str = "") -> None:
        self._charset, self._who, self._cure = charset, who, cure
        self._begun, self._name = False, ""
        self._decoder: codecs.IncrementalDecoder | None = None
        if suffix not in _TEXTS or (suffix in _TELL_THEMSELVES and not charset):
            return
        try:
            info = codecs.lookup(charset or "utf-8")
            self._name, self._decoder = info.name, info.incrementaldecoder()
            known = isinstance(self._decoder.decode(b""), str)
        except (LookupError, TypeError, ValueError):
            known = False
        if not known:
            raise self._wrong(f"says that its text is encoded in {charset[:40]}, which is not known")

    def feed(self, data: bytes) -> None:
        """Look at some more of it; at nothing when it is at its end.

        Raises
        ------
        AeroJobError
            If it is not in that encoding.
        """
        if self._decoder is None:
            return
        try:
            text = self._decoder.decode(data, not data)
        except ValueError:
            text = "\0"
        if "\0" in text or not (self._begun or self._may_begin(data)):
            told = f"encoded in {self._charset[:40]}, as it says" if self._charset else "UTF-8, and tells nothing else"
            raise self._wrong(f"sent text that is not {told}")
        self._begun = True

    def _may_begin(self, head: bytes) -> bool:
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), "")
        return self._name.startswith(marked)

    def _wrong(self, what: str) -> AeroJobError:
        return AeroJobError(f"{self._who} {what}. {self._cure}".rstrip())
