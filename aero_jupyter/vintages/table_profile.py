"""The profile of a table by itself, compared with the version before it."""

from __future__ import annotations

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.archive import Archive
from aero_jupyter.vintages.key_guess import guessed_keys, guessed_time
from aero_jupyter.vintages.version_profile import VersionProfile, profiles_of, types_of


def profile_of(frame: pd.DataFrame, before: pd.DataFrame | None) -> VersionProfile:
    """Return the profile of a table; lost rows are found if columns identify the rows of both tables.

    Parameters
    ----------
    frame : DataFrame
    before : DataFrame or None
        The version before it.

    Examples
    --------
    >>> import pandas as pd
    >>> profile_of(pd.DataFrame({"cases": [3, 4]}), None).types
    {'cases': ('number', 'int64')}
    """
    tables = [frame] if before is None else [before, frame]
    keys = guessed_keys(*tables)
    time = guessed_time(frame, keys)
    if time is not None:
        try:
            return profiles_of(Archive.from_snapshots(list(enumerate(tables, 1)), keys, time))[-1]
        except InvalidArgument:
            # Cells that cannot be compared: the rows and the columns are known all the same.
            pass
    return VersionProfile(len(frame), types_of(zip(frame.columns, frame.dtypes, strict=True)))
