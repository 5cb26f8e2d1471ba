"""The checks of a function's outputs: an error ends the run, a warning marks the version."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any  # JSON values of a check, cells of a table

from aero_jupyter.jobs.output_columns import (
    OutputColumns,
    columns_of_output,
    frame_of_output,
    number_in,
    time_in,
)
from aero_jupyter.jobs.request_errors import AeroJobError

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
#: A failed check: the reason, and the head of the failing rows.
_Failure = tuple[str, str]


def check_outputs(
    checks: Sequence[Mapping[str, Any]],
    results: Mapping[str, Any],
    paths: Mapping[str, str],
    previous_names: Callable[[str], Sequence[str] | None],
) -> dict[str, list[dict[str, str]]]:
    """Check the outputs of a function before one of them is stored.

    Parameters
    ----------
    checks : sequence of mapping
        As the grammar of checks parses them.
    results, paths : mapping
        The result and the file of each output.
    previous_names : callable
        Returns the columns of the newest version of an output; None if there is no version.

    Returns
    -------
    dict
        For each output with warnings: a list with ``check`` and ``reason``, without rows.

    Raises
    ------
    AeroJobError
        For the first failed check of severity error, with the head of the failing rows.
    """
    warned: dict[str, list[dict[str, str]]] = {}
    for name, value in results.items():
        chosen = [check for check in checks if check["output"] in (None, name)]
        # Several checks read the output once.
        table_of = cache(partial(columns_of_output, name, value, paths[name]))
        # The errors first: a run that fails needs no warnings.
        for check in sorted(chosen, key=lambda check: bool(check["severity"] == "warning")):
            failure = _failure_of(check, name, value, paths[name], previous_names, table_of)
            if failure is None:
                continue
            reason, head = failure
            if check["severity"] == "error":
                raise AeroJobError(
                    f"Output {name} fails its check {check['text']!r}: {reason}." + (f"\n{head}" if head else "")
                )
            print(f"Warning: output {name} fails its check {check['text']!r}: {reason}.", head, sep="\n")  # noqa: T201
            warned.setdefault(name, []).append({"check": str(check["text"]), "reason": reason})
    return warned


def _failure_of(
    check: Mapping[str, Any],
    name: str,
    value: Any,
    path: str,
    previous_names: Callable[[str], Sequence[str] | None],
    table_of: Callable[[], OutputColumns],
) -> _Failure | None:
    if check["rule"] == "pandera":
        return _schema_failure(check, frame_of_output(name, value, path))
    table = table_of()
    if check["rule"] == "rows":
        fits = _COMPARISONS[check["op"]](table.rows, check["number"])
        return None if fits else (f"it has {_counted(table.rows)}", "")
    if check["rule"] == "columns":
        expected = check["columns"] if check["columns"] is not None else previous_names(name)
        return None if expected is None else _names_failure(table.names, expected)
    names = [check[key] for key in ("column", "other") if check.get(key) is not None] or check["columns"]
    if absent := [each for each in names if each not in table.names]:
        return f"there is no column {', '.join(absent)}; there are {', '.join(table.names)}", ""
    if failing := _FAILING_ROWS[check["rule"]](check, table):
        return f"{len(failing):,} of {_counted(table.rows)} {_VERBS[check['rule']]}", table.head_of(failing, names)
    return None


def _names_failure(names: Sequence[str], expected: Sequence[str]) -> _Failure | None:
    lost = [name for name in expected if name not in names]
    added = [name for name in names if name not in expected]
    parts = [f"column {', '.join(lost)} is missing"] if lost else []
    parts += [f"column {', '.join(added)} is new"] if added else []
    return (" and ".join(parts), "") if parts else None


def _repeated_rows(check: Mapping[str, Any], table: OutputColumns) -> list[int]:
    columns = [table.column(name) or [] for name in check["columns"]]
    keys = [tuple(value if value.__hash__ else str(value) for value in row) for row in zip(*columns, strict=True)]
    counts = Counter(keys)
    return [at for at, key in enumerate(keys) if counts[key] > 1]


def _incomplete_rows(check: Mapping[str, Any], table: OutputColumns) -> list[int]:
    columns = [table.column(name) or [] for name in check["columns"]]
    return [at for at, row in enumerate(zip(*columns, strict=True)) if any(value is None for value in row)]


def _unlisted_rows(check: Mapping[str, Any], table: OutputColumns) -> list[int]:
    values, numbers = set(check["values"]), {number_in(value) for value in check["values"]} - {None}
    return [
        at
        for at, value in enumerate(table.column(check["column"]) or [])
        if value is not None and str(value) not in values and number_in(value) not in numbers
    ]


def _unequal_rows(check: Mapping[str, Any], table: OutputColumns) -> list[int]:
    """Return the rows that do not meet a comparison; a missing cell meets every one."""
    left = table.column(check["column"]) or []
    right = table.column(check["other"]) or [] if "other" in check else [_literal(check)] * len(left)
    compare, is_order = _COMPARISONS[check["op"]], check["op"] not in ("==", "!=")
    pairs = enumerate(zip(left, right, strict=True))
    return [
        at
        for at, (value, other) in pairs
        if value is not None and other is not None and not _meets(compare, value, other, is_order)
    ]


def _literal(check: Mapping[str, Any]) -> Any:
    return time_in(check["time"]) if "time" in check else check["number"] if "number" in check else check["value"]


def _meets(compare: Callable[[Any, Any], bool], value: object, other: object, is_order: bool) -> bool:
    for kind in (number_in, time_in):
        one, two = kind(value), kind(other)
        if one is not None and two is not None:
            return bool(compare(one, two))
    return not is_order and bool(compare(str(value), str(other)))


_FAILING_ROWS: Mapping[str, Callable[[Mapping[str, Any], OutputColumns], list[int]]] = {
    "unique": _repeated_rows,
    "not_null": _incomplete_rows,
    "in": _unlisted_rows,
    "compare": _unequal_rows,
}
_VERBS = {
    "unique": "have the key of another row",
    "not_null": "lack a value",
    "in": "have another value",
    "compare": "do not meet it",
}


def _counted(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _schema_failure(check: Mapping[str, Any], frame: Any) -> _Failure | None:
    """Return the failures of a pandera schema."""
    try:
        import pandera.errors
        import pandera.pandas
    except ImportError:
        raise AeroJobError(
            "A check is a pandera schema, and this endpoint lacks pandera. Run there: pip install 'pandera[pandas,io]'"
        ) from None
    try:
        pandera.pandas.DataFrameSchema.from_yaml(check["schema"]).validate(frame, lazy=True)
    except (pandera.errors.SchemaErrors, pandera.errors.SchemaError) as error:
        cases: Any = getattr(error, "failure_cases", None)
        if not hasattr(cases, "head"):
            return str(error).splitlines()[0], ""
        kinds = ", ".join(dict.fromkeys(f"{case.column}: {case.check}" for case in cases.itertuples()))
        return f"{len(cases):,} failures ({kinds})", str(cases[["column", "check", "failure_case", "index"]].head())
    return None
