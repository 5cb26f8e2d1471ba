"""Builds the page of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.notebook.panels.dataset.facts import fetch_facts
from aero_jupyter.notebook.panels.dataset.page import DatasetPage
from aero_jupyter.notebook.panels.dataset.state import DatasetPageState

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def page_of(session: Session, subject: Data | str) -> DatasetPage:
    """Build the page of a dataset, or of a version: ``ID@N``.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    ref = VersionRef.parse(subject) if isinstance(subject, str) else VersionRef(subject.id)
    facts = fetch_facts(session, ref.name)
    return DatasetPage(session, facts, DatasetPageState(facts.data, ref.version))


def dataset(
    which: str | Data,
    *,
    version: int | None = None,
    compared: int | None = None,
    date: str = "",
    number: str = "",
) -> DatasetPage:
    """Show the page of a dataset: first rows, columns, a chart over time, versions, origin and use.

    Parameters
    ----------
    which : str or Data
        A dataset's name or id; with ``@3`` or a date, that version.
    version : int, optional
        The version to show; the newest by default.
    compared : int, optional
        A version to compare it with.
    date, number : str
        The columns of the chart; by default the first date column and the first number column.

    Returns
    -------
    DatasetPage
        A panel; ``.value`` is what it shows, ``.summary`` the summary of the table.

    Raises
    ------
    UnknownName
        If there is no such dataset, or several.
    InvalidArgument
        If it has no such version.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> page = aero.dataset("sewage")
    >>> print(page)
    sewage · version 1 of 1
    ...
    """
    from aero_jupyter.session import current
    from aero_jupyter.session.reading import version_number

    session = current()
    if isinstance(which, str):
        ref = VersionRef.parse(which)
        data = session.client.resolve_data(ref.name)
        version = version or (version_number(session.client, data.id, ref) if which != ref.name else None)
    else:
        data = which
    facts = fetch_facts(session, data.id)
    for each in (version, compared):
        if each is not None and facts.version(each) is None:
            known = f"It has {len(facts.versions)} versions." if facts.versions else "It has no version yet."
            raise InvalidArgument(
                f"{data.name} has no version {each}. {known}", f"Show the newest: aero.dataset({data.name!r})"
            )
    return DatasetPage(session, facts, DatasetPageState(facts.data, version, compared, date, number))
