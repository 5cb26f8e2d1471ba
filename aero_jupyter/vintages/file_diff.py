"""The differences between two files that are no tables."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from html import escape

from aero_jupyter.core.terminal_text import escape_controls

#: Lines of the text form.
_SHOWN_LINES = 60


@dataclass(frozen=True, repr=False)
class FileDiff:
    """The differences between two files.

    Attributes
    ----------
    versions : tuple of str
        The names of the two versions.
    sizes : tuple of int or None
        Bytes; None if the server does not list them.
    checksums : tuple of str or None
    lines : tuple of str or None
        The unified diff of two texts; None if a file is no text or too large to compare.
    """

    versions: tuple[str, str]
    sizes: tuple[int | None, int | None]
    checksums: tuple[str | None, str | None]
    lines: tuple[str, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """True if the files have the same content."""
        return (
            self.lines == () if self.lines is not None else None not in self.checksums and len(set(self.checksums)) == 1
        )

    def __str__(self) -> str:
        sizes = " -> ".join("unknown" if size is None else f"{size:,} bytes" for size in self.sizes)
        checksums = " -> ".join(checksum or "unknown" for checksum in self.checksums)
        lines = [f"{self.versions[0]} -> {self.versions[1]}: no tables", f"size      {sizes}", f"checksum  {checksums}"]
        lines += ["no text that can be compared"] if self.lines is None else self.lines[:_SHOWN_LINES]
        if self.lines is not None and len(self.lines) > _SHOWN_LINES:
            lines.append(f"and {len(self.lines) - _SHOWN_LINES:,} more in diff.lines")
        return "\n".join(escape_controls(line) for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def line_differences(left: bytes, right: bytes) -> tuple[str, ...] | None:
    r"""Return the unified diff of two texts in UTF-8; None if a file is no text.

    Examples
    --------
    >>> line_differences(b"a\nb\n", b"a\nc\n")[-2:]
    ('-b', '+c')
    >>> line_differences(b"\xff\x00", b"a") is None
    True
    """
    try:
        before, after = left.decode("utf-8"), right.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in before + after:
        return None
    return tuple(difflib.unified_diff(before.splitlines(), after.splitlines(), "earlier", "later", lineterm=""))
