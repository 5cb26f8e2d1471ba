"""The states of a run."""

from __future__ import annotations

#: The states of a run that has not ended, in their order.
OPEN_STATES = ("queued", "pulling", "running", "committing")
SUCCESSFUL_STATES = ("done", "unchanged")
UNSUCCESSFUL_STATES = ("failed", "cancelled")
FINAL_STATES = frozenset((*SUCCESSFUL_STATES, *UNSUCCESSFUL_STATES))
RUN_STATES = (*OPEN_STATES, *SUCCESSFUL_STATES, *UNSUCCESSFUL_STATES)
#: States of a run that ended, was not cancelled, and made no version.
VERSIONLESS_STATES = ("failed", "unchanged")
