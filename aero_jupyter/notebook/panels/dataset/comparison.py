"""The changes between two versions, in a few words or in full."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.models import Version
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.notebook.formatting import size_of
from aero_jupyter.notebook.panels.dataset.facts import DatasetFacts
from aero_jupyter.session.descriptions import stored_keys
from aero_jupyter.session.reading import read_version

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.session.session import Session
    from aero_jupyter.vintages import Diff

#: Bytes of two versions that a click compares, and of one version whose changes are counted without a click.
MAX_COMPARED_BYTES, MAX_COUNTED_BYTES = 50_000_000, 500_000
#: Latest versions whose changes are counted without a click.
_COUNTED_VERSIONS = 6


def compare_versions(session: Session, facts: DatasetFacts, first: int, second: int) -> Diff:
    """Compare two versions of a dataset, by the columns that `describe` stored or by those that identify a row.

    Raises
    ------
    InvalidArgument
        If a version does not exist, if both are too large to be compared by a click, or if they cannot be matched.
    Unreadable
        If a version is no table.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.vintages import diff

    name, sizes = facts.data.name, []
    for number in (first, second):
        version = facts.version(number)
        if version is None:
            raise InvalidArgument(f"{name} has no version {number}.", "Choose another one.")
        sizes.append(_size(version) or 0)
    if sum(sizes) > MAX_COMPARED_BYTES:
        message = f"Versions {first} and {second} of {name} have {size_of(sum(sizes))} together."
        raise InvalidArgument(message, f'Compare them with aero.diff("{name}@{first}", "{name}@{second}")')
    before, after = (read_version(session.client, VersionRef(facts.data.id, number), {}) for number in (first, second))
    return diff(before, after, stored_keys(session, facts.data.id), from_version=f"v{first}", to_version=f"v{second}")


def count_changes(
    session: Session, facts: DatasetFacts, known: Mapping[int, tuple[int, str]]
) -> dict[int, tuple[int, str]]:
    """Return the rows of the latest small versions, and what changed in each, unless it is `known`."""
    counted = dict(known)
    tables: dict[int, pd.DataFrame] = {}
    latest = facts.versions[-_COUNTED_VERSIONS:]
    for earlier, later in zip((None, *latest), latest, strict=False):
        if later.version in counted or not _is_small(later) or (earlier is not None and not _is_small(earlier)):
            continue
        # Where rows cannot be matched, the size still shows that something changed.
        with contextlib.suppress(AeroError):
            after = _table(session, facts, later, tables)
            before = None if earlier is None else _table(session, facts, earlier, tables)
            counted[later.version] = (len(after), "" if before is None else _changes(session, facts, before, after))
    return counted


def _changes(session: Session, facts: DatasetFacts, before: pd.DataFrame, after: pd.DataFrame) -> str:
    from aero_jupyter.vintages import diff

    return change_words(diff(before, after, stored_keys(session, facts.data.id)))


def change_words(found: Diff) -> str:
    """Return the counts of a comparison: "+2 rows, −1 row, 3 changed"."""
    counts, columns = found.counts, found.columns
    parts = [
        f"+{counts['added']:,} {_rows(counts['added'])}" if counts["added"] else "",
        f"−{counts['removed']:,} {_rows(counts['removed'])}" if counts["removed"] else "",
        f"{counts['changed']:,} {_rows(counts['changed'])} changed" if counts["changed"] else "",
        f"new columns: {', '.join(map(str, columns.added))}" if columns.added else "",
        f"columns gone: {', '.join(map(str, columns.removed))}" if columns.removed else "",
    ]
    return ", ".join(part for part in parts if part) or "same rows"


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _table(session: Session, facts: DatasetFacts, version: Version, tables: dict[int, pd.DataFrame]) -> pd.DataFrame:
    if version.version not in tables:
        tables[version.version] = session.client.read(facts.data.id, version.version)
    return tables[version.version]


def _size(version: Version) -> int | None:
    return version.file.size if version.file else None


def _is_small(version: Version) -> bool:
    size = _size(version)
    return size is not None and size <= MAX_COUNTED_BYTES
