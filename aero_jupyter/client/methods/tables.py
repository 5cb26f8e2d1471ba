"""Versions as DataFrames, and the reader options and freshness promises stored with datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.methods.contents import ContentMethods
from aero_jupyter.client.reader_options import OptionsFile, change_options, merge_options
from aero_jupyter.core import errors, wire
from aero_jupyter.core.models import Data

if TYPE_CHECKING:
    import pandas as pd


class TableMethods(ContentMethods):
    """Methods that read versions as DataFrames."""

    _options_file: OptionsFile | None

    def read(self, data_id: str, version: int | None = None, **options: Any) -> pd.DataFrame:
        """Read a version as a DataFrame.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int, optional
            Its number; the newest by default.
        **options
            Options of the pandas reader, such as ``sheet_name``; they win over stored ones. ``max_bytes`` lifts the
            limits of reading.

        Returns
        -------
        DataFrame
            One row per record, with the types that the version was stored with. If checks of the version warned,
            ``attrs["aero"]["warnings"]`` lists them.

        Raises
        ------
        Unreadable
            If the bytes do not make a table.
        MissingExtra
            If the package that reads such files is not installed.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.read(client.resolve_data("sewage").id, usecols=[0]).shape
        (26, 1)
        """
        from aero_jupyter.client.dataframes import to_frame

        found = self.place(data_id, version)
        types = self.types_of(found)
        stored = self.read_options(found.data)
        with self.open_content(found) as reader:
            return to_frame(reader, self.base_url, merge_options(stored, options), types, self.warnings_of(found))

    def read_options(self, data: Data) -> dict[str, Any]:
        """Return the reader options that are stored with a dataset.

        Parameters
        ----------
        data : Data

        Returns
        -------
        dict
            Option to value; empty where none is stored.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.read_options(client.resolve_data("sewage"))
        {}
        """
        if self.dialect.read_options:
            return dict(data.raw.get("read_options") or {})
        return self._options_file.get(self.base_url, data.id) if self._options_file else {}

    def store_read_options(self, data: Data, changes: Mapping[str, Any] | None) -> dict[str, Any]:
        """Change the reader options that are stored with a dataset.

        Parameters
        ----------
        data : Data
        changes : mapping or None
            Option to value; None as a value removes one option, None instead of the mapping removes all.

        Returns
        -------
        dict
            The options that are stored now.

        Raises
        ------
        InvalidArgument
            If no reader has such an option, or its value cannot be stored.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> data = client.resolve_data("sewage")
        >>> client.store_read_options(data, {"nrows": 3})
        {'nrows': 3}
        >>> client.store_read_options(data, None)
        {}
        """
        options = {} if changes is None else change_options(self.read_options(data), changes)
        if self.dialect.read_options:
            self._send(wire.PUT_READ_OPTIONS, data={"read_options": options}, id=data.id)
        elif self._options_file is None:
            raise errors.InvalidArgument(
                "This server does not store reader options.", "Pass them at each read: %aero_get NAME --option N=V"
            )
        else:
            self._options_file.set(self.base_url, data.id, options)
        return options

    def store_promise(self, data: Data, promise: str | None, since: str | None = None) -> None:
        """Store the freshness promise of a dataset on a server that stores promises.

        Parameters
        ----------
        data : Data
        promise : str or None
            Such as ``weekly by Wed 12:00 America/New_York``; None removes the stored promise.
        since : str, optional
            When the promise begins, as ISO 8601; now by default.

        Raises
        ------
        InvalidArgument
            If the server stores no promises.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.store_promise(client.resolve_data("sewage"), None)
        """
        if not self.dialect.promises:
            raise errors.InvalidArgument("This server stores no promises.", "Use aero.expect, which stores them here.")
        self._send(wire.PUT_FRESHNESS, data={"promise": promise, "since": since}, id=data.id)
