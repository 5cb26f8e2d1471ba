"""Versions that stand for an earlier time."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from aero_jupyter.client.responses import decode_body
from aero_jupyter.client.transport import BaseAeroClient
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Data, Version
from aero_jupyter.jobs.file_types import suffix_of


@dataclass(frozen=True)
class OutputFile:
    """The file of an output.

    Attributes
    ----------
    name : str
        Its suffix tells its type.
    content : bytes
    encoding : str or None
        Of a text.
    types : bytes or None
        The column types of a table, which are stored beside it.
    """

    name: str
    content: bytes
    encoding: str | None = None
    types: bytes | None = None


class BackfillMethods(BaseAeroClient):
    """Methods that store versions that stand for an earlier time."""

    def require_backfills(self) -> None:
        """Raise unless the server stores versions that stand for an earlier time.

        Raises
        ------
        InvalidArgument
            If it does not; only the local AERO does.

        Examples
        --------
        >>> client.require_backfills()
        """
        if not self.dialect.backfills:
            raise errors.InvalidArgument(
                f"{self.base_url} stores no versions for an earlier time.",
                "Leave commit out, and use the returned table: aero.replay(FLOW, DATASET).results",
            )

    def commit_as_of(
        self, flow_id: str, data: Data, file: OutputFile, used: Mapping[str, tuple[str, int]], as_of: datetime
    ) -> Version:
        """Store a version of an output that stands for an earlier time, with its provenance.

        It starts no runs, and the newest version stays the newest. The same version is stored once.

        Parameters
        ----------
        flow_id : str
            Id of the flow that makes the output.
        data : Data
            The output.
        file : OutputFile
        used : mapping of str to (str, int)
            Parameter to the dataset id and the number of each version that was read; none may be later than `as_of`.
        as_of : datetime
            The time, with a zone, for which the version stands.

        Returns
        -------
        Version

        Raises
        ------
        InvalidArgument
            If the server stores no such versions.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> from aero_jupyter.client.methods.backfill import OutputFile
        >>> sewage = client.resolve_data("sewage")
        >>> client.commit_as_of("no flow", sewage, OutputFile("x.csv", b"day"), {}, sewage.created_at)
        Traceback (most recent call last):
            ...
        aero_jupyter.core.errors...
        """
        from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX

        self.require_backfills()
        suffix = TYPED_CSV if file.types is not None and file.name.endswith(TYPED_CSV) else suffix_of(file.name)
        stored = uuid.uuid4().hex + suffix
        collection = str(data.collection_uuid)
        if file.types is not None:
            self._put_content(collection, stored + TYPES_SUFFIX, file.types)
        self._put_content(collection, stored, file.content)
        output = {
            "id": data.id,
            "file_bn": stored,
            "file_format": suffix_of(file.name),
            "checksum": hashlib.sha256(file.content).hexdigest(),
            "size": len(file.content),
            "encoding": file.encoding,
        }
        record = {
            "flow_id": flow_id,
            "as_of": f"{as_of.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}",
            "input_data": {name: {"id": id, "version": number} for name, (id, number) in used.items()},
            "output_data": {data.name: output},
        }
        made = decode_body(decode.provenance, self._send(wire.NEW_PROV, data=record).body).made or ()
        return next(version for version in made if version.data_id == data.id)

    def _put_content(self, collection: str, file: str, content: bytes) -> None:
        self._send(wire.PUT_CONTENT, data=content, collection=collection, file=file)
