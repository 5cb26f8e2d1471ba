"""Retention policies, versions that are held against them, and the space of the stored content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aero_jupyter.client.methods.records import RecordMethods
from aero_jupyter.core import errors, wire
from aero_jupyter.core.decode_values import record_from
from aero_jupyter.core.models import Data


class RetentionMethods(RecordMethods):
    """Methods about what a server keeps, and how much space it takes."""

    def store_retention(self, data: Data, policy: str | None) -> str | None:
        """Store the retention policy of a dataset.

        Parameters
        ----------
        data : Data
        policy : str or None
            Such as ``all 30d, weekly 1y, monthly``; None removes the stored policy.

        Returns
        -------
        str or None
            The policy as it is stored.

        Raises
        ------
        InvalidArgument
            If the server has no retention policies.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.store_retention(client.resolve_data("sewage"), "all 30d, monthly")
        'all 30d, monthly'
        >>> client.store_retention(client.resolve_data("sewage"), None)
        """
        if not self.dialect.retention:
            raise errors.InvalidArgument(
                "This server has no retention policies; it keeps every version.", "Leave the policy out."
            )
        answer = record_from(self._send(wire.PUT_RETENTION, data={"keep": policy}, id=data.id).body)
        return answer.get("keep")

    def hold_versions(self, versions: Sequence[tuple[str, int]], reason: Literal["lock", "citation"]) -> None:
        """Record that a lock file or a citation names versions, so that no retention policy removes their content.

        Parameters
        ----------
        versions : sequence of (str, int)
            The id of the dataset and the number of each version; those that do not exist are left out.
        reason : {"lock", "citation"}

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.hold_versions([(client.resolve_data("sewage").id, 1)], "citation")
        """
        # Servers without retention keep every version.
        if self.dialect.retention and versions:
            held = [{"data_id": data_id, "version": number} for data_id, number in versions]
            self._send(wire.HOLD_VERSIONS, data={"versions": held, "reason": reason})

    def space(self) -> dict[str, int] | None:
        """Return the space of the stored content.

        Returns
        -------
        dict or None
            ``stored`` bytes, the bytes of all ``versions`` if each was stored as it is, and the number of versions
            whose content was ``removed``; None if the server does not report them.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.space()["removed"]
        0
        """
        if not self.dialect.retention:
            return None
        answer = record_from(self._send(wire.SPACE).body)
        return {key: int(answer.get(key) or 0) for key in ("stored", "versions", "removed")}
