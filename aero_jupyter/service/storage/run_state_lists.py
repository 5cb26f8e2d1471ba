"""The states of a run as lists for SQL."""

from __future__ import annotations

from collections.abc import Iterable

from aero_jupyter.core.run_states import FINAL_STATES, OPEN_STATES, SUCCESSFUL_STATES


def _sql_list(states: Iterable[str]) -> str:
    return "('" + "', '".join(states) + "')"


#: The states of a run that was claimed and has not ended, in their order.
CLAIMED_STATES = OPEN_STATES[1:]
CLAIMED_SQL = _sql_list(CLAIMED_STATES)
OPEN_SQL = _sql_list(OPEN_STATES)
SUCCESSFUL_SQL = _sql_list(SUCCESSFUL_STATES)
FINAL_SQL = _sql_list(sorted(FINAL_STATES))
