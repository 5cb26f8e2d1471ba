"""Parser of a half-typed magic line: the words before the cursor, and the word at the cursor."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_MAGIC = re.compile(r"^(?:\s*|.*=\s*)(%{1,2})(aero_\w+)\s(.*)$", re.DOTALL)
_WORD = re.compile(r"""(?:'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|\\?$)|\\.|\\$|[^\s'"\\])+""", re.DOTALL)
# At the end of a line, IPython reads ? as a request for help, and ; as a request for no output.
_NEEDS_QUOTES = re.compile(r"[\s'\"\\?;]")
#: Endings that may complete a half-typed word.
_ENDINGS = ("", "\\", "'", '"')


@dataclass(frozen=True)
class Fragment:
    """A half-typed word, or the rest of one.

    Attributes
    ----------
    text : str
        As typed.
    quote : str
        The quotation mark that is open before it.
    """

    text: str
    quote: str = ""

    @property
    def value(self) -> str:
        """The word without quotes."""
        return _unquote_word(self.quote + self.text)[0]

    def after(self, separator: str) -> tuple[str, Fragment] | None:
        """Split at a separator: return the value before it and the fragment behind it; None without a separator."""
        head, found, tail = self.text.partition(separator)
        if not found:
            return None
        value, end = _unquote_word(self.quote + head)
        return value, Fragment(tail, end if end in ("'", '"') else "")

    def completed(self, text: str, *, closed: bool = True) -> str:
        """Quote a completion as the fragment is quoted."""
        typed = self.quote or (self.text[:1] if self.text[:1] in ("'", '"') else "")
        if not typed and "\\" in self.text:
            return re.sub(r"([\s'\"\\])", r"\\\1", text)
        quote = typed or ("'" if _NEEDS_QUOTES.search(text) else "")
        inner = {
            "": lambda: text,
            "'": lambda: text.replace("'", "'\"'\"'"),
            '"': lambda: re.sub(r"([\"\\])", r"\\\1", text),
        }[quote]()
        return f"{'' if self.quote else quote}{inner}{quote if closed else ''}"


@dataclass(frozen=True)
class CursorLine:
    """A half-typed line of a magic.

    Attributes
    ----------
    percent, magic : str
    before : tuple of str
        The values of the words before the cursor.
    fragment : Fragment
        The word at the cursor.
    """

    percent: str
    magic: str
    before: tuple[str, ...]
    fragment: Fragment


def parse_line(line: str) -> CursorLine | None:
    """Parse a line up to the cursor; return None if it is not the line of an AERO magic."""
    found = _MAGIC.match(line)
    if found is None:
        return None
    words = list(_WORD.finditer(found[3]))
    at_cursor = words.pop()[0] if words and words[-1].end() == len(found[3]) else ""
    return CursorLine(found[1], found[2], tuple(_unquote_word(word[0])[0] for word in words), Fragment(at_cursor))


def _unquote_word(word: str) -> tuple[str, str]:
    """Return the value of a word, and the ending that it lacked."""
    for end in _ENDINGS:
        try:
            return "".join(shlex.split(word + end)), end
        except ValueError:
            continue
    return word, ""
