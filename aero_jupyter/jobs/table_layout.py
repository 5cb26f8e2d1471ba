"""The layout of a text table: its separator, the lines above it, and whether it has a header."""

from __future__ import annotations

import contextlib
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
_DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?|\d\d?[./-]\d\d?[./-](?:\d{4}|\d\d)|\d{4}-(?:\d\d|W\d\d)"
#: The beginning of a text in which lines above the table are looked for.
_HEAD_CHARACTERS = 1 << 18
_PREAMBLE_ROWS = 50


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
    if found == _NO_SEPARATOR:
        # Numbers with such a mark can be quoted.
        found = separator_of(body)
    is_told = first or skipped is not None or {"header", "names"} & options.keys()
    if not is_told and (count := preamble_of(body, _SEPARATORS if found == _NO_SEPARATOR else found)):
        lead = f"{count} lines that are" if count > 1 else "a line that is"
        raise TableError(
            f"{label} begins with {lead} not part of the table below.",
            f"Read it with skiprows={count}, or with header=0 as it is.",
        )
    return found


def preamble_of(text: str, separators: str = _SEPARATORS) -> int:
    """Return how many lines precede a table, whose rows have another number of cells; 0 if uncertain."""
    if re.match(r"\"?sep=.\"?\r?\n", text):
        # A line for spreadsheet programs.
        return 1
    for mark in separators:
        rows = [(line, row) for line, row in _numbered_rows(text[:_HEAD_CHARACTERS], mark) if row]
        counts = [len(row) for _, row in rows]
        columns = Counter(counts).most_common(1)[0][0] if counts else 0
        first = next((at for at in range(len(counts), 0, -1) if counts[at - 1] != columns), 0)
        first = first or _padded_lines([row for _, row in rows])
        if columns < 2 or not 0 < first <= _PREAMBLE_ROWS or len(counts) - first < max(2, first):
            continue
        # Rows that are longer by names of rows, or by empty cells, have a header above them.
        has_header = counts[0] >= columns - 1 > 0 or not any(any(row[counts[0] :]) for _, row in rows)
        names_rows = first == 1 < counts[0] and has_header and any(rows[0][1][1:])
        if not names_rows and (mark != "," or columns > 2 or _are_names([row for _, row in rows[first:]])):
            return rows[first][0]
    return 0


def _padded_lines(rows: list[list[str]]) -> int:
    """Return how many rows of three cells or more at the beginning have at most one that is not empty."""
    return next((at for at, row in enumerate(rows) if len(row) < 3 or sum(map(bool, row)) > 1), 0)


def _are_names(rows: list[list[str]]) -> bool:
    """Return whether the first row is names of columns, and no comma of the rows is one of a sentence."""
    in_text = any(cell.startswith(" ") for row in rows for cell in row[1:])
    return not in_text and not any(map(_kind_of_cell, rows[0]))


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
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    return rows


def _numbered_rows(text: str, mark: str) -> list[tuple[int, list[str]]]:
    """Return the rows, each with the number of lines above it."""
    rows, above = [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    with contextlib.suppress(csv.Error):
        for row in reader:
            rows.append((above, row))
            above = reader.line_num
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
    if not kinds or not below or not all(_is_of_kind(cell, rows[0][at]) for at, cell in below):
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
    if re.fullmatch(r"0\d+", text):
        return "code"
    return "date" if re.fullmatch(_DATE, text) else ""


def _is_of_kind(text: str, first: str) -> bool:
    """Return whether a cell is of the first one's kind; a code with a leading zero is as long as one without."""
    kinds = {_kind_of_cell(text), _kind_of_cell(first)}
    return len(kinds) == 1 or (kinds == {"code", "number"} and len(text) == len(first))


def _is_number(text: str) -> bool:
    return bool(text) and bool(re.fullmatch(NUMBER_TEXT, text)) and any(c.isdigit() for c in text)
