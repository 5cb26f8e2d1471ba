"""Registering a source: a copy on a notification or on a schedule, or no copy at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from aero_jupyter import jobs
from aero_jupyter.compute.portable_function import portable_from
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.name_rules import is_same_name
from aero_jupyter.core.policy import DEFAULT_TIMER, DOWNLOADING, PolicyEnum, timer_for
from aero_jupyter.core.source_url import require_source_url
from aero_jupyter.session.argument_checks import require_source_type
from aero_jupyter.session.registration_by_id import register_by_id
from aero_jupyter.session.session import Session


def create_source(
    session: Session,
    name: str | None,
    url: str,
    *,
    type_name: str | None = None,
    no_copy: bool = False,
    policy: PolicyEnum = PolicyEnum.INGESTION_EVENT,
    timer: int | None = None,
    endpoint: str | None = None,
    function_id: str | None = None,
    kwargs: Mapping[str, Any] | None = None,
    description: str | None = None,
    collection: tuple[str | None, str | None] = (None, None),
) -> dict[str, Any]:
    """Register a source.

    An existing type gets the URL; its dataset and its flow stay. A source without copies is only a dataset. Every
    other source is an ingestion flow.

    Parameters
    ----------
    session : Session
    name : str or None
        The dataset; the function receives the file as the argument of this name. Not needed for an existing type.
    url : str
        A URL, or a pattern where `type_name` is given.
    type_name : str, optional
    no_copy : bool
    policy : PolicyEnum
        INGESTION_EVENT, or INGESTION for a schedule.
    timer : int, optional
        Seconds between downloads.
    endpoint : str, optional
        Id of a Globus Compute endpoint; by default the local one.
    function_id : str, optional
        A function that checks or changes the file; by default the file is stored unchanged.
    kwargs : mapping, optional
        Fixed arguments of the function.
    description : str, optional
    collection : (str or None, str or None)
        Id and URL of the Globus collection of the copies.

    Returns
    -------
    dict
        The record of the type, of the dataset or of the flow; `source_id` reads the dataset's id from each.

    Raises
    ------
    InvalidArgument
        If the arguments contradict each other, or if a value is missing.
    ClientError
        If the server refuses or does not answer.
    """
    _require_consistent(policy, timer, no_copy, kwargs)
    require_downloadable(session, url, type_name=type_name, no_copy=no_copy)
    client = session.client
    known = client.source_type(type_name) if type_name is not None else None
    if type_name is not None and known is not None:
        if no_copy:
            require_no_copies(known)
        if policy is PolicyEnum.INGESTION or kwargs:
            _warn_of_unused_options(type_name)
        return dict(client.add_type_url(type_name, url))
    if not name:
        raise InvalidArgument("The source has no name.", "Write --name NAME, or name an existing type.")
    if no_copy:
        place = {"collection_uuid": collection[0], "collection_url": collection[1]}
        return dict(client.add_source(name, url, type_name, no_copy=True, description=description, **place).raw)
    if policy is PolicyEnum.INGESTION and timer is None:
        logging.getLogger("aero_jupyter").warning("No timer: the server downloads every %s s (1 day).", DEFAULT_TIMER)
    output = {"url": url, "collection_uuid": collection[0], "collection_url": collection[1], "type": type_name}
    outputs = {name: {key: value for key, value in output.items() if value is not None}}
    endpoint = endpoint or session.endpoint or _missing("endpoint", "endpoint_uuid")
    function_id = function_id or session.register_function(portable_from(jobs.stage))
    arguments: dict[str, Any] = {"policy": policy, "timer": timer_for(policy, timer), "description": description}
    return dict(register_by_id(session, str(endpoint), str(function_id), {}, outputs, kwargs or {}, **arguments).raw)


def require_downloadable(session: Session, url: str, *, type_name: str | None, no_copy: bool) -> None:
    """Raise if a source has a URL that nothing downloads, or is a pattern without a type.

    Parameters
    ----------
    session : Session
    url : str
    type_name : str or None
    no_copy : bool

    Raises
    ------
    InvalidArgument
    """
    if not no_copy and session.is_local:
        require_source_url(url, os.environ)
    require_source_type(url, type_name)


def _warn_of_unused_options(type_name: str) -> None:
    text = "Type %s exists: its flow stays as it is, and the schedule and arguments named here are not used."
    logging.getLogger("aero_jupyter").warning(text, type_name)


def find_or_add_uncopied(session: Session, name: str, url: str, type_name: str | None = None) -> Data:
    """Return the dataset of a source without copies; create the dataset if it does not exist.

    Parameters
    ----------
    session : Session
    name : str
        The dataset.
    url : str
        A URL, or a pattern where `type_name` is given.
    type_name : str, optional
        An existing type gets the URL, and its dataset is returned.

    Returns
    -------
    Data

    Raises
    ------
    InvalidArgument
        If the dataset or the type exists and is another source.
    ClientError
        If the server refuses or does not answer.
    """
    client = session.client
    known = client.source_type(type_name) if type_name is not None else None
    if known is not None:
        require_no_copies(known)
        client.add_type_url(str(type_name), url)
        return client.get_data(str(known["data_id"]))
    filters = {"match": name} if client.dialect.filters else {}
    same = [data for data in client.list("data", **filters).all() if is_same_name(data.name, name)]
    existing = next((data for data in same if data.no_copy and data.url == url and type_name is None), None)
    if same and existing is None and session.endpoint:
        raise InvalidArgument(f"There is a dataset {name} already, with another source.", "Choose another name.")
    # On a shared server, two people may use the same name.
    return existing or client.add_source(name, url, type_name, no_copy=True)


def require_no_copies(source_type: Mapping[str, Any]) -> None:
    """Raise if a source without copies would join a type that stores copies.

    Raises
    ------
    InvalidArgument
    """
    if not source_type.get("no_copy"):
        text = f"Type {source_type['name']} stores copies."
        raise InvalidArgument(text, "Choose another type, or leave no-copy out.")


def _missing(what: str, parameter: str) -> str:
    raise InvalidArgument(f"The source has no {what}.", f"Name it with {parameter}.")


def _require_consistent(policy: PolicyEnum, timer: int | None, no_copy: bool, kwargs: Mapping[str, Any] | None) -> None:
    """Raise if a source is registered with a policy, a timer or arguments that it cannot have."""
    if policy not in DOWNLOADING:
        cure = "Use INGESTION_EVENT or INGESTION, or register an analysis with register_flow."
        raise InvalidArgument(f"The policy {policy.name} does not download a source.", cure)
    if timer is not None and policy is not PolicyEnum.INGESTION:
        raise InvalidArgument("A timer needs the policy INGESTION.", "Use policy INGESTION, or leave the timer out.")
    if no_copy and policy is PolicyEnum.INGESTION:
        cure = "Leave no_copy out to download the object, or leave the schedule out."
        raise InvalidArgument("A source without copies has no flow, so nothing runs on a schedule.", cure)
    if no_copy and kwargs:
        cure = "Leave no_copy out, or leave the arguments out."
        raise InvalidArgument("A source without copies runs no function, so it takes no arguments.", cure)


def source_id(result: Mapping[str, Any] | None) -> str | None:
    """Return the id of the dataset of a source from the result of `create_source`.

    Parameters
    ----------
    result : mapping
        The record of a flow, of a dataset or of a type.

    Returns
    -------
    str or None
        None if the record names no dataset.

    Examples
    --------
    >>> from aero_jupyter import api
    >>> api.source_id({"name": "traffic", "data_id": "6f76e7b5"})
    '6f76e7b5'
    """
    if result is None:
        return None
    made = result.get("contributed_to")
    if made:
        return str(made[0]["id"])
    found = result.get("data_id") or result.get("id")
    return None if found is None else str(found)
