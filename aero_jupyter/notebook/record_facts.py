"""Facts of single records that tables, cards and panels share."""

from __future__ import annotations

from collections.abc import Sequence

from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.redaction import redact_url


def seconds_of(run: Run) -> float | None:
    """Return the duration of a run in seconds; None until it has ended."""
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None


def names_of(versions: Sequence[Version] | None) -> str | None:
    """Return versions as "sewage v41, clean v12"; None if the server does not list them."""
    if versions is None:
        return None
    return ", ".join(f"{each.data.name if each.data else each.data_id[:8]} v{each.version}" for each in versions)


def mixed_of(run: Run) -> str:
    """Return a note that a run's inputs come from different versions of one dataset; empty if they do not."""
    return f"mixed inputs: {run.mixed}" if run.mixed else ""


def freshness_words(data: Data) -> str | None:
    """Return whether a dataset keeps its promise, as the local AERO computes it; None without a promise."""
    if data.promise is None:
        return None
    return f"▲ late since {data.late_since:%Y-%m-%d %H:%M} UTC" if data.late_since else "on time"


def drift_line(record: Data | Version) -> str:
    """Return the notes on a version, of a dataset the newest one, as a line; empty if there are none."""
    return f"▲ drifted: {'; '.join(record.drift_notes)}" if record.drift_notes else ""


def changed_sources(record: Data | Flow) -> list[str]:
    """Return a line for each change of a dataset's or flow's source."""
    return [
        f"Source changed from {shown_url(change.previous)} to {shown_url(change.url)}."
        for change in record.source_changes
    ]


def shown_url(url: object) -> str:
    """Return a source's URL without its secrets."""
    return redact_url(str(url)) if url else "none"
