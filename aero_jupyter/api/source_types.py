"""Source types, and the flows of a dataset, for scripts."""

from __future__ import annotations

from typing import Any

from aero_jupyter.session import current

JSON = dict[str, Any]


def list_source_types() -> list[JSON]:
    """List the source types.

    Returns
    -------
    list of dict
        ``name``, ``data_id``, ``no_copy`` and ``urls``.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.list_source_types()
    []
    """
    return [dict(row) for row in current().client.source_types()]


def get_source_type(name: str) -> JSON | None:
    """Get one source type.

    Parameters
    ----------
    name : str

    Returns
    -------
    dict or None
        As in `list_source_types`; None if there is no such type.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.get_source_type("traffic") is None
    True
    """
    found = current().client.source_type(name)
    return None if found is None else dict(found)


def add_type_url(name: str, url: str) -> JSON:
    """Add a URL or a pattern to a source type.

    Parameters
    ----------
    name, url : str

    Returns
    -------
    dict
        The type as it is now.

    Raises
    ------
    NotFound
        If there is no such type.
    AlreadyExists
        If the URL belongs to another type.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.add_type_url("traffic", "https://example.org/b.csv")  # doctest: +SKIP
    {'name': 'traffic', ...}
    """
    return dict(current().client.add_type_url(name, url))


def delete_type_url(name: str, url: str) -> JSON:
    """Remove a URL or a pattern from a source type; its dataset and flows stay.

    Parameters
    ----------
    name, url : str

    Returns
    -------
    dict
        The type as it is now.

    Raises
    ------
    NotFound
        If there is no such type, or the URL belongs to no type.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.delete_type_url("traffic", "https://example.org/b.csv")  # doctest: +SKIP
    {'name': 'traffic', ...}
    """
    return dict(current().client.delete_type_url(name, url))


def get_data_flows(data_id: str) -> list[JSON]:
    """List the flows that make or read a dataset.

    Parameters
    ----------
    data_id : str
        Id of the dataset.

    Returns
    -------
    list of dict
        ``flow_id``, ``role`` ("ingestion", "analysis" or "both"), ``policy`` and ``description`` among their keys.

    Raises
    ------
    NotFound
        If there is no such dataset.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> data = client.resolve_data("sewage")
    >>> [row["role"] for row in api.get_data_flows(data.id)]
    ['ingestion']
    """
    return [dict(row) for row in current().client.flows_of(data_id)]


def delete_data_flows(data_id: str) -> list[JSON]:
    """Delete the flows that make or read a dataset, with their provenance; the dataset and its versions stay.

    Parameters
    ----------
    data_id : str
        Id of the dataset.

    Returns
    -------
    list of dict
        The deleted flows, with ``provenance_deleted`` and ``timer``.

    Raises
    ------
    NotFound
        If there is no such dataset.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.delete_data_flows(client.resolve_data("old").id)  # doctest: +SKIP
    []
    """
    return [dict(row) for row in current().client.delete_flows_of(data_id)]
