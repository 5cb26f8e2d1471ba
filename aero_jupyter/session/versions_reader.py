"""The versions of a dataset, read one by one into an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter.core.as_of import configured_zone
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Version
from aero_jupyter.session.archive_cache import cached_archive, store_archive

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client import AeroClient
    from aero_jupyter.vintages import Archive

#: Called with the versions read so far and their number.
Progress = Callable[[int, int], None]


def dated_versions(data: Data, versions: Sequence[Version]) -> list[tuple[datetime, Version]]:
    """Return the versions with their times, ascending; later ones of the same time are a microsecond later."""
    if not versions:
        raise InvalidArgument(f"{data.name} has no versions yet.", "Wait for the first version.")
    found = [(version.in_force_since, version) for version in {each.version: each for each in versions}.values()]
    known = [(since, version) for since, version in found if since is not None]
    if len(known) < len(found):
        raise InvalidArgument("This server does not list when versions were made.", "Read them: aero.read(NAME@1)")
    if any(version.as_of is not None for _, version in known):
        known.sort(key=lambda each: (each[0], each[1].version))
    dated: list[tuple[datetime, Version]] = []
    for since, version in known:
        after = dated[-1][0] + timedelta(microseconds=1) if dated else since
        dated.append((max(since, after), version))
    return dated


class VersionsReader:
    """Reads versions one by one; an error or an interrupt ends the reading, and is raised after what came is stored.

    Parameters
    ----------
    client : AeroClient
    versions : sequence of pairs
        All versions with their times, ascending.
    progress : callable or None
    """

    def __init__(
        self, client: AeroClient, versions: Sequence[tuple[datetime, Version]], progress: Progress | None
    ) -> None:
        self._client, self._versions, self._progress = client, versions, progress
        self._numbers: list[int] = []
        self._failure: BaseException | None = None

    def archive(self, file: Path, keys: Sequence[str], time: str | None, end: datetime) -> Archive:
        """Return an archive of all versions; those of the stored one are not read again."""
        from aero_jupyter.vintages import Archive

        ids = [version.id for _, version in self._versions]
        known = cached_archive(file, ids)
        start = len(known.numbers) if known is not None else 0
        if known is None:
            built = Archive.from_snapshots(
                self._at_least_one(), keys, time, versions_end=end, zone=configured_zone.name, numbers=self._numbers
            )
        else:
            built = known.known_until(end)
            for label, frame in self._tables(start):
                built = built.extended(label, frame, versions_end=end, number=self._numbers[-1])
        if self._numbers:
            store_archive(file, ids[: start + len(self._numbers)], built)
        if self._failure is not None:
            raise self._failure
        return built

    def _at_least_one(self) -> Iterator[tuple[datetime, pd.DataFrame]]:
        yield from self._tables(0)
        if self._failure is not None and not self._numbers:
            raise self._failure

    def _tables(self, start: int) -> Iterator[tuple[datetime, pd.DataFrame]]:
        missing = self._versions[start:]
        for count, (time, version) in enumerate(missing, 1):
            try:
                frame = self._client.read(version.data_id, version.version)
                if self._progress is not None:
                    self._progress(count, len(missing))
            except BaseException as failure:
                self._failure = failure
                return
            self._numbers.append(version.version)
            yield time, frame
