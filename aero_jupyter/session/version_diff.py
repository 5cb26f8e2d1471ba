"""The differences between two versions, over the session in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import Unreadable
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.session.connections import current
from aero_jupyter.session.descriptions import stored_keys
from aero_jupyter.session.reading import read_version, version_number

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.vintages import Diff, FileDiff

#: Texts up to this size are compared line by line.
_COMPARED_TEXT_BYTES = 5_000_000


def diff(
    left: str | pd.DataFrame,
    right: str | pd.DataFrame,
    keys: Sequence[str] | None = None,
    *,
    abs_tol: float = 0.0,
    rel_tol: float = 0.0,
) -> Diff | FileDiff:
    """Compare two versions.

    Parameters
    ----------
    left, right : str or DataFrame
        The earlier and the later version: ``NAME@3``, ``NAME@2026-01-05``, or a table.
    keys : sequence of str, optional
        The columns that identify a row; by default as described by `describe`, or the fewest columns that do so in
        both versions. With ``[]``, whole rows are compared.
    abs_tol, rel_tol : float
        Numbers are equal up to ``max(abs_tol, rel_tol * abs(earlier))``.

    Returns
    -------
    Diff or FileDiff
        ``print`` shows the largest differences; ``cells`` has all of them. Of files that are no tables: sizes,
        checksums, and the changed lines of texts.

    Raises
    ------
    DuplicateKeys
        If several rows of a version have the same key.
    Unreadable
        If a version is no table, and the other one is, or keys are named.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.diff("sewage@1", "sewage@1").counts["unchanged"]
    26
    """
    from aero_jupyter.vintages import diff as compare

    if keys is None and isinstance(left, str):
        session = current()
        data = session.client.resolve_data(VersionRef.parse(left).name)
        keys = stored_keys(session, data.id)
    try:
        (before, start), (after, end) = _table(left, "from"), _table(right, "to")
    except Unreadable:
        if keys is not None or not isinstance(left, str) or not isinstance(right, str):
            raise
        return _diff_of_files(left, right)
    return compare(before, after, keys, abs_tol=abs_tol, rel_tol=rel_tol, from_version=start, to_version=end)


def _diff_of_files(left: str, right: str) -> FileDiff:
    """Compare two versions as files; texts are compared line by line if they are small."""
    from aero_jupyter.vintages.file_diff import FileDiff, line_differences

    client = current().client
    contents = []
    for text in (left, right):
        ref = VersionRef.parse(text)
        data_id = client.resolve_data(ref.name).id
        contents.append(client.place(data_id, version_number(client, data_id, ref)))
    versions = [content.version for content in contents]
    start, end = (f"{content.data.name}@{content.version.version}" for content in contents)
    before, after = (version.file.size if version.file else None for version in versions)
    lines = None
    if before is not None and after is not None and max(before, after) <= _COMPARED_TEXT_BYTES:
        readers = [client.open_content(content) for content in contents]
        with readers[0], readers[1]:
            lines = line_differences(readers[0].read(), readers[1].read())
    return FileDiff((start, end), (before, after), (versions[0].checksum, versions[1].checksum), lines)


def _table(version: str | pd.DataFrame, name: str) -> tuple[pd.DataFrame, str]:
    if not isinstance(version, str):
        return version, name
    frame = read_version(current().client, VersionRef.parse(version), {})
    about = frame.attrs.get("aero", {})
    return frame, f"{about.get('name', version)}@{about.get('version', '')}".rstrip("@")
