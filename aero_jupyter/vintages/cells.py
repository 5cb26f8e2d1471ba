"""Equality of cells: versions may store one value with different dtypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast  # columns of any dtype

import numpy as np
import numpy.typing as npt
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def decategorized(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return the values of a categorical column; any other column is returned as it is."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = column.dtype.categories.dtype
        # Neither integers nor truth values have a missing value.
        has_gaps = isinstance(values, np.dtype) and values.kind in "iub" and column.hasnans
        return column.astype(object if has_gaps else values)
    return column


def with_times(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return Arrow dates as times, which have the accessors of other columns of dates; any other column as it is."""
    dtype = column.dtype
    is_date = isinstance(dtype, pd.ArrowDtype) and str(dtype).startswith("date")
    return column.astype("datetime64[s]") if is_date else column


def stacked(parts: Sequence[pd.Series[Any]]) -> pd.Series[Any]:
    """Concatenate columns without loss: different dtypes become objects, since int64 beyond 2**53 is no float64.

    Examples
    --------
    >>> stacked([pd.Series([2**53 + 1]), pd.Series([0.5])]).tolist()
    [9007199254740993, 0.5]
    """
    parts = [part for part in parts if len(part)] or list(parts[:1])
    if len({part.dtype for part in parts}) > 1:
        parts = [decategorized(part).astype(object) for part in parts]
    return pd.concat(parts, ignore_index=True)


def assembled(columns: Mapping[Any, Any]) -> pd.DataFrame:
    """Build a table of columns by position; unlike arrays, columns keep their dtypes.

    Examples
    --------
    >>> assembled({"geo": pd.Series(["A", "B"], index=[7, 3], dtype=object)}).dtypes.tolist()
    [dtype('O')]
    """
    kept = {
        name: column.reset_index(drop=True) if isinstance(column, pd.Series) else column
        for name, column in columns.items()
    }
    return pd.DataFrame(kept, columns=pd.Index(list(kept)))


def with_named_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose named index levels are columns.

    Raises
    ------
    InvalidArgument
        If a level has the name of a column, or if names of columns have several levels.

    Examples
    --------
    >>> with_named_index(pd.DataFrame({"x": [1]}, index=pd.Index(["A"], name="geo"))).columns.tolist()
    ['geo', 'x']
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise InvalidArgument(
            "The names of the columns have several levels.", "Join them: frame.columns = frame.columns.map('_'.join)"
        )
    if frame.index.names == [None]:
        return frame
    if taken := [name for name in frame.index.names if name in frame.columns]:
        raise InvalidArgument(f"An index and a column are named {taken[0]}.", f"Rename the column {taken[0]}.")
    return frame.reset_index()


