"""Rows of a text table that are longer than its header: by an empty last cell, or by names of rows."""

from __future__ import annotations

import itertools
import warnings
from typing import IO, Any  # pandas objects: pandas is imported only to read a table

#: Cells that rows can have beyond the header.
_EXTRA_CELLS = (1, 16)
#: Options that no reading of the cells beyond the header needs.
_NOT_FOR_EXTRA = {"usecols", "dtype", "converters", "parse_dates", "date_format", "na_values"}


def read_csv_again(file: IO[bytes], options: dict[str, Any]) -> Any:
    """Read the text table from the start of the file."""
    import pandas as pd

    file.seek(0)
    return pd.read_csv(file, **options)


def read_even(file: IO[bytes], options: dict[str, Any], notes: list[str]) -> Any:
    """Read, without the empty last cell of rows longer than the header; a note tells that row names are the index."""
    import pandas as pd

    header = options.get("header", None if "names" in options else 0)
    is_named = type(header) is int or "names" in options
    if options.get("index_col") is None and is_named and options.get("engine") != "pyarrow":
        uneven: Exception | None = None
        try:
            if "usecols" not in options and (even := _unless_longer(file, options)) is not None:
                return even
        except pd.errors.ParserError as error:
            uneven = error
        found = _without_extra(file, options, header, uneven)
        if found is not None:
            return found
        if "usecols" in options:
            whole = {name: value for name, value in options.items() if name != "usecols"}
            return _chosen(_with_note(read_csv_again(file, whole), notes), options["usecols"])
    frame = read_csv_again(file, options)
    return frame if "index_col" in options else _with_note(frame, notes)


def _chosen(frame: Any, usecols: Any) -> Any:
    """Return the columns that are not names of rows, as the reader's option chooses them."""
    if callable(usecols):
        return frame.loc[:, [bool(usecols(name)) for name in frame.columns]]
    return frame.loc[:, [name in usecols or at in usecols for at, name in enumerate(frame.columns)]]


def _with_note(frame: Any, notes: list[str]) -> Any:
    if not _is_counted(frame.index):
        notes.append("The rows have more cells than the header, so their first cells are the index.")
    return frame


def _is_counted(index: Any) -> bool:
    import pandas as pd

    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _unless_longer(file: IO[bytes], options: dict[str, Any], refused: tuple[type[Exception], ...] = ()) -> Any:
    """Return the table; None if rows have cells beyond the header, or the reader refuses it so."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            even = read_csv_again(file, {**options, "index_col": False})
        except refused:
            return None
    return None if any("Length of header" in str(warning.message) for warning in caught) else even


def _without_extra(file: IO[bytes], options: dict[str, Any], header: int | None, uneven: Exception | None) -> Any:
    """Return the table if all cells beyond the header are empty; None if none is.

    Raises
    ------
    ParserError
        If some are.
    """
    import pandas as pd

    some = {name: value for name, value in options.items() if name != "usecols"}
    head = _without_index(file, {**_for_extra(some), "nrows": 0}).columns
    if isinstance(head, pd.MultiIndex) or len(head) != len(set(head)):
        return None if uneven is None else _raised(uneven)
    in_parts = "usecols" in options
    wanted = _for_extra(some) if in_parts else options
    wider = _wider(file, wanted, list(head), header)
    if wider is None:
        return None if uneven is None or in_parts else _raised(uneven)
    is_empty = wider.iloc[:, len(head) :].isna().all(axis=1)
    if is_empty.all():
        return _without_index(file, options) if in_parts else wider.iloc[:, : len(head)]
    if is_empty.any() or uneven is not None:
        raise uneven or pd.errors.ParserError("some rows have more cells than the header")
    return None


def _without_index(file: IO[bytes], options: dict[str, Any]) -> Any:
    """Read, and leave out the cells beyond the header."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        return read_csv_again(file, {**options, "index_col": False})


def _raised(error: Exception) -> None:
    raise error


def _for_extra(options: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in options.items() if name not in _NOT_FOR_EXTRA}
    return {name: value for name, value in plain.items() if name not in ("skipfooter", "nrows")}


def _wider(file: IO[bytes], options: dict[str, Any], head: list[Any], header: int | None) -> Any:
    """Return the table with the cells beyond its header; None if rows have still more cells."""
    skipped = options.get("skiprows") or 0
    ways: list[dict[str, Any]] = [{"header": header}]
    if header is not None and type(skipped) is int:
        # The parser takes the width from a header that it reads, and only below it from the names.
        ways.append({"header": None, "skiprows": skipped + header + 1})
    for way, extra in itertools.product(ways, _EXTRA_CELLS):
        names = [*head, *(f"\0extra {at}" for at in range(extra))]
        wider = _unless_longer(file, {**options, "names": names, **way}, (ValueError,))
        # Below empty lines the header would be a row.
        if wider is not None and (
            not len(wider) or wider.iloc[0, : len(head)].astype(str).tolist() != [str(name) for name in head]
        ):
            return wider
    return None
