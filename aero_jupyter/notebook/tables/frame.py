"""The public function `frame`: lists of records as DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any  # records of any kind

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.tables.aero_frame import LIMIT, AeroFrame, frame_from
from aero_jupyter.notebook.tables.columns import COLUMNS
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def frame(
    kind: str,
    query: str | None = None,
    *,
    limit: int | None = LIMIT,
    sort: str | None = None,
    where: Mapping[str, str] | None = None,
    since: int | None = None,
    text: str = "",
    scan: bool = False,
) -> AeroFrame:
    """List records of the server in use as a DataFrame.

    Parameters
    ----------
    kind : {"data", "flow", "prov", "run", "version"}
        What to list.
    query : str, optional
        For data, a search; for versions, the name or id of their dataset; for the others, a name, a flow's id or the
        beginning of an id, where the server can narrow its lists.
    limit : int or None
        Rows to start with; None means all.
    sort : str, optional
        The column to sort by, with a ``-`` before it for descending; newest first by default.
    where : mapping of str to str, optional
        Column to the value that it must have; ``*`` matches anything.
    since : int, optional
        Seconds; only newer records.
    text : str
        Text that one of the columns contains, whatever its case.
    scan : bool
        Whether to search by reading the whole catalogue, for servers whose search is broken.

    Returns
    -------
    AeroFrame
        One row per record.

    Raises
    ------
    InvalidArgument
        If there is no such kind, column or dataset, or the query cannot be parsed.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> aero.frame("run", where={"name": "clean"}, limit=1)["name"].tolist()
    ['clean']
    >>> aero.frame("version", "sewage")["size"].tolist()
    [477]
    """
    from aero_jupyter.session import current

    question = ListQuery(kind, query, scan, sort=sort, where=tuple((where or {}).items()), since=since, text=text)
    return frame_of(current(), question, limit)


def frame_of(session: Session, question: ListQuery, limit: int | None) -> AeroFrame:
    """Build a frame from a session's answer to a query.

    Raises
    ------
    InvalidArgument, UnknownName
        If it makes no sense, or the server does not tell what it is about.
    ClientError
        If the server refuses or does not answer.
    """
    if limit is not None and limit < 0:
        raise InvalidArgument(f"A limit of {limit} rows makes no sense.", "Choose 0 or more, or None for all.")
    if question.since is not None and not _tells_when(session, question):
        raise InvalidArgument("This server does not report when its records were made or changed.", "Leave since out.")
    return frame_from(QueryResult(session, question, limit=limit), limit)


def _tells_when(session: Session, question: ListQuery) -> bool:
    """Return whether the first records of a kind that is always made at some time tell a time."""
    kind: Any = question.shape
    if kind not in ("data", "prov") or session.client.dialect.filters:
        return True
    rows = session.client.list(kind).page(1)
    return not rows or any(column.read(row) for row in rows for column in COLUMNS[kind] if column.type == "time")
