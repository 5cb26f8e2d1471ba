"""What is new since somebody looked last: the runs that ended meanwhile, and how they are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from aero_jupyter.core.models import Run
from aero_jupyter.notebook.columns import names_of
from aero_jupyter.notebook.words import state_of

#: Runs that are remembered.
MOST = 2_000
#: Runs that are named where several ended.
_NAMED = 3
_WORST_FIRST = ("failed", "cancelled", "done", "unchanged")


class News:
    """Tells which runs have ended since the last look; an old run that is seen for the first time is none of them.

    Parameters
    ----------
    since : datetime
        When the first look was, in UTC.
    """

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._ended: dict[str, bool] = {}

    def of(self, runs: Iterable[Run], asked: datetime) -> list[Run]:
        """Give the runs that have ended since the last look, the worst first.

        Parameters
        ----------
        asked : datetime
            When they were asked for.
        """
        seen = {run.id: run for run in runs}
        news = [run for run in seen.values() if run.is_final and self._is_new(run)]
        self._ended |= {id: run.is_final for id, run in seen.items()}
        for id in list(self._ended)[:-MOST]:
            del self._ended[id]
        self._since = max(self._since, asked)
        return sorted(news, key=lambda run: _WORST_FIRST.index(run.state))

    def _is_new(self, run: Run) -> bool:
        had_ended = self._ended.get(run.id)
        if had_ended is None:
            return run.ended_at is not None and run.ended_at > self._since
        return not had_ended


def told(news: Sequence[Run]) -> str:
    """Tell the runs that ended, with the names of the versions that landed; nothing where none did."""
    if len(news) < 2:
        return "".join(f"{state_of(run.state)}: {_about(run)}" for run in news)
    counts = Counter(run.state for run in news)
    counted = ", ".join(f"{count} {state}" for state, count in counts.items())
    named = "; ".join(f"{state_of(run.state)[0]} {_about(run)}" for run in news[:_NAMED])
    return f"{counted}: {named}{' …' if len(news) > _NAMED else ''}"


def _about(run: Run) -> str:
    name, made = run.raw.get("flow_name"), names_of(run.made)
    return f"run {run.id[:8]}{f' of {name}' if name else ''}{f' made {made}' if made else ''}"
