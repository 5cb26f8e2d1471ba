"""The line of a magic as far as it is typed: the words that stand there, and the one at the cursor."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_MAGIC = re.compile(r"^(?:\s*|.*=\s*)(%{1,2})(aero_\w+)\s(.*)$", re.DOTALL)
_WORD = re.compile(r"""(?:'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|\\?$)|\\.|\\$|[^\s'"\\])+""", re.DOTALL)
# A question mark at the end of a line asks IPython for help.
_NEEDS_QUOTES = re.compile(r"[\s'\"\\?]")
#: What may be missing at the end of a word, so that it can be read.
_ENDS = ("", "\\", "'", '"')


@dataclass(frozen=True)
class Fragment:
    """A word, or the rest of one, as far as it is typed.

    Attributes
    ----------
    text : str
        As it stands in the line.
    quote : str
        The quotation that was open before it.
    """

    text: str
    quote: str = ""

    @property
    def meant(self) -> str:
        """What it says, without its quotes."""
        return _read(self.quote + self.text)[0]

    def after(self, separator: str) -> tuple[str, Fragment] | None:
        """Split it: what is meant before the separator, and what stands behind it; None without one."""
        head, found, tail = self.text.partition(separator)
        if not found:
            return None
        meant, end = _read(self.quote + head)
        return meant, Fragment(tail, end if end in ("'", '"') else "")

    def completed(self, text: str, *, closed: bool = True) -> str:
        """Write a text so that it means itself where this stands, quoted as this is."""
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
class Typed:
    """A magic and what is typed behind it.

    Attributes
    ----------
    percent, magic : str
    before : tuple of str
        What the words before the cursor's say.
    fragment : Fragment
        The word at the cursor.
    """

    percent: str
    magic: str
    before: tuple[str, ...]
    fragment: Fragment


def typed_in(line: str) -> Typed | None:
    """Read a line up to the cursor; None where it is no line of ours."""
    found = _MAGIC.match(line)
    if found is None:
        return None
    words = list(_WORD.finditer(found[3]))
    at_cursor = words.pop()[0] if words and words[-1].end() == len(found[3]) else ""
    return Typed(found[1], found[2], tuple(_read(word[0])[0] for word in words), Fragment(at_cursor))


def _read(word: str) -> tuple[str, str]:
    """Give what a word says, and what was missing at its end."""
    for end in _ENDS:
        try:
            return "".join(shlex.split(word + end)), end
        except ValueError:
            continue
    return word, ""
