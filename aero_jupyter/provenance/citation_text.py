"""The citation of a version as text, and the sentences on what it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from aero_jupyter.core.models import Version
from aero_jupyter.provenance.ancestry import (
    Ancestry,
    RecordedRun,
    checksum_of,
    host_names,
    label_of,
    source_url,
    utc_text,
)

#: The author of a version of which none is known.
UNKNOWN_AUTHOR = "Unknown author"


def authors_of(ancestry: Ancestry) -> tuple[str, ...]:
    """Return the owners of the flows that derived a version, or the hosts of its source; empty if none is known."""
    if not ancestry.is_derived:
        return tuple(host_names([ancestry.version]))
    owners = [run.flow.owner for run in ancestry.makers if run.flow is not None and run.flow.owner]
    return tuple(dict.fromkeys(owners))


def publisher_of(ancestry: Ancestry) -> str:
    """Return the publisher of a version: the host of its source, or the server if it was derived."""
    hosts = [] if ancestry.is_derived else host_names([ancestry.version])
    return hosts[0] if hosts else ancestry.server


def origin_lines(ancestry: Ancestry) -> list[str]:
    """Return a line for each run that led to a version, sources first; each names all versions and the function."""
    if not ancestry.is_recorded:
        return ["The server does not list what the version was made from."]
    return [line for run in ancestry.runs for line in _run_lines(run)]


def _run_lines(run: RecordedRun) -> list[str]:
    function = f" by {run.function}" if run.function else ""
    if run.used:
        used = ", ".join(map(_described_version, run.used))
        return [f"{', '.join(map(label_of, run.made))} was made from {used}{function}."]
    return [f"{_described_version(each)} was {_made_from(each)}{function}." for each in run.made]


def _made_from(version: Version) -> str:
    url = source_url(version)
    return f"downloaded from {url}" if url else "made without inputs"


def _described_version(version: Version) -> str:
    facts = [utc_text(version.created_at), str(checksum_of(version) or "")]
    known = ", ".join(filter(None, facts))
    return f"{label_of(version)} ({known})" if known else label_of(version)


def citation_text(ancestry: Ancestry, authors: Sequence[str]) -> str:
    """Return the citation as text."""
    version, data = ancestry.version, ancestry.data
    by = ", ".join(authors) or UNKNOWN_AUTHOR
    year = f" ({version.created_at:%Y})" if version.created_at else ""
    facts = [
        f"{by}{year}. {data.name} (version {version.version}) [Data set]. {publisher_of(ancestry)}.",
        f"Version of {utc_text(version.created_at)}." if version.created_at else "",
        f"{checksum}." if (checksum := checksum_of(version)) else "",
        url if (url := source_url(version)) and not ancestry.is_derived else "",
    ]
    return "\n".join([" ".join(filter(None, facts)), *origin_lines(ancestry)])
