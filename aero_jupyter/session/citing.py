"""Citations of versions, over the session in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import AeroError, InvalidArgument, NotFound
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.provenance import Citation
from aero_jupyter.session.ancestors import ancestry_of
from aero_jupyter.session.connections import current
from aero_jupyter.session.lock_in_force import choose_version

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def cite(x: object, as_: str = "text", *, authors: str | Sequence[str] = ()) -> Citation:
    """Cite a version of a dataset: name, number, SHA-256, time and URL.

    A version that was made from others is cited with every version and function that led to it. The local AERO records
    the citation, and no retention policy removes the content of the cited version.

    Parameters
    ----------
    x : str or DataFrame
        ``NAME`` for the newest version, or the one in the lock file of `lock`; ``NAME@3``, ``NAME@2026-01-05``, or a
        table that `read` returned.
    as_ : {"text", "bibtex", "cff", "datacite"}
        The form in which the citation is displayed: text, an entry of biblatex, a file ``CITATION.cff``, or DataCite
        JSON.
    authors : str or sequence of str
        By default, the host of the source, or the owner of the flow that made the version.

    Returns
    -------
    Citation
        ``str`` returns it in the chosen form; ``text``, ``bibtex``, ``cff`` and ``datacite`` are all forms.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    NotFound
        If there is no such version.
    InvalidArgument
        If the table was not read from AERO, or if there is no such form.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> print(aero.cite("sewage@1", authors="Stickney Plant"))
    Stickney Plant (...). sewage (version 1) [Data set]. 127.0.0.1:.... Version of .... SHA-256 .... http://...
    sewage@1 (..., SHA-256 ...) was downloaded from http://... by clean() (SHA-256 ...).
    >>> print(aero.cite("sewage", "bibtex"))
    @dataset{sewage_v1,
      ...
    }
    """
    session = current()
    data, version = cited_version(session, x)
    session.client.hold_versions([(data.id, version.version)], "citation")
    named = (authors,) if isinstance(authors, str) else tuple(authors)
    return Citation(ancestry_of(session, data, version), named, as_)


def cited_version(session: Session, x: object) -> tuple[Data, Version]:
    """Return the dataset and the version that a name, a table or a record stands for.

    Raises
    ------
    InvalidArgument
        If it is none of these.
    AeroError
        If the version has another checksum than the table that was read from it.
    """
    client = session.client
    if isinstance(x, str):
        ref = VersionRef.parse(x.strip())
        data = client.resolve_data(ref.name)
        return data, client.version(data.id, choose_version(client, data, ref).number)
    if isinstance(x, Version):
        return x.data or client.get_data(x.data_id), x
    if isinstance(x, Data):
        return x, client.latest(x.id)
    attrs = getattr(x, "attrs", None)
    about = attrs.get("aero") if isinstance(attrs, Mapping) else None
    if not isinstance(about, Mapping) or not {"data_id", "version"} <= about.keys():
        raise InvalidArgument(
            f"A {type(x).__name__} without its origin is no version of a dataset.",
            "Pass NAME, NAME@3, or a table that aero.read returned.",
        )
    return _version_of_table(session, about)


def _version_of_table(session: Session, about: Mapping[str, Any]) -> tuple[Data, Version]:
    client, label = session.client, f"{about.get('name')}@{about['version']}"
    try:
        data = client.get_data(str(about["data_id"]))
        version = client.version(data.id, int(about["version"]))
    except NotFound as error:
        raise NotFound(
            error.code,
            f"The table was read from {label} of {about.get('server')}, which {session.name} does not have.",
            "Connect to the server that has it: aero.connect(SERVER)",
        ) from None
    if about.get("checksum") and version.checksum and about["checksum"] != version.checksum:
        raise AeroError(
            f"{label} has the checksum {version.checksum}, and the table was read from bytes with {about['checksum']}.",
            f'Read it again: aero.read("{label}")',
        )
    return data, version
