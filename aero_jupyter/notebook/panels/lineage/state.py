"""State of a lineage panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LineageState:
    """State of a lineage panel.

    Attributes
    ----------
    data_id : str
    version : int or None
        None for all versions together.
    opened : str or None
        Id of the selected box or flow.
    unfolded : tuple of str
        Ids of the unfolded boxes.
    run : str or None
        Id of the run that is the subject, if it made no version.
    search : str
        Text that the marked boxes contain.
    """

    data_id: str
    version: int | None = None
    opened: str | None = None
    unfolded: tuple[str, ...] = ()
    run: str | None = None
    search: str = ""
