"""DataFrames in files that preserve columns and types: CSV with a file of types, or Parquet."""

from __future__ import annotations

import json
import os
import uuid
from typing import Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.column_types import TypeNotKept, columns_of_rounded, decode_column, encode_column, encode_names
from aero_jupyter.jobs.request_errors import AeroJobError

#: The suffix of a CSV whose types are in a file with `TYPES_SUFFIX` appended.
TYPED_CSV = ".typed.csv"
TYPES_SUFFIX = ".types.json"


def write_frame(name: str, frame: object, folder: str) -> str:
    """Write a DataFrame and return the path: Parquet by name or if CSV cannot hold it, else CSV.

    Named index levels are stored, unnamed ones never.

    Raises
    ------
    AeroJobError
        If neither format keeps its columns and types.
    """
    frame = _without_unnamed_levels(frame)
    path = os.path.join(folder, uuid.uuid4().hex)
    if name.lower().endswith(".parquet"):
        return _write_parquet(name, frame, path + ".parquet", "")
    try:
        return write_typed_csv(frame, path + TYPED_CSV)
    except (TypeNotKept, ValueError, TypeError, OverflowError) as error:
        return _write_parquet(name, frame, path + ".parquet", str(error))


def _without_unnamed_levels(frame: Any) -> Any:
    unnamed = [level for level, name in enumerate(frame.index.names) if name is None]
    return frame.reset_index(level=unnamed, drop=True) if unnamed else frame


def _write_parquet(name: str, frame: Any, path: str, why: str) -> str:
    cause = f" ({why})" if why else ""
    try:
        frame.to_parquet(path)
        again = read_typed_parquet(path)
        if not (
            _frames_are_equal(frame, again, check_dtype=False, check_categorical=False) and _keeps_dtypes(frame, again)
        ):
            raise AeroJobError(f"Output {name} has columns that Parquet cannot store unchanged{cause}.")
    except ImportError:
        needs = "columns that CSV cannot store and " if why else ""
        message = (
            f"Output {name} has {needs}needs pyarrow on the endpoint{cause}. Install it there: pip install pyarrow"
        )
        raise AeroJobError(message) from None
    except (ValueError, TypeError, NotImplementedError, OverflowError) as error:
        detail = str(error).split("\n")[0][:200]
        message = (
            f"Output {name} cannot be stored with its types{cause}: {detail}. Convert the column to text or numbers."
        )
        raise AeroJobError(message) from None
    return path


def _keeps_dtypes(frame: Any, again: Any) -> bool:
    # Parquet has one text type.
    text = {"object", "str", "string"}
    pairs = [{str(one), str(other)} for one, other in zip(frame.dtypes, again.dtypes, strict=True)]
    return all(len(pair) == 1 or pair <= text for pair in pairs)


def read_typed_parquet(file: Any, **options: Any) -> Any:
    """Read Parquet; a nested list comes back as a list, and an integer that a float would change as an integer."""
    import numpy as np
    import pandas as pd

    frame = pd.read_parquet(file, **options)
    if "dtype_backend" not in options and (rounded := columns_of_rounded(frame)):
        _restore_integers(file, frame, rounded, options)
    for at in range(frame.shape[1]):
        column = frame.iloc[:, at]
        if column.dtype == object and any(isinstance(value, np.ndarray) for value in column):
            frame.isetitem(at, [value.tolist() if isinstance(value, np.ndarray) else value for value in column])
    return frame


def _restore_integers(file: Any, frame: Any, places: list[int], options: dict[str, Any]) -> None:
    """Read integer columns again that became floats because values are missing."""
    import pandas as pd
    import pyarrow.parquet
    import pyarrow.types

    schema = pyarrow.parquet.read_schema(file)
    for at in places:
        name = frame.columns[at]
        if name in schema.names and pyarrow.types.is_integer(schema.field(name).type):
            column = pd.read_parquet(file, **{**options, "columns": [name], "dtype_backend": "numpy_nullable"})
            frame.isetitem(at, column[name])


