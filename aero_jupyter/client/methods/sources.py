"""Sources, their types and notifications, as the newest server and the local AERO have them."""

from __future__ import annotations

from typing import Any

from aero_jupyter.client.methods.records import RecordMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Data, Json


class SourceMethods(RecordMethods):
    """Methods that create sources, manage their types and send notifications."""

    def add_source(
        self,
        name: str,
        url: str,
        type_name: str | None = None,
        *,
        no_copy: bool = False,
        collection_uuid: str | None = None,
        collection_url: str | None = None,
        description: str | None = None,
    ) -> Data:
        """Create the dataset of a source, without a flow.

        Parameters
        ----------
        name, url : str
        type_name : str, optional
            The type that shares one dataset between several URLs.
        no_copy : bool
            Whether versions record only that an object changed, and the content stays at the URL.
        collection_uuid, collection_url : str, optional
            The Globus collection of the copies.
        description : str, optional

        Returns
        -------
        Data

        Raises
        ------
        InvalidArgument
            If the server belongs to the older generation.
        AlreadyExists
            If the type exists, or if the URL belongs to another type.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.add_source("reports", "https://example.org/a.csv", no_copy=True).no_copy  # doctest: +SKIP
        True
        """
        self._require_sources()
        body = {
            "name": name,
            "url": url,
            "type": type_name,
            "no_copy": no_copy,
            "collection_uuid": collection_uuid,
            "collection_url": collection_url,
            "description": description,
        }
        return decode_body(decode.data, self._send(wire.SOURCE, data=body).body)

    def source_types(self) -> list[Json]:
        """List the source types.

        Returns
        -------
        list of mapping
            ``name``, ``data_id``, ``no_copy`` and ``urls``: a list of ``{"url", "object_key"}``.

        Raises
        ------
        InvalidArgument
            If the server belongs to the older generation.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.source_types()
        []
        """
        self._require_sources()
        return decode_body(list, self._send(wire.TYPES).body)

    def source_type(self, name: str) -> Json | None:
        """Fetch one source type.

        Parameters
        ----------
        name : str

        Returns
        -------
        mapping or None
            As in `source_types`; None if there is no such type.

        Raises
        ------
        InvalidArgument
            If the server belongs to the older generation.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.source_type("traffic")
        """
        self._require_sources()
        if not name:
            return None
        try:
            return decode_body(dict, self._send(wire.GET_TYPE, name=name).body)
        except errors.NotFound:
            return None

    def add_type_url(self, name: str, url: str) -> Json:
        """Add a URL or a pattern to a source type; its dataset and flows stay.

        Parameters
        ----------
        name : str
            The type.
        url : str
            A URL, or a pattern: ``*`` in one folder, ``**`` across folders, ``?`` one character.

        Returns
        -------
        mapping
            The type as it is now.

        Raises
        ------
        NotFound
            If there is no such type.
        AlreadyExists
            If the URL belongs to another type.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.add_type_url("traffic", "https://example.org/b.csv")  # doctest: +SKIP
        {'name': 'traffic', ...}
        """
        self._require_sources()
        return decode_body(dict, self._send(wire.ADD_TYPE_URL, data={"url": url}, name=name).body)

    def delete_type_url(self, name: str, url: str) -> Json:
        """Remove a URL or a pattern from a source type; its dataset, versions and flows stay.

        Parameters
        ----------
        name, url : str
            The type and its URL, also in its signed form.

        Returns
        -------
        mapping
            The type as it is now.

        Raises
        ------
        NotFound
            If there is no such type, or the URL belongs to no type.
        AlreadyExists
            If the URL belongs to another type.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.delete_type_url("traffic", "https://example.org/b.csv")  # doctest: +SKIP
        {'name': 'traffic', ...}
        """
        self._require_sources()
        return decode_body(dict, self._send(wire.DELETE_TYPE_URL, params={"url": url}, name=name).body)

    def notify(self, data_id: str, **event: Any) -> Json:
        """Report that the object of a source changed.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        **event
            ``key`` or ``url`` of the object, its ``etag``, its ``size`` in bytes, and ``dedup``: False makes a version
            of an unchanged object too.

        Returns
        -------
        mapping
            ``status`` is "ingestion triggered", "version created" or "unchanged".

        Raises
        ------
        InvalidArgument
            If the server belongs to the older generation.
        NotFound
            If the object belongs to no source, or no flow downloads it.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> source = client.add_source("counts", "https://example.org/c.csv", no_copy=True)  # doctest: +SKIP
        >>> client.notify(source.id, etag="abc", size=3)["status"]  # doctest: +SKIP
        'version created'
        """
        self._require_sources()
        sent = {name: value for name, value in event.items() if value is not None}
        return decode_body(dict, self._send(wire.NOTIFY, data=sent, id=data_id).body)

    def _require_sources(self) -> None:
        if self.dialect.name == wire.FLASK.name:
            text = "This server belongs to the older generation, which has no source types and no notifications."
            raise errors.InvalidArgument(text, "Register an ingestion with a schedule: %%aero_register --source URL")
