"""Records as the server sent them: flows, versions, metadata and search results."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Literal  # JSON values

from aero_jupyter.core import wire
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.session import current

JSON = dict[str, Any]


def get_flow(flow_id: str, inputs_only: bool = True) -> JSON:
    """Get metadata on a flow.

    Parameters
    ----------
    flow_id : str
        The flow's UUID.
    inputs_only : bool
        Whether to return only the flow's inputs. A key that is no parameter, such as ``"aero"``, is then looked up in
        the flow's arguments.

    Returns
    -------
    dict
        Parameter to ``{"id", "version", …}``; or the whole record of the flow.

    Raises
    ------
    NotFound
        If there is no such flow.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> flow = client.resolve_flow("clean")
    >>> aero.get_flow(flow.id)
    {}
    >>> aero.get_flow(flow.id, inputs_only=False)["id"] == flow.id
    True
    """
    record = dict(current().client.get_flow(flow_id).raw)
    if not inputs_only:
        return record
    args = record.get("function_args")
    args = parse_json(args) if isinstance(args, str) else args
    first = args[0] if isinstance(args, list) and args else args or {}
    kwargs = first.get("kwargs") or {}
    return FlowInputs((kwargs.get("aero") or {}).get("input_data") or {}, kwargs)


class FlowInputs(dict[str, Any]):
    """The inputs of a flow; the flow's other arguments are read by their names, as scripts for ``aero_client`` do.

    Parameters
    ----------
    inputs : mapping
        Parameter to ``{"id", "version", …}``.
    kwargs : mapping
        The flow's arguments, ``aero`` among them.
    """

    def __init__(self, inputs: Mapping[str, Any], kwargs: Mapping[str, Any]) -> None:
        super().__init__(inputs)
        self._kwargs = kwargs

    def __missing__(self, key: str) -> Any:
        return self._kwargs[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return an input, or an argument of the flow."""
        return super().get(key, self._kwargs.get(key, default))


def list_metadata(metadata_type: Literal["data", "prov", "flow"]) -> Generator[list[JSON], None, None]:
    """Yield the metadata records, a page of up to 15 at a time, until there are no more.

    Parameters
    ----------
    metadata_type : {"data", "prov", "flow"}
        What to list.

    Yields
    ------
    list of dict
        Records as the server sent them, newest first.

    Raises
    ------
    InvalidArgument
        If there is no such type.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> [record["name"] for page in aero.list_metadata("data") for record in page]
    ['sewage']
    """
    if metadata_type not in wire.LIST:
        raise InvalidArgument(f"There is no metadata type {metadata_type!r}.", suggest(str(metadata_type), wire.LIST))
    for rows in current().client.list(metadata_type).raw_pages():
        yield [dict(row) for row in rows]


def list_versions(data_id: str) -> list[JSON]:
    """List all versions of a dataset.

    Parameters
    ----------
    data_id : str
        Id of the dataset.

    Returns
    -------
    list of dict
        Records as the server sent them, oldest first.

    Raises
    ------
    NotFound
        If there is no such dataset.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> data = client.resolve_data("sewage")
    >>> [record["version"] for record in aero.list_versions(data.id)]
    [1]
    """
    return [dict(version.raw) for version in current().client.versions(data_id)]


def search_sources(query: str) -> list[dict[str, Any]]:
    """Search the catalogue.

    Parameters
    ----------
    query : str
        A query of Globus Search: words, ``"phrases"``, ``AND``, ``OR``, ``NOT``, ``field:value``.

    Returns
    -------
    list of dict
        Rows of the index, best first.

    Raises
    ------
    Rejected
        If the query cannot be parsed; the message names the column.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> [row["name"] for row in aero.search_sources("sewage")]
    ['sewage']
    """
    return [dict(row) for row in current().client.search(query)]