def write_typed_csv(frame: Any, path: str) -> str:
    """Write a DataFrame as CSV with a file of its types; return the path.

    Raises
    ------
    TypeNotKept
        If it would not be read back unchanged.
    """
    import pandas as pd

    levels = [] if frame.index.names == [None] else list(frame.index.names)
    series = [frame.index.get_level_values(at).to_series() for at in range(len(levels))]
    series += [frame.iloc[:, at] for at in range(frame.shape[1])]
    pairs = [encode_column(one.reset_index(drop=True)) for one in series]
    head = [_header_cells(levels, frame.columns, at) for at in range(frame.columns.nlevels)]
    types = {
        "rows": len(frame),
        "head": frame.columns.nlevels,
        "index": encode_names(levels),
        "names": encode_names(frame.columns),
        "levels": encode_names(frame.columns.names),
        "columns": [about for _, about in pairs],
    }
    body = {at: text for at, (text, _) in enumerate(pairs)}
    cells = pd.concat([pd.DataFrame(head), pd.DataFrame(body)]) if pairs else pd.DataFrame()
    cells.to_csv(path, header=False, index=False, encoding="utf-8", lineterminator="\n")
    with open(path + TYPES_SUFFIX, "w", encoding="utf-8") as file:
        json.dump(types, file)
    with open(path, "rb") as content:
        if not _frames_are_equal(frame, read_typed_csv(content, parse_json(json.dumps(types)))):
            raise TypeNotKept("values that text cannot represent")
    return path


def _header_cells(levels: list[Any], columns: Any, at: int) -> list[str]:
    last = at == columns.nlevels - 1
    names = [("" if level is None else str(level)) if last else "" for level in levels]
    return names + [str(value) for value in columns.get_level_values(at)]


def read_typed_csv(file: Any, types: dict[str, Any]) -> Any:
    """Read a file of `write_typed_csv`."""
    import pandas as pd

    columns = types["columns"]
    if columns:
        cells = pd.read_csv(
            file, header=None, dtype=object, keep_default_na=False, na_filter=False, skip_blank_lines=False,
            encoding="utf-8", names=range(len(columns)), index_col=False,
        ).iloc[types["head"] :]  # fmt: skip
        if len(cells) != types["rows"]:
            raise ValueError(f"it has {len(cells):,} rows, but {types['rows']:,} were recorded.")
    parts = [decode_column(cells[at].to_numpy(dtype=object), about) for at, about in enumerate(columns)]
    depth = len(types["index"])
    body = dict(enumerate(parts[depth:]))
    frame = pd.DataFrame(body, index=range(types["rows"]))
    frame.columns = _column_index(types)
    if depth == 1:
        frame.index = pd.Index(parts[0], name=types["index"][0])
    elif depth:
        frame.index = pd.MultiIndex.from_arrays(parts[:depth], names=types["index"])
    return frame


def _column_index(types: dict[str, Any]) -> Any:
    import pandas as pd

    names = [tuple(name) if isinstance(name, list) else name for name in types["names"]]
    levels = [tuple(name) if isinstance(name, list) else name for name in types["levels"]]
    if types["head"] > 1:
        return pd.MultiIndex.from_tuples(names, names=levels)
    return pd.Index(names, name=levels[0], tupleize_cols=False)


def _frames_are_equal(frame: Any, again: Any, **lenient: Any) -> bool:
    import pandas as pd

    lenient |= dict.fromkeys(("check_index_type", "check_column_type", "check_freq"), False)
    try:
        pd.testing.assert_frame_equal(frame, again, check_exact=True, **lenient)
    except AssertionError:
        return False
    return True


def types_beside(path: str) -> bytes | None:
    """Return the types that are stored beside a CSV file; None if there are none."""
    if not os.path.isfile(path + TYPES_SUFFIX):
        return None
    with open(path + TYPES_SUFFIX, "rb") as file:
        return file.read()
