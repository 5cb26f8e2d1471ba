"""The layout of a text table: its separator, the lines above it, and whether it has a header."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from typing import Any

from aero_jupyter.jobs.table_unpacking import TableError

_SEPARATORS = ",;\t|"
#: The separator of a table of one column; occurs in no text.
_NO_SEPARATOR = "\x1f"
#: A number as programs write it.
NUMBER_TEXT = r"-?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d+)?"
_YEAR = r"(19|20)\d\d"
_DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?|\d\d?[./]\d\d?[./]\d{4}"


def separator_under(text: str, options: dict[str, Any], label: str) -> str:
    """Return the separator after the skipped lines; decimal and thousands marks do not count."""
    skipped = options.get("skiprows")
    header = options.get("header")
    first = (skipped if isinstance(skipped, int) else 0) + (header if isinstance(header, int) else 0)
    lines = text.splitlines(keepends=True)
    if isinstance(skipped, (list, tuple, set)):
        lines = [line for at, line in enumerate(lines) if at not in skipped]
    body = "".join(lines[first:])
    numeric = (options.get("decimal"), options.get("thousands"))
    found = separator_of(body, "".join(mark for mark in _SEPARATORS if mark not in numeric))
    if not first and skipped is None and found == _NO_SEPARATOR and (count := preamble_of(body)):
        lead = f"{count} lines that are" if count > 1 else "a line that is"
        raise TableError(
            f"{label} begins with {lead} not part of the table below.",
            f"Read it with skiprows={count}, or with sep='\\x1f' as one column.",
        )
    return found


def preamble_of(text: str) -> int:
    """Return how many lines without separators precede a table; 0 if uncertain."""
    for mark in _SEPARATORS:
        counts = [len(row) for row in _rows_of(text, mark) if row]
        first = next((at for at, count in enumerate(counts) if count > 1), 0)
        below = set(counts[first:])
        if first and len(counts) - first > 1 and len(below) == 1 and (mark != "," or min(below) > 2):
            return first
    return 0


def separator_of(text: str, separators: str = _SEPARATORS) -> str:
    """Return the separator that gives the most rows the same number of columns."""
    best, found = (0.0, 0), _NO_SEPARATOR
    for mark in separators:
        counts = [len(row) for row in _rows_of(text, mark) if row]
        if not counts:
            continue
        columns, rows = Counter(counts).most_common(1)[0]
        share = rows / len(counts)
        fits = columns > 1 and (share > 0.9 or (counts[0] in (columns, columns - 1) and counts[0] > 1))
        if fits and (share, columns) > best:
            best, found = (share, columns), mark
    # If only the first row splits, the parser reports the error.
    return found if best[1] or "," not in separators or "," not in text.split("\n", 1)[0] else ","


def _rows_of(text: str, mark: str) -> list[list[str]]:
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for row in reader:
            rows.append(row)
    except csv.Error:
        pass
    return rows


def lacks_header(text: str, mark: str, notes: list[str]) -> bool:
    """Return whether the first row is data: numbers over numbers and dates over dates, with no text over them.

    Numbers that are usual as names (years, counts, rising levels) are read as names; `notes` says so in doubt.
    """
    rows = [[cell.strip() for cell in row] for row in _rows_of(text[: 1 << 16], mark) if row][:50]
    if len(rows) < 2 or not all(rows[0]) or len(rows[0]) != len(rows[1]):
        return False
    kinds = {at: kind for at, cell in enumerate(rows[0]) if (kind := _kind_of_cell(cell))}
    below = [(at, row[at]) for row in rows[1:] for at in kinds if at < len(row) and row[at]]
    if not kinds or not below or any(_kind_of_cell(cell) != kinds[at] for at, cell in below):
        return False
    numbers = [rows[0][at] for at, kind in kinds.items() if kind == "number"]
    if len(numbers) < len(kinds) or not _are_usual_names(numbers, [[row[at] for at in kinds] for row in rows[1:]]):
        notes.append(
            "The first row looks like data, so the columns have numbers for names; header=0 reads it as names."
        )
        return True
    if all(re.fullmatch(_YEAR, cell) for cell in [*numbers, *(cell for _, cell in below)]):
        notes.append(f"The first row ({', '.join(rows[0][:3])}) is read as names; header=None reads it as data.")
    return False


def _are_usual_names(numbers: list[str], below: list[list[str]]) -> bool:
    if all(re.fullmatch(_YEAR, cell) for cell in numbers):
        return True
    counts = [[str(at + first) for at in range(len(numbers))] for first in (0, 1)]
    if numbers in counts and (len(numbers) > 1 or numbers == ["0"]):
        return True
    return len(numbers) > 2 and _rises(numbers) and not all(_rises(row) for row in below)


def _rises(cells: list[str]) -> bool:
    values = [float(cell) if _is_number(cell) else float("nan") for cell in cells]
    return all(one < other for one, other in itertools.pairwise(values))


def _kind_of_cell(text: str) -> str:
    if _is_number(text):
        return "number"
    return "date" if re.fullmatch(_DATE, text) else ""


def _is_number(text: str) -> bool:
    return bool(text) and bool(re.fullmatch(NUMBER_TEXT, text)) and any(c.isdigit() for c in text)
