"""Names, resolved to datasets and flows."""

from __future__ import annotations

from collections.abc import Iterable

from aero_jupyter.client import name_resolution
from aero_jupyter.client.methods.records import RecordMethods
from aero_jupyter.core.models import Data, Flow

#: Maximum number of records that are searched for similar names.
_MAX_SUGGESTION_RECORDS = 300
#: Characters at either end of a name by which similar names are searched.
_NAME_PART_CHARACTERS = 3


class NameMethods(RecordMethods):
    """Methods that resolve names."""

    def resolve_data(self, name_or_id: str) -> Data:
        """Find a dataset by its name, its id, or the beginning of its id.

        Parameters
        ----------
        name_or_id : str
            For example ``sewage`` or ``79dce75b``.

        Returns
        -------
        Data

        Raises
        ------
        UnknownName
            If there is none, or several; ``candidates`` lists the possible names or ids.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.resolve_data("sewage").name
        'sewage'
        >>> client.resolve_data("sewerage")
        Traceback (most recent call last):
            ...
        aero_jupyter.core.errors.UnknownName: ...
        """
        if name_resolution.is_id(name_or_id):
            return self.get_data(name_or_id)
        filters = {"match": name_or_id} if self.dialect.filters else {}
        rows = self._pages("data", filters).all()
        found = name_resolution.match_data(name_or_id, rows)
        if found is None:
            raise name_resolution.unknown_name_error(
                "data", name_or_id, self._names_like(name_or_id) if filters else _names(rows)
            )
        return found

    def _names_like(self, text: str) -> set[str]:
        """Return the names of the newest datasets, and of those that match the beginning or the end of a text."""
        newest = self._pages("data", {}).first(_MAX_SUGGESTION_RECORDS)
        parts = {
            part.casefold()
            for part in (text[:_NAME_PART_CHARACTERS], text[-_NAME_PART_CHARACTERS:])
            if len(part) == _NAME_PART_CHARACTERS
        }
        found = [data for part in parts for data in self._pages("data", {"text": part}).first(_MAX_SUGGESTION_RECORDS)]
        return _names([*newest, *found])

    def resolve_flow(self, name_or_id: str) -> Flow:
        """Find a flow by its id, the beginning of its id, its function, an output's name, or its description.

        Parameters
        ----------
        name_or_id : str
            For example ``clean``.

        Returns
        -------
        Flow

        Raises
        ------
        UnknownName
            If there is none, or several; ``candidates`` lists the possible names or ids.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.resolve_flow("clean") == client.resolve_flow("sewage")
        True
        """
        if name_resolution.is_id(name_or_id):
            return self.get_flow(name_or_id)
        flows = self.list("flow").all()
        found = name_resolution.match_flow(name_or_id, flows)
        if found is None:
            raise name_resolution.unknown_name_error(
                "flow", name_or_id, (name for flow in flows for name in name_resolution.flow_names(flow))
            )
        return found


def _names(rows: Iterable[Data]) -> set[str]:
    return {data.name for data in rows}
