"""The result of a replay: what a function returned for each version, and where it failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol  # results of any kind

import pandas as pd

#: The columns before those of the function.
_OWN_COLUMNS = ("version", "as_of")
#: Rows of a displayed table.
_SHOWN_ROWS = 20
#: Characters of a displayed cell.
_SHOWN_CHARACTERS = 300


class CallResult(Protocol):
    """The result of one call; `error` is None if it returned `value`: a table, a mapping or a single value."""

    @property
    def value(self) -> Any:
        """The returned value."""

    @property
    def error(self) -> str | None:
        """One sentence on the failure."""

    @property
    def traceback(self) -> str:
        """Where the function raised."""


@dataclass(frozen=True)
class Replay:
    """The results of a function for each version of a dataset, as it was then known.

    Attributes
    ----------
    results : DataFrame
        ``version``, ``as_of`` (UTC), and the columns that the function returned; ``value`` for a single value. A column
        of the function with one of these names is called ``version_result`` or ``as_of_result``.
    failures : DataFrame
        ``version``, ``as_of``, ``error`` and ``traceback`` of each call that failed.
    committed : DataFrame
        ``version``, ``as_of`` and ``output_version``, the number of the version in which the result is stored; empty if
        none was to be stored.
    """

    results: pd.DataFrame
    failures: pd.DataFrame
    committed: pd.DataFrame

    @classmethod
    def of(
        cls, calls: Iterable[tuple[int, datetime, CallResult]], committed: Iterable[tuple[int, datetime, int]] = ()
    ) -> Replay:
        """Build the tables from the version, the time and the result of each call, and from what was stored."""
        returned, failed = [], []
        for version, as_of, result in calls:
            time = pd.Timestamp(as_of).tz_convert("UTC").as_unit("ns")
            if result.error is None:
                returned.append(_labelled(_table_of(result.value), version, time))
            else:
                failed.append((version, time, result.error, result.traceback))
        empty = pd.DataFrame({"version": pd.Series(dtype="int64"), "as_of": pd.Series(dtype="datetime64[ns, UTC]")})
        filled = [table for table in returned if len(table)] or returned[:1]
        results = pd.concat(filled, ignore_index=True) if filled else empty
        failures = pd.DataFrame(failed, columns=[*_OWN_COLUMNS, "error", "traceback"])
        stored = [
            (version, pd.Timestamp(as_of).tz_convert("UTC").as_unit("ns"), made) for version, as_of, made in committed
        ]
        return cls(results, failures, pd.DataFrame(stored, columns=[*_OWN_COLUMNS, "output_version"]))

    def __repr__(self) -> str:
        count = self.results["version"].nunique()
        versions = f"{count} version{'' if count == 1 else 's'}"
        kept = f"; {len(self.committed)} stored as versions" if len(self.committed) else ""
        text = f"{len(self.results):,} rows of {versions}; {len(self.failures)} failed{kept}\n{self.results}"
        if self.failures.empty:
            return text
        return f"{text}\n\nFailures:\n{self.failures[[*_OWN_COLUMNS, 'error']].to_string(index=False)}"

    def _repr_html_(self) -> str:
        failures = "" if self.failures.empty else f"<p>Failures:</p>{_html(self.failures)}"
        return _html(self.results) + failures


def _html(table: pd.DataFrame) -> str:
    with pd.option_context("display.max_colwidth", _SHOWN_CHARACTERS):
        return table.to_html(max_rows=_SHOWN_ROWS, notebook=True)


def _labelled(table: pd.DataFrame, version: int, as_of: pd.Timestamp) -> pd.DataFrame:
    named = table.rename(columns={name: f"{name}_result" for name in _OWN_COLUMNS})
    named.insert(0, "version", version)
    named.insert(1, "as_of", pd.Series(as_of, index=named.index, dtype="datetime64[ns, UTC]"))
    return named


def _table_of(value: Any) -> pd.DataFrame:
    if isinstance(value, pd.DataFrame):
        return value
    return pd.DataFrame([dict(value) if isinstance(value, Mapping) else {"value": value}])
