"""The bytes of versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.client.methods.versions import VersionMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import errors
from aero_jupyter.core.decode_values import maps_from
from aero_jupyter.core.models import Version
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.warned_files import WARNINGS_SUFFIX

if TYPE_CHECKING:
    from globus_sdk.authorizers import GlobusAuthorizer

    from aero_jupyter.client.content import VersionReader
    from aero_jupyter.client.locations import VersionLocation


class ContentMethods(VersionMethods):
    """Methods that read the bytes of versions."""

    collection_authorizers: Mapping[str, GlobusAuthorizer]
    _is_host_of: Callable[[str, str], bool | None]

    def open_version(self, data_id: str, version: int | None = None) -> VersionReader:
        r"""Open the bytes of a version as a stream.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int, optional
            Its number; the newest by default.

        Returns
        -------
        VersionReader
            A binary file to read from and close. It verifies size and checksum at its end.

        Raises
        ------
        Unreadable
            If the server does not list where the bytes are.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> with client.open_version(client.resolve_data("sewage").id) as reader:
        ...     reader.readline()
        b'sample_collect_date,sars_cov_2\n'
        """
        return self.open_content(self.place(data_id, version))

    def open_content(self, found: VersionLocation) -> VersionReader:
        """Open the bytes that `place` located.

        Parameters
        ----------
        found : VersionLocation

        Returns
        -------
        VersionReader
            As for `open_version`.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> found = client.place(client.resolve_data("sewage").id)
        >>> with client.open_content(found) as reader:
        ...     len(reader.read())
        477
        """
        from aero_jupyter.client.content import open_content

        return open_content(found, self, self._authorizer_of(found))

    def place(self, data_id: str, version: int | None = None) -> VersionLocation:
        """Locate the bytes of a version.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int, optional
            Its number; the newest by default.

        Returns
        -------
        VersionLocation
            The version, its dataset, and the URL of its bytes.

        Raises
        ------
        Unreadable
            If the server does not list where the bytes are.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.place(client.resolve_data("sewage").id).label
        'sewage version 1'
        """
        from aero_jupyter.client.locations import locate

        chosen, newest = self._resolve_readable_version(data_id, version)
        data = chosen.data if chosen.data and chosen.data.name else self.get_data(data_id)
        return locate(data, chosen, self.base_url, newest=newest)

    def types_of(self, found: VersionLocation) -> bytes | None:
        """Fetch the description of the columns that is stored beside a typed CSV.

        Parameters
        ----------
        found : VersionLocation

        Returns
        -------
        bytes or None
            JSON; None where there is no such description.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> import json
        >>> json.loads(client.types_of(client.place(client.resolve_data("sewage").id)))["rows"]
        26
        """
        from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX

        if not found.file_name.endswith(TYPED_CSV) or found.collection is None:
            return None
        return self._file_beside(found, TYPES_SUFFIX)

    def warnings_of(self, found: VersionLocation) -> list[dict[str, str]]:
        """Fetch the warnings of a version's checks.

        Parameters
        ----------
        found : VersionLocation

        Returns
        -------
        list of dict
            ``check`` and ``reason``; empty if no check warned.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.warnings_of(client.place(client.resolve_data("sewage").id))
        []
        """
        if not found.version.has_warnings:
            return []
        body = decode_body(parse_json, self._file_beside(found, WARNINGS_SUFFIX))
        return [{key: str(each.get(key)) for key in ("check", "reason")} for each in maps_from(body)]

    def _file_beside(self, found: VersionLocation, suffix: str) -> bytes:
        """Return the bytes of a file that is stored beside the file of a version."""
        version = replace(found.version, checksum=None, file=None)
        with self.open_content(replace(found, version=version, url=found.url + suffix)) as reader:
            reader.label = found.file_name + suffix
            return reader.read()

    def _resolve_readable_version(self, data_id: str, number: int | None) -> tuple[Version, bool]:
        """Return a version and whether it is the newest; the newest server sends the file of that version only."""
        chosen = self.version(data_id, number)
        if number is None or (chosen.file and not chosen.no_copy):
            return chosen, number is None
        latest = self.latest(data_id)
        return (latest, True) if latest.id == chosen.id else (chosen, False)

    def _authorizer_of(self, found: VersionLocation) -> GlobusAuthorizer | None:
        from aero_jupyter.client.locations import same_origin
        from aero_jupyter.jobs.collection_hosts import other_host, other_host_cure

        if found.collection is None:
            return None
        if same_origin(found.url, self.base_url):
            return self.authorizer
        authorizer = self.collection_authorizers.get(found.collection)
        # A record may name any host.
        serves_collection = self._is_host_of(found.collection, found.url) if authorizer else None
        if serves_collection is False:
            cure = other_host_cure(found.collection, found.url)
            raise errors.NotAuthorized(0, other_host(found.collection, found.url), cure)
        return authorizer if serves_collection else None
