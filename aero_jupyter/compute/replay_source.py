"""The source code of a replay's calls: the current runtime, and the cell of a registered function."""

from __future__ import annotations

from aero_jupyter import jobs
from aero_jupyter.compute.source_diff import registered_cell
from aero_jupyter.core.errors import FunctionRefused

#: The function to call for one version of a replay.
REPLAY_ENTRY = "aero_vintage"


def replay_source(name: str, registered: str) -> str:
    """Build the text to register for a replay, with `REPLAY_ENTRY` to call.

    Parameters
    ----------
    name : str
        Of the flow, for the message.
    registered : str
        The registered text of the function.

    Raises
    ------
    FunctionRefused
        If the function was not registered from its source code by this package.
    """
    cell = registered_cell(registered)
    if not cell:
        raise FunctionRefused(
            f"The registered function of {name} has no source code that can be replayed.",
            "Pass the function itself: aero.replay(FUNCTION, DATASET)",
        )
    return (
        f"{jobs.runtime_source()}_CELL = {dict(cell)!r}\n\n\n"
        f"def {REPLAY_ENTRY}(kwargs, aero):\n    return run_vintage(_CELL, kwargs, aero)\n"
    )