def recast(column: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    """Return a column with the dtype that its values came with; missing values may be those of another dtype.

    Examples
    --------
    >>> recast(pd.Series([pd.NaT]), "float64").tolist()
    [nan]
    """
    if column.dtype == dtype:
        return column
    values = decategorized(column).astype(object)
    return values.where(values.notna(), None).astype(dtype)


def equal_cells(left: pd.Series[Any], right: pd.Series[Any], abs_tol: float = 0.0, rel_tol: float = 0.0) -> Bools:
    """Compare two columns by position.

    Missing values equal each other, and 1 equals 1.0. Instants are compared across units and time zones.

    Parameters
    ----------
    left, right : Series
        Of the same length.
    abs_tol, rel_tol : float
        Numbers are equal up to ``max(abs_tol, rel_tol * abs(left))``.

    Returns
    -------
    ndarray of bool

    Raises
    ------
    InvalidArgument
        If the cells cannot be compared, as with lists.

    Examples
    --------
    >>> equal_cells(pd.Series([1, 2]), pd.Series([1.0, None])).tolist()
    [True, False]
    """
    left, right = decategorized(left), decategorized(right)
    no_left, no_right = left.isna().to_numpy(), right.isna().to_numpy()
    both = ~(no_left | no_right)
    if not both.all():
        equal = no_left & no_right
        if both.any():
            equal[both] = _equal_values(left[both], right[both], abs_tol, rel_tol)
        return equal
    return _equal_values(left, right, abs_tol, rel_tol)


def _equal_values(left: pd.Series[Any], right: pd.Series[Any], abs_tol: float, rel_tol: float) -> Bools:
    """Compare columns without missing values."""
    types = pd.api.types
    left, right = with_times(left), with_times(right)
    if types.is_numeric_dtype(left.dtype) and types.is_numeric_dtype(right.dtype):
        return _equal_numbers(_numpy_numbers(left), _numpy_numbers(right), abs_tol, rel_tol)
    if types.is_datetime64_any_dtype(left.dtype) and types.is_datetime64_any_dtype(right.dtype):
        if (left.dt.tz is None) != (right.dt.tz is None):
            return np.zeros(len(left), bool)
        return cast(Bools, _utc(left) == _utc(right))
    if left.dtype == right.dtype and not types.is_object_dtype(left.dtype):
        return np.asarray(left.array == right.array, dtype=bool)
    first, second = left.to_numpy(object), right.to_numpy(object)
    try:
        equal = np.asarray(first == second, dtype=bool)
    except (TypeError, ValueError) as error:
        raise uncomparable(str(left.name)) from error
    # Among objects, 1, 1.0 and True are told apart.
    same = [type(a) is type(b) for a, b in zip(first[equal], second[equal], strict=True)]
    equal[equal] = same
    return equal


def uncomparable(name: str) -> InvalidArgument:
    """Return the error for a column with lists or other cells that have no equality."""
    return InvalidArgument(
        f"The column {name} holds values that cannot be compared, such as lists.",
        f"Compare them as text: frame[{name!r}] = frame[{name!r}].astype(str)",
    )


def _utc(column: pd.Series[Any]) -> npt.NDArray[np.datetime64]:
    return (column if column.dt.tz is None else column.dt.tz_convert("UTC").dt.tz_localize(None)).to_numpy()


def _numpy_numbers(column: pd.Series[Any]) -> npt.NDArray[Any]:
    dtype = getattr(column.dtype, "numpy_dtype", None)
    return column.to_numpy(dtype) if dtype is not None else column.to_numpy()


def _equal_numbers(left: npt.NDArray[Any], right: npt.NDArray[Any], abs_tol: float, rel_tol: float) -> Bools:
    equal = left == right
    if abs_tol or rel_tol:
        # Differences of small and of unsigned integers overflow.
        wide = complex if "c" in (left.dtype.kind, right.dtype.kind) else float
        start, end = left.astype(wide), right.astype(wide)
        with np.errstate(invalid="ignore"):
            near = np.abs(start - end) <= np.maximum(abs_tol, rel_tol * np.abs(start))
        return cast(Bools, (near & np.isfinite(start) & np.isfinite(end)) | equal)
    if (left.dtype.kind == "f") != (right.dtype.kind == "f"):
        # The comparison above rounds integers beyond 2**53.
        whole, fraction = (right, left) if left.dtype.kind == "f" else (left, right)
        large = np.flatnonzero(equal & (np.abs(fraction) >= 2.0**53))
        equal[large] = [int(a) == int(b) for a, b in zip(whole[large], fraction[large], strict=True)]
    return cast(Bools, equal)


def numbers(column: pd.Series[Any]) -> Floats:
    """Return a column as float64, missing values as NaN.

    Raises
    ------
    InvalidArgument
        If the column holds anything but numbers.

    Examples
    --------
    >>> numbers(pd.Series([1, None], name="cases"))
    array([ 1., nan])
    """
    present = decategorized(column)
    if not pd.api.types.is_numeric_dtype(present.dtype) or pd.api.types.is_complex_dtype(present.dtype):
        kinds = {type(value) for value in present.dropna()}
        if not all(issubclass(kind, (int, float, np.number)) for kind in kinds):
            raise InvalidArgument(f"The column {column.name} does not hold numbers.", "Choose a column of numbers.")
    return present.to_numpy(dtype=float, na_value=np.nan)
