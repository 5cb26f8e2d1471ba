"""The calls of a replay: each version with the other inputs as they were known at the same instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.as_of import AsOf, configured_zone
from aero_jupyter.core.errors import AeroError, InvalidArgument, NotFound, Unreadable
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.policy import seconds_from
from aero_jupyter.provenance.lock_file import ALL
from aero_jupyter.session.lock_in_force import locked_versions, record_read
from aero_jupyter.session.single_run import location_entry
from aero_jupyter.session.versions_reader import dated_versions

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.replayed_function import ReplayedFunction, ReplayInput

#: Versions with the times at which they were made, ascending.
Dated = Sequence[tuple[datetime, Version]]
#: More calls than a replay of hourly instants over a year.
_MOST_CALLS = 10_000


@dataclass(frozen=True)
class Instant:
    """A moment to replay: the version in force, and the time as of which the other inputs are chosen."""

    version: Version
    as_of: datetime


@dataclass(frozen=True)
class ReplayCall:
    """One call; `entries` are the inputs by parameter, and `error` says why there is no call."""

    instant: Instant
    entries: Mapping[str, Any]
    error: str | None = None


def replayed_instants(
    versions: Dated,
    numbers: Iterable[int] | None,
    every: str | timedelta | None,
    since: str | date | None,
    now: datetime,
) -> list[Instant]:
    """Choose the instants of a replay: those of the versions, or evenly spaced ones.

    Raises
    ------
    InvalidArgument
        If the choices contradict each other, if there is no such version, or if nothing is left.
    """
    if numbers is not None and (every is not None or since is not None):
        raise InvalidArgument("versions and every or since choose different versions.", "Leave one of them out.")
    begin = versions[0][0] if since is None else _start_of(since)
    if numbers is not None:
        by_number = {version.version: Instant(version, time) for time, version in versions}
        wanted = sorted(set(numbers))
        missing = next((number for number in wanted if number not in by_number), None)
        if missing is not None:
            raise InvalidArgument(f"There is no version {missing} to replay.", f"Choose from: {_ranges(by_number)}")
        found = [by_number[number] for number in wanted]
    elif every is not None:
        found = _spaced(versions, _interval(every), begin, now)
    else:
        found = [Instant(version, time) for time, version in versions if time >= begin]
    if not found:
        raise InvalidArgument(
            f"No version was in force at an instant from {_clock(begin)} on.",
            f"Versions were made from {_clock(versions[0][0])} to {_clock(versions[-1][0])}; choose among these times.",
        )
    return found


def _ranges(numbers: Iterable[int]) -> str:
    known = sorted(numbers)
    if known == list(range(known[0], known[-1] + 1)) and len(known) > 1:
        return f"{known[0]} to {known[-1]}"
    return ", ".join(map(str, known))


def _start_of(since: str | date) -> datetime:
    """Return an instant; a date alone means its beginning."""
    moment = AsOf.parse(since, configured_zone.name)
    return AsOf.parse(f"{moment.text}T00:00", configured_zone.name).cutoff if moment.is_date else moment.cutoff


def _interval(every: str | timedelta) -> timedelta:
    interval = every if isinstance(every, timedelta) else timedelta(seconds=seconds_from(every))
    if interval <= timedelta(0):
        raise InvalidArgument("The interval is not positive.", 'Write for example every="7d".')
    return interval


def _spaced(versions: Dated, interval: timedelta, begin: datetime, now: datetime) -> list[Instant]:
    """Return instants from the beginning until the newest version is in force."""
    end = min(now, versions[-1][0] + interval)
    if (end - begin) / interval > _MOST_CALLS:
        raise InvalidArgument(f"These are more than {_MOST_CALLS:,} instants.", "Choose a longer interval.")
    found, moment = [], begin
    while moment <= end:
        version = in_force(versions, moment)
        if version is not None:
            found.append(Instant(version, moment))
            if version is versions[-1][1]:
                break
        moment += interval
    return found


def in_force(versions: Dated, moment: datetime) -> Version | None:
    """Return the last version made until a moment; None before the first one."""
    known = [version for time, version in versions if time <= moment]
    return known[-1] if known else None


class ReplayPlanner:
    """Chooses the version of each input as of an instant; each list of versions is requested once.

    Parameters
    ----------
    client : AeroClient
    """

    def __init__(self, client: AeroClient) -> None:
        self._client = client
        self._datasets: dict[str, Data] = {}
        self._versions: dict[str, Dated] = {}
        #: Ids of the newest versions.
        self._newest: dict[str, str] = {}
        self._entries: dict[str, dict[str, Any]] = {}

    def versions_of(self, data: Data) -> Dated:
        """Return the versions of a dataset, or the locked ones, ascending; a lock file holds them as read.

        Raises
        ------
        InvalidArgument
            If there are none.
        AeroError
            If a locked version is gone, or has another checksum.
        ClientError
            If the server does not answer.
        """
        if data.id not in self._versions:
            listed = self._client.versions(data.id)
            dated, locked = dated_versions(data, listed), locked_versions(data, listed)
            known = [(time, version) for time, version in dated if locked is None or version.version in locked]
            record_read(self._client, data, ALL, {version.version: version.checksum for _, version in known})
            self._versions[data.id], self._datasets[data.id] = known, data
            self._newest[data.id] = dated[-1][1].id
        return self._versions[data.id]

    def call_at(self, instant: Instant, function: ReplayedFunction, numbers: Mapping[str, int]) -> ReplayCall:
        """Return the call as of an instant; none of its inputs is later.

        Parameters
        ----------
        instant : Instant
        function : ReplayedFunction
        numbers : mapping of str to int
            Dataset id to the number of the version to read, whenever that was made.

        Raises
        ------
        ClientError
            If the server does not answer.
        """
        entries = {}
        for parameter, given in function.inputs.items():
            try:
                version = self._version_of(given, instant, numbers.get(given.data_id))
                entry = self._entry(given.data_id, version)
            except (InvalidArgument, NotFound, Unreadable) as error:
                return ReplayCall(instant, {}, f"Input {parameter}: {error.message}")
            entries[parameter] = entry if given.is_fetched else {**entry, "fetch": False}
        return ReplayCall(instant, entries)

    def _version_of(self, given: ReplayInput, instant: Instant, chosen: int | None) -> Version:
        data = self._datasets.get(given.data_id) or self._client.get_data(given.data_id)
        versions = self.versions_of(data)
        number = given.pinned if chosen is None else chosen
        if number is None:
            version = in_force(versions, instant.as_of)
            if version is None:
                raise InvalidArgument(f"{data.name} had no version as of {_clock(instant.as_of)}.", "")
            return version
        found = next(((time, version) for time, version in versions if version.version == number), None)
        if found is None:
            raise InvalidArgument(f"There is no {data.name}@{number}.", "")
        if chosen is None and found[0] > instant.as_of:
            raise InvalidArgument(f"{data.name}@{number} was made later, at {_clock(found[0])}.", "")
        return found[1]

    def _entry(self, data_id: str, version: Version) -> dict[str, Any]:
        if version.id not in self._entries:
            self._entries[version.id] = self._located(self._datasets[data_id], version)
        return self._entries[version.id]

    def _located(self, data: Data, version: Version) -> dict[str, Any]:
        from aero_jupyter.client.locations import locate

        newest = version.id == self._newest[data.id]
        try:
            found = locate(data, version, self._client.base_url, newest=newest)
        except AeroError:
            # Some servers send the file of a version with its own record only.
            found = self._client.place(data.id, version.version)
        return location_entry(self._client, found)


def _clock(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
