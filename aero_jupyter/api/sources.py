"""Sources, their types, and the flows of a dataset, for scripts."""

from __future__ import annotations

from aero_jupyter.api.source_types import JSON
from aero_jupyter.core.policy import PolicyEnum, policy_from
from aero_jupyter.session import current, sources


def create_data_source(
    name: str,
    url: str,
    type_name: str | None = None,
    no_copy: bool = False,
    collection_uuid: str | None = None,
    collection_url: str | None = None,
    description: str | None = None,
) -> JSON:
    """Create the dataset of a source, without a flow.

    Parameters
    ----------
    name, url : str
    type_name : str, optional
        The type that shares one dataset between several URLs.
    no_copy : bool
        Whether versions record only that an object changed, and the content stays at the URL.
    collection_uuid, collection_url : str, optional
        The Globus collection of the copies.
    description : str, optional
        Shown in lists.

    Returns
    -------
    dict
        The record of the dataset.

    Raises
    ------
    AlreadyExists
        If the type exists, or if the URL belongs to another type.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.create_data_source("reports", "https://example.org/a.csv", no_copy=True)["name"]  # doctest: +SKIP
    'reports'
    """
    made = current().client.add_source(
        name,
        url,
        type_name,
        no_copy=no_copy,
        collection_uuid=collection_uuid,
        collection_url=collection_url,
        description=description,
    )
    return dict(made.raw)


def create_source(
    name: str,
    url: str,
    collection_uuid: str | None = None,
    collection_url: str | None = None,
    endpoint_uuid: str | None = None,
    function_uuid: str | None = None,
    description: str | None = None,
    kwargs: JSON = {},  # noqa: B006  the documented default; never changed
    type_name: str | None = None,
    no_copy: bool = False,
    policy: PolicyEnum = PolicyEnum.INGESTION_EVENT,
    timer_delay: int | None = None,
) -> JSON:
    """Register a source: downloaded on a notification or on a schedule, or recorded without a copy.

    Parameters
    ----------
    name : str
        The dataset; the function receives the file as the argument of this name.
    url : str
        The source, or a pattern where `type_name` is given.
    collection_uuid, collection_url : str, optional
        The Globus collection of the copies; by default the local one.
    endpoint_uuid : str, optional
        The Globus Compute endpoint that downloads; by default the local one.
    function_uuid : str, optional
        A function that checks or changes the file; by default the file is stored unchanged.
    description : str, optional
        Shown in lists.
    kwargs : dict
        Fixed arguments of the function.
    type_name : str, optional
        The type that shares one dataset between several URLs. An existing type gets the URL, and its flow stays.
    no_copy : bool
        Whether versions record only that an object changed, and the content stays at the URL.
    policy : PolicyEnum
        INGESTION_EVENT, or INGESTION for a schedule.
    timer_delay : int, optional
        Seconds between downloads.

    Returns
    -------
    dict
        The record of the flow, of the dataset or of the type; `source_id` reads the dataset's id from each.

    Raises
    ------
    InvalidArgument
        If the arguments contradict each other; it is a ValueError.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> record = api.create_source("counts", "https://example.org/counts.csv", no_copy=True)  # doctest: +SKIP
    >>> api.source_id(record) == record["id"]  # doctest: +SKIP
    True
    """
    return sources.create_source(
        current(),
        name,
        url,
        type_name=type_name,
        no_copy=no_copy,
        policy=policy_from(policy),
        timer=timer_delay,
        endpoint=endpoint_uuid,
        function_id=function_uuid,
        kwargs=kwargs,
        description=description,
        collection=(collection_uuid, collection_url),
    )
