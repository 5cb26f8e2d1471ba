"""The versions of a dataset, and the failed run that keeps it from the next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Literal

from aero_jupyter.client import name_resolution
from aero_jupyter.client.methods.flows import FlowMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Data, Flow, Run, Version

if TYPE_CHECKING:
    from aero_jupyter.client.blocking_failures import BlockingFailure

#: Maximum number of flows of one dataset that are searched for a failed run.
_MAX_MAKER_FLOWS = 20


class VersionMethods(FlowMethods):
    """Methods that fetch versions."""

    def versions(self, data_id: str) -> list[Version]:
        """List the versions of a dataset, oldest first.

        Parameters
        ----------
        data_id : str
            Id of the dataset.

        Returns
        -------
        list of Version
            Versions that stand for an earlier time come before the ordinary ones. Servers whose commits raced hold
            several versions of one number; all of them are returned.

        Raises
        ------
        NotFound
            If there is no such dataset.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> data = client.resolve_data("sewage")
        >>> [version.version for version in client.versions(data.id)]
        [1]
        """
        rows = self._send(wire.VERSIONS, id=data_id).body
        found = decode_body(lambda body: [with_data_id(decode.version(row), data_id) for row in body], rows)
        return sorted({version.id: version for version in found}.values(), key=_age_order)

    def latest(self, data_id: str) -> Version:
        """Fetch the newest version of a dataset.

        Parameters
        ----------
        data_id : str
            Id of the dataset.

        Returns
        -------
        Version

        Raises
        ------
        NotFound
            If there is no such dataset, or it has no versions; the message names the failed run that caused it.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.latest(client.resolve_data("sewage").id).version
        1
        """
        try:
            return with_data_id(decode_body(decode.version, self._send(wire.LATEST, id=data_id).body), data_id)
        except (errors.NotFound, errors.ServerFailed):
            # The older server fails if there are no versions yet; the newer one does not name the dataset.
            if self.versions(data_id):
                raise
        raise self._missing_version(data_id, 1, [])

    def version(self, data_id: str, number: int | None = None) -> Version:
        """Fetch one version of a dataset.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        number : int, optional
            Counted from 1; the newest version by default.

        Returns
        -------
        Version

        Raises
        ------
        NotFound
            If there is no such version; the message names those that exist, or the failed run that caused it.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.version(client.resolve_data("sewage").id, 1).file.size
        477
        """
        if number is None:
            return self.latest(data_id)
        versions = self.versions(data_id)
        found = [version for version in versions if version.version == number]
        if not found:
            raise self._missing_version(data_id, number, versions)
        return found[-1]

    def version_at(
        self, data_id: str, time: str | date, zone: str = "UTC", *, by: Literal["version", "source"] = "version"
    ) -> Version:
        """Fetch the version of a dataset that was in force at a time.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        time : str, date or datetime
            A date alone means the end of that day.
        zone : str
            The time zone of the date, or of a time without an offset.
        by : {"version", "source"}
            Whether a version counts from when it was made, or from when its source was modified.

        Returns
        -------
        Version

        Raises
        ------
        InvalidArgument
            If the time is invalid.
        NotFound
            If there was no version yet; the message names the time of the first.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.version_at(client.resolve_data("sewage").id, "2100-01-01").version
        1
        """
        from aero_jupyter.core.as_of import AsOf

        moment = AsOf.parse(time, zone)
        versions = self.versions(data_id)
        if not versions:
            raise self._missing_version(data_id, 1, versions)
        is_source = by == "source"
        times = [version.source_time if is_source else version.in_force_since for version in versions]
        dated = [(made, each.version, each) for made, each in zip(times, versions, strict=True) if made is not None]
        known = [each for each in dated if moment.includes(each[0])]
        if known:
            return max(known, key=lambda each: each[:2])[2]
        name = self.get_data(data_id).name
        if not dated:
            what = f"the source of {name} was modified" if is_source else "versions were made"
            raise errors.InvalidArgument(f"This server does not list when {what}.", f"Name a version: {name}@1")
        first, number, _ = min(dated, key=lambda each: each[:2])
        made = f"{'the source of ' * is_source}version {number} was {'modified' if is_source else 'made'}"
        message = f"{name} had no version as of {moment.text}; {made} at {first:%Y-%m-%d %H:%M:%S} UTC."
        raise errors.NotFound(404, message, f"Read the first version: {name}@{number}")

    def blocking_failure(self, data: Data) -> BlockingFailure | None:
        """Find the failed run that keeps a dataset from its next version.

        Parameters
        ----------
        data : Data

        Returns
        -------
        BlockingFailure or None
            The run of the flow that makes the dataset, or of one upstream; None while a version may still come, or
            where the server does not list runs.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.blocking_failure(client.resolve_data("sewage")) is None
        True
        """
        if not self.dialect.runs:
            return None
        from aero_jupyter.client.blocking_failures import find_blocking_failure

        def makers_of(id: str) -> list[Flow]:
            return [flow for flow in self.attached(id, _MAX_MAKER_FLOWS)[0] if id in {made.id for made in flow.outputs}]

        def newest_run(flow: Flow) -> Run | None:
            return next(iter(self.list("run", match=flow.id).page(1)), None)

        return find_blocking_failure(data, makers_of, newest_run)

    def _missing_version(self, data_id: str, number: int, versions: list[Version]) -> errors.NotFound:
        data = self.get_data(data_id)
        failure = None if versions else self.blocking_failure(data)
        if failure is None:
            message = name_resolution.missing_version_message(data.name, number, versions)
            return errors.NotFound(404, message, "Choose one of them." if versions else "Wait for the first version.")
        message, cure = f"{data.name} has no version: {failure.reason(data)}.", failure.cure
        return errors.NotFound(404, message, cure, details=self._details(failure))

    def _details(self, failure: BlockingFailure) -> str:
        run = self.get_run(failure.run.id)
        return "\n".join(part for part in (run.traceback, run.log and f"It printed:\n{run.log}") if part)


def with_data_id(version: Version, data_id: str) -> Version:
    """Return the version with the id of its dataset, which some servers leave out."""
    return version if version.data_id else replace(version, data_id=data_id)


def _age_order(version: Version) -> tuple[bool, datetime, int, datetime]:
    start = datetime.min.replace(tzinfo=timezone.utc)
    return version.as_of is None, version.as_of or start, version.version, version.created_at or start
