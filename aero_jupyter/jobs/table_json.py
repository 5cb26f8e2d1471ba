"""JSON as a table: records, lines, columns, GeoJSON, and objects with the rows under a key."""

from __future__ import annotations

import json
import warnings
from typing import IO, Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.column_types import with_exact_integers

_ROWS_UNDER = ("data", "records", "results", "rows", "items", "value", "values", "result", "features", "observations")


def read_json_table(file: IO[bytes], encoding: str, options: dict[str, Any]) -> Any:
    """Read JSON as a DataFrame; strings stay strings."""
    import pandas as pd

    file.seek(0)
    if options.keys() - {"encoding", "lines"}:
        if options.get("orient") != "table":
            options = {"dtype": False, "convert_dates": False, "convert_axes": False, **options}
        with warnings.catch_warnings():
            # pandas 3.1 converts no dates with dtype=False, and warns about the option that earlier ones need.
            warnings.filterwarnings("ignore", "The 'convert_", DeprecationWarning)
            return _with_counted_rows(pd.read_json(file, **{"encoding": encoding, **options}))
    text = file.read().decode(options.get("encoding") or encoding).lstrip("\ufeff")
    try:
        return json_frame(_loaded(text, options.get("lines")))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _loaded(text: str, lines: object) -> Any:
    try:
        if not lines:
            return parse_json(text)
    except ValueError as error:
        rows = [line for line in text.split("\n") if line.strip()]
        try:
            return [parse_json(row) for row in rows] if len(rows) > 1 else parse_json(text)
        except ValueError:
            raise error from None
    return [parse_json(line) for line in text.split("\n") if line.strip()]


def json_frame(value: object) -> Any:
    """Return the table that a JSON value holds."""
    import pandas as pd

    if isinstance(value, list):
        return _rows_frame(value)
    if not isinstance(value, dict):
        raise ValueError("it is one value, not a table")
    if value.get("type") in ("FeatureCollection", "Feature"):
        return _features_frame(value)
    columns = _columns_of(value)
    if "schema" in value and "data" in value:
        import io

        return pd.read_json(io.StringIO(json.dumps(value)), orient="table")
    under = [name for name in _ROWS_UNDER if _holds_rows(value.get(name))]
    if under and (len(under) == 1 or under[0] == "data") and not _is_columns(value):
        rows = value[under[0]]
        if columns and all(isinstance(row, list) and len(row) == len(columns) for row in rows):
            index = value.get("index")
            index = index if isinstance(index, list) else None
            return _frame_of(rows, columns=columns, index=index)
        return _rows_frame(rows)
    if _is_columns(value):
        return _columns_frame(value)
    nested = [rows for rows in value.values() if _holds_rows(rows)]
    return _rows_frame(nested[0] if len(nested) == 1 else [value])


def _holds_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, (dict, list)) for row in value)


def _is_columns(value: dict[str, Any]) -> bool:
    kinds = {type(column) for column in value.values()}
    if kinds == {dict}:
        return True
    lengths = {len(column) for column in value.values()} if kinds == {list} else set()
    return len(lengths) == 1 and not any(_holds_rows(column) for column in value.values())


def _columns_frame(value: dict[str, Any]) -> Any:
    import pandas as pd

    frame = pd.DataFrame({name: pd.Series(column) for name, column in value.items()})
    return _with_counted_rows(
        with_exact_integers(
            frame, lambda: pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in value.items()})
        )
    )


def _with_counted_rows(frame: Any) -> Any:
    import pandas as pd

    labels = list(frame.index)
    if labels and labels == [str(at) for at in range(len(labels))]:
        frame.index = pd.RangeIndex(len(labels))
    return frame


def _rows_frame(rows: list[Any]) -> Any:
    if rows and not any(isinstance(row, (dict, list)) for row in rows):
        return _frame_of({"value": rows})
    if rows and all(isinstance(row, dict) and row.get("type") == "Feature" for row in rows):
        return _features_frame({"features": rows})
    return _frame_of(rows)


def _frame_of(values: Any, **labels: Any) -> Any:
    import pandas as pd

    return with_exact_integers(pd.DataFrame(values, **labels), lambda: pd.DataFrame(values, dtype=object, **labels))


def _features_frame(value: dict[str, Any]) -> Any:
    features = value.get("features") if "features" in value else [value]
    rows = []
    for feature in features or []:
        own = {"id": feature["id"]} if "id" in feature else {}
        rows.append({**own, **(feature.get("properties") or {}), "geometry": feature.get("geometry")})
    return _frame_of(rows)


def _columns_of(value: dict[str, Any]) -> list[Any] | None:
    view = (value.get("meta") or {}).get("view") if isinstance(value.get("meta"), dict) else None
    found = view.get("columns") if isinstance(view, dict) else value.get("columns") or value.get("fields")
    if not isinstance(found, list):
        return None
    names = [_name_of(column) if isinstance(column, dict) else column for column in found]
    return None if None in names else names


def _name_of(column: dict[str, Any]) -> object:
    return next((column[key] for key in ("name", "id", "key") if isinstance(column.get(key), str)), None)
