"""Notifications of runs that ended since they were last shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from aero_jupyter.core.models import Run
from aero_jupyter.core.run_states import SUCCESSFUL_STATES, UNSUCCESSFUL_STATES
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.record_facts import names_of

#: Runs whose state is remembered.
MAX_TRACKED_RUNS = 2_000
#: Runs that are named if several ended.
_MAX_NAMED = 3
_FAILURES_FIRST = (*UNSUCCESSFUL_STATES, *SUCCESSFUL_STATES)


class RunEndTracker:
    """Finds the runs that have ended since the last call, leaving out old runs that appear for the first time.

    Parameters
    ----------
    since : datetime
        Time of the first request, in UTC.
    """

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._was_final: dict[str, bool] = {}

    def newly_ended(self, runs: Iterable[Run], fetched_at: datetime) -> list[Run]:
        """Return the runs that have ended since the last call, failures first.

        Parameters
        ----------
        fetched_at : datetime
            Time of the request, in UTC.
        """
        current = {run.id: run for run in runs}
        ended = [run for run in current.values() if run.is_final and self._has_newly_ended(run)]
        self._was_final |= {id: run.is_final for id, run in current.items()}
        for id in list(self._was_final)[:-MAX_TRACKED_RUNS]:
            del self._was_final[id]
        self._since = max(self._since, fetched_at)
        return sorted(ended, key=lambda run: _FAILURES_FIRST.index(run.state))

    def _has_newly_ended(self, run: Run) -> bool:
        was_final = self._was_final.get(run.id)
        if was_final is None:
            return run.ended_at is not None and run.ended_at > self._since
        return not was_final


def announcement(ended: Sequence[Run]) -> str:
    """Return the runs that ended, with the names of their new versions; an empty string if there are none."""
    if len(ended) < 2:
        return "".join(f"{format_state(run.state)}: {_describe(run)}" for run in ended)
    counts = Counter(run.state for run in ended)
    counted = ", ".join(f"{count} {state}" for state, count in counts.items())
    named = "; ".join(f"{format_state(run.state)[0]} {_describe(run)}" for run in ended[:_MAX_NAMED])
    return f"{counted}: {named}{' …' if len(ended) > _MAX_NAMED else ''}"


def _describe(run: Run) -> str:
    name, made = run.flow_name, names_of(run.made)
    return f"run {run.id[:8]}{f' of {name}' if name else ''}{f' made {made}' if made else ''}"
