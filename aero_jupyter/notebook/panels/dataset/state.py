"""The state of a dataset's page."""

from __future__ import annotations

from dataclasses import dataclass

from aero_jupyter.core.models import Data


@dataclass(frozen=True)
class DatasetPageState:
    """State of the page of a dataset.

    Attributes
    ----------
    data : Data
    version : int or None
        The version that is shown; None for the newest.
    compared : int or None
        The version that it is compared with.
    date, number : str
        The columns of the chart; empty for the first ones.
    """

    data: Data
    version: int | None = None
    compared: int | None = None
    date: str = ""
    number: str = ""
