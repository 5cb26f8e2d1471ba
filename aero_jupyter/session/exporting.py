"""Exports of a version with what it was made from, over the session in use."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any  # JSON values

from aero_jupyter.core.errors import AeroError, InvalidArgument, Unreadable
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.provenance import Ancestry
from aero_jupyter.provenance.ancestry import dataset_of, label_of, version_key
from aero_jupyter.provenance.citation_text import authors_of
from aero_jupyter.provenance.crate import CRATE_FILE, crate_metadata
from aero_jupyter.provenance.croissant import CROISSANT_FILE, croissant_metadata
from aero_jupyter.provenance.exported_files import ExportedFile, function_path, media_type, paths_of
from aero_jupyter.provenance.prov_document import PROV_FILE, prov_document
from aero_jupyter.session.ancestors import ancestry_of
from aero_jupyter.session.citing import cited_version
from aero_jupyter.session.connections import current

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: The forms of an export.
EXPORT_FORMS = ("ro-crate", "prov", "croissant")
_UNKNOWN_LICENSE = "The license is not known to AERO."
_CHUNK_BYTES = 1 << 20


def export(
    x: object,
    path: str | os.PathLike[str],
    as_: str = "ro-crate",
    *,
    lineage: bool = True,
    license: str | None = None,
    authors: str | Sequence[str] = (),
) -> Path:
    """Write a version and what it was made from to a ZIP file.

    Parameters
    ----------
    x : str or DataFrame
        The version, as for `cite`.
    path : str or path
        The ZIP file; a file that exists is replaced when the export is complete.
    as_ : {"ro-crate", "prov", "croissant"}
        ``ro-crate``: a Process Run Crate with the bytes of all versions and the source code of the functions;
        ``prov``: the runs, versions and functions as PROV-JSON, without bytes; ``croissant``: the version with its
        columns, for machine learning.
    lineage : bool
        Whether all runs that led to the version are exported, or only the one that made it.
    license : str, optional
        A URL or a text; without it, the export states that the license is not known.
    authors : str or sequence of str
        As for `cite`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        If there is no such form, or if the path does not end with .zip or cannot be written.
    AeroError
        If the server does not list the runs that led to the version.
    ClientError
        If the server refuses or does not respond, or no longer has the bytes of a version.

    Examples
    --------
    >>> import tempfile
    >>> aero.export("sewage@1", tempfile.mkdtemp() + "/sewage.zip", as_="prov").name
    'sewage.zip'
    """
    if as_ not in EXPORT_FORMS:
        raise InvalidArgument(f"There is no export in the form {as_!r}.", suggest(as_, EXPORT_FORMS))
    target = Path(path).expanduser().absolute()
    if target.suffix.lower() != ".zip":
        raise InvalidArgument(f"{target.name} is no name of a ZIP file.", f"Write it as {target.stem}.zip.")
    session = current()
    ancestry = _ancestry(session, *cited_version(session, x), as_, lineage)
    named = (authors,) if isinstance(authors, str) else tuple(authors)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            _Export(session, archive, ancestry, license or _UNKNOWN_LICENSE, named or authors_of(ancestry)).write(as_)
        part.replace(target)
    except OSError as error:
        raise InvalidArgument(f"{target} cannot be written: {error.strerror}.", "Choose another file.") from None
    finally:
        part.unlink(missing_ok=True)
    return target


def _ancestry(session: Session, data: Data, version: Version, form: str, lineage: bool) -> Ancestry:
    ancestry = ancestry_of(session, data, version)
    if form != "croissant" and not ancestry.runs:
        label = label_of(ancestry.version)
        reason = f"No run that made {label} is recorded."
        if not ancestry.is_recorded:
            reason = f"This server does not list which runs made {label}."
        raise AeroError(reason, 'Export it without its runs: as_="croissant"')
    return ancestry if lineage else replace(ancestry, runs=ancestry.makers)


class _Export:
    """An export while it is written."""

    def __init__(
        self, session: Session, archive: zipfile.ZipFile, ancestry: Ancestry, license: str, authors: Sequence[str]
    ) -> None:
        self._client = session.client
        self._archive = archive
        self._ancestry = ancestry
        self._about = (license, authors)
        self._files: dict[tuple[str, int], ExportedFile] = {}

    def write(self, form: str) -> None:
        """Write the files and the metadata of a form."""
        ancestry = self._ancestry
        if form == "prov":
            self._write_json(PROV_FILE, prov_document(ancestry))
        elif form == "croissant":
            self._store([ancestry.version])
            columns = self._columns()
            self._write_json(CROISSANT_FILE, croissant_metadata(ancestry, self._files, columns, *self._about))
        else:
            self._store(ancestry.versions)
            codes = {run.code.id: run.code for run in ancestry.runs if run.code is not None}
            for code in codes.values():
                if code.text is not None:
                    self._archive.writestr(self._entry(function_path(code)), code.text)
            self._write_json(CRATE_FILE, crate_metadata(ancestry, self._files, *self._about))

    def _write_json(self, name: str, document: dict[str, Any]) -> None:
        self._archive.writestr(self._entry(name), json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def _entry(self, name: str, time: datetime | None = None) -> zipfile.ZipInfo:
        # The time of the version, so that equal exports have equal bytes.
        made = time or self._ancestry.version.created_at
        entry = zipfile.ZipInfo(name, made.timetuple()[:6] if made and made.year >= 1980 else (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        return entry

    def _store(self, versions: Sequence[Version]) -> None:
        paths = paths_of(self._ancestry)
        for version in versions:
            if not (version.no_copy or dataset_of(version).no_copy):
                self._files[version_key(version)] = self._store_version(version, paths[version_key(version)])

    def _store_version(self, version: Version, path: str) -> ExportedFile:
        found = self._client.place(version.data_id, version.version)
        digest, size = hashlib.sha256(), 0
        entry = self._entry(path, version.created_at)
        with self._client.open_content(found) as reader, self._archive.open(entry, "w", force_zip64=True) as file:
            while chunk := reader.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        if types := self._client.types_of(found):
            self._archive.writestr(self._entry(path + TYPES_SUFFIX, version.created_at), types)
        return ExportedFile(path, digest.hexdigest(), size, media_type(path))

    def _columns(self) -> dict[str, str]:
        """Return the columns and their types; empty if the version is no table of the kinds that all readers read."""
        file = self._files.get(version_key(self._ancestry.version))
        if file is None or not file.path.endswith((".csv", ".parquet")):
            return {}
        try:
            table = self._client.read(self._ancestry.version.data_id, self._ancestry.version.version)
        except Unreadable:
            return {}
        columns = {str(name): _type_of(column) for name, column in table.items()}
        return columns if len(columns) == table.shape[1] else {}


def _type_of(column: Any) -> str:
    from pandas.api import types

    if types.is_bool_dtype(column):
        return "sc:Boolean"
    if types.is_integer_dtype(column) and not column.hasnans:
        return "sc:Integer"
    if types.is_numeric_dtype(column):
        return "sc:Float"
    return "sc:DateTime" if types.is_datetime64_any_dtype(column) else "sc:Text"
