"""All versions of a table in one object: what was known when, exactly as it was stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any  # labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import updates_table
from aero_jupyter.vintages.drift import drift
from aero_jupyter.vintages.history_builder import HistoryBuilder
from aero_jupyter.vintages.hub import to_hub
from aero_jupyter.vintages.key_guess import with_time
from aero_jupyter.vintages.merging import merged_updates
from aero_jupyter.vintages.revisions import revisions
from aero_jupyter.vintages.sliding import slide
from aero_jupyter.vintages.stored_versions import StoredVersions
from aero_jupyter.vintages.triangle import triangle
from aero_jupyter.vintages.version_labels import version_index
from aero_jupyter.vintages.version_times import VersionTimes


class Archive(StoredVersions):
    """All versions of a table; each distinct row is stored once.

    Build an archive with `from_snapshots`, `from_updates` or ``aero.archive``.

    Attributes
    ----------
    keys : tuple of str
        The columns that identify an observation, `time` among them.
    time : str or None
        The column with the date that an observation is about.
    history : History
        The stored rows.
    times : VersionTimes
        When each version was current.
    numbers : tuple of int
        The numbers of the versions.

    Examples
    --------
    >>> import pandas as pd
    >>> first = pd.DataFrame({"geo": ["A"], "day": ["2026-01-01"], "cases": [10]})
    >>> archive = Archive.from_snapshots(
    ...     {"2026-01-02": first, "2026-01-04": first.assign(cases=14)}, keys=["geo"], time="day"
    ... )
    >>> archive
    Archive(2 versions until 2026-01-04, 2 updates of 1 observation)
    >>> archive.as_of("2026-01-03")
      geo         day  cases
    0   A  2026-01-01     10
    """

    @classmethod
    def from_snapshots(
        cls,
        snapshots: Mapping[Any, pd.DataFrame] | Iterable[tuple[Any, pd.DataFrame]],
        keys: Sequence[str],
        time: str | None = None,
        versions_end: Any = None,
        zone: str = "UTC",
        numbers: Sequence[int] | None = None,
    ) -> Archive:
        """Build an archive of whole tables.

        Parameters
        ----------
        snapshots : mapping or iterable of pairs
            The table of each version, by its date, time or number. Pairs must be in ascending order; they are read
            one at a time.
        keys : sequence of str
            The columns that identify an observation; `time` is added if it is missing.
        time : str, optional
            The column with the date that an observation is about.
        versions_end : date, datetime or int, optional
            Until when the versions are known; by default the last version.
        zone : str
            The time zone of dates, if the versions are instants.
        numbers : sequence of int, optional
            The numbers of the versions, in the order of `snapshots`; by default 1, 2, …

        Returns
        -------
        Archive

        Raises
        ------
        InvalidArgument
            If a version lacks a key column, or if its label is no date, time or number.

        Examples
        --------
        >>> import pandas as pd
        >>> Archive.from_snapshots({1: pd.DataFrame({"geo": ["A"]})}, keys=["geo"]).latest
          geo
        0   A
        """
        keys = with_time(keys, time)
        if isinstance(snapshots, Mapping):
            labels = version_index(snapshots)
            order = np.argsort(labels.to_numpy(), kind="stable")
            tables = list(snapshots.values())
            snapshots = [(labels[i], tables[i]) for i in order]
            if numbers is not None and len(numbers) == len(order):
                numbers = [numbers[i] for i in order]
        builder, given = HistoryBuilder(keys), []
        for label, frame in snapshots:
            builder.add(frame, label)
            given.append(label)
        labels = version_index(given)
        if not labels.is_monotonic_increasing:
            raise InvalidArgument("The versions are not in ascending order.", "Sort the pairs by version.")
        return cls(builder.history(), keys, time, VersionTimes(labels, versions_end, zone), numbers)

    @classmethod
    def from_updates(
        cls,
        updates: pd.DataFrame,
        keys: Sequence[str],
        time: str | None = None,
        version: str = "version",
        versions_end: Any = None,
        zone: str = "UTC",
    ) -> Archive:
        """Build an archive of updates: each row is in force until a later version has a row with its key.

        Parameters
        ----------
        updates : DataFrame
            The keys, the version and the other columns. Rows with True in a column ``deleted`` remove an observation.
        keys : sequence of str
            The columns that identify an observation; `time` is added if it is missing.
        time : str, optional
            The column with the date that an observation is about.
        version : str
            The column with the date, time or number of the version.
        versions_end : date, datetime or int, optional
            Until when the versions are known; by default the last version.
        zone : str
            The time zone of dates, if the versions are instants.

        Returns
        -------
        Archive
            Rows that repeat the row before them are left out; snapshots are sorted by the keys.

        Raises
        ------
        DuplicateKeys
            If a version has several rows with the same key.
        InvalidArgument
            If a column is missing, or if a version is no date, time or number.

        Examples
        --------
        >>> import pandas as pd
        >>> updates = pd.DataFrame({"geo": ["A", "A"], "version": [1, 2], "cases": [10, 14]})
        >>> Archive.from_updates(updates, keys=["geo"]).as_of(1)
          geo  cases
        0   A     10
        """
        keys = with_time(keys, time)
        history, labels = updates_table.parsed(updates, keys, version)
        return cls(history, keys, time, VersionTimes(labels, versions_end, zone))

    def extended(
        self, version: Any, frame: pd.DataFrame, versions_end: Any = None, number: int | None = None
    ) -> Archive:
        """Return an archive with one more version; only that version is compared.

        Parameters
        ----------
        version : date, datetime or int
            Later than the last version.
        frame : DataFrame
            The whole table.
        versions_end : date, datetime or int, optional
            Until when the versions are known; by default `version`.
        number : int, optional
            The number of the version; by default the next one.

        Returns
        -------
        Archive

        Raises
        ------
        InvalidArgument
            If the version is not later than the last one, or if the table lacks a key column.

        Examples
        --------
        >>> import pandas as pd
        >>> archive = Archive.from_snapshots({1: pd.DataFrame({"geo": ["A"]})}, keys=["geo"])
        >>> len(archive.extended(2, pd.DataFrame({"geo": ["A", "B"]})).latest)
        2
        """
        labels = self.times.labels
        added = version_index([self.times.parsed(version) if len(labels) else version])
        if len(labels) and added[0] <= labels[-1]:
            raise InvalidArgument(f"Version {version} is not later than {labels[-1]}.", "Extend with a later version.")
        builder = HistoryBuilder(self.keys, self.history)
        builder.add(frame, version)
        times = VersionTimes(labels.append(added) if len(labels) else added, versions_end, self.times.zone)
        following = (self.numbers[-1] if self.numbers else 0) + 1 if number is None else number
        return Archive(builder.history(), self.keys, self.time, times, (*self.numbers, following))

    def merge(self, other: Archive, sync: str = "forbid") -> Archive:
        """Join two archives by their keys: at each version, both are as they were known then.

        Parameters
        ----------
        other : Archive
            With the same keys, and no other column in common.
        sync : {"forbid", "locf", "na", "truncate"}
            What happens if the versions of one end earlier. ``forbid`` raises. ``locf`` carries the last known values
            forward to the later end. ``na`` makes them missing from the next possible version on. ``truncate`` leaves
            out later versions.

        Returns
        -------
        Archive
            A row is there if either archive has it. A value is missing before its first version.

        Raises
        ------
        InvalidArgument
            If keys, columns, kinds of versions or ends do not fit.
        """
        updates, end = merged_updates(self, other, sync)
        return Archive.from_updates(updates, self.keys, self.time, versions_end=end, zone=self.times.zone)

    drift = drift
    revisions = revisions
    slide = slide
    to_hub = to_hub
    triangle = triangle
