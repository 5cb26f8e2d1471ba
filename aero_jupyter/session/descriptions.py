"""Descriptions of datasets: the columns that identify a row, and the date that it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.session.connections import current
from aero_jupyter.session.profiles import descriptions_file_of

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.session.session import Session


def describe(
    name_or_id: str,
    keys: Sequence[str] | None = None,
    time: str | None = None,
    value: str | Sequence[str] | None = None,
) -> dict[str, Any]:
    """Store what identifies a row of a dataset, and which column is the date that it is about.

    `archive`, `revisions` and `diff` use the description. It is stored in a file beside the configuration, one per
    profile. Without arguments the stored description is returned, or a guess, which says so.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    keys : sequence of str, optional
        The columns that identify a row.
    time : str, optional
        The column with the date that a row is about.
    value : str or sequence of str, optional
        The columns with measurements.

    Returns
    -------
    dict
        ``keys``, ``time``, ``value``, and ``guessed``: whether nothing was stored.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    InvalidArgument
        If the newest version lacks one of the columns, or if no columns identify its rows.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.describe("sewage")
    {'keys': ['sample_collect_date'], 'time': 'sample_collect_date', 'value': [], 'guessed': True}
    """
    session = current()
    data = session.client.resolve_data(name_or_id)
    if keys is None and time is None and value is None:
        return description_of(session, data, lambda: session.client.read(data.id))
    from aero_jupyter.vintages.key_guess import with_time

    names = with_time(() if keys is None else keys, time)
    values = [value] if isinstance(value, str) else list(value or ())
    frame = session.client.read(data.id)
    for name in (*names, *values):
        if name not in frame.columns:
            raise InvalidArgument(
                f"{data.name} has no column {name}.", f"Choose from: {', '.join(map(str, frame.columns))}"
            )
    stored = {"keys": names, "time": time, "value": values}
    descriptions_file_of(session.profile).set("datasets", data.id, stored)
    return {**stored, "guessed": False}


def store_description(session: Session, data_id: str, keys: Sequence[str] | None, time: str | None) -> None:
    """Store the description of a dataset that has no version yet; `archive` reports a column that is missing.

    Parameters
    ----------
    session : Session
    data_id : str
    keys : sequence of str, optional
        The columns that identify a row.
    time : str, optional
        The column with the date that a row is about.
    """
    from aero_jupyter.vintages.key_guess import with_time

    stored = {"keys": with_time(() if keys is None else keys, time), "time": time, "value": []}
    descriptions_file_of(session.profile).set("datasets", data_id, stored)


def stored_keys(session: Session, data_id: str) -> Sequence[str] | None:
    """Return the columns that `describe` stored as those that identify a row; None if there are none."""
    keys: Sequence[str] | None = descriptions_file_of(session.profile).get("datasets", data_id).get("keys")
    return keys


def description_of(session: Session, data: Data, newest: Callable[[], pd.DataFrame]) -> dict[str, Any]:
    """Return the stored description of a dataset, or one guessed from its newest version.

    Raises
    ------
    InvalidArgument
        If nothing is stored, and no columns identify the rows.
    """
    stored = descriptions_file_of(session.profile).get("datasets", data.id)
    if stored:
        return {**stored, "guessed": False}
    from aero_jupyter.vintages.key_guess import guessed_keys, guessed_time

    frame = newest()
    keys = guessed_keys(frame)
    if not keys:
        raise InvalidArgument(
            f"No columns of {data.name} identify its rows.", f'Name them: aero.describe("{data.name}", keys=["…"])'
        )
    return {"keys": keys, "time": guessed_time(frame, keys), "value": [], "guessed": True}
