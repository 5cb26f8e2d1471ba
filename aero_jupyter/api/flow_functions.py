"""The steps of a flow, as scripts call them in their own process: download, call and upload."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any  # what a user's function returns

from aero_jupyter import jobs
from aero_jupyter.api.tokens import bearer_token
from aero_jupyter.core.errors import AeroError, ClientError, InvalidArgument, LoginRequired
from aero_jupyter.jobs.task import task_function
from aero_jupyter.jobs.upload import upload
from aero_jupyter.session import current

JSON = dict[str, Any]
Function = Callable[..., Any]


def aero_format(fn: Function) -> Function:
    """Wrap a function as a flow calls it: inputs arrive as files, and outputs are stored in their collections.

    Parameters
    ----------
    fn : callable
        Takes a path for each input, and returns an `AeroOutput`, a list of them, or None.

    Returns
    -------
    callable
        Takes the keyword arguments of a task, ``aero`` among them, and returns them with the facts about the stored
        outputs. `register_function` registers it as `fn`.

    Raises
    ------
    InvalidArgument
        If the wrapped function is called without ``aero``, or if it returns other outputs than the flow declares; it
        is a ValueError.
    ClientError
        If the wrapped function is called and an input or an output cannot be transferred.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> def analyse(threshold):
    ...     return None
    >>> utils.aero_format(analyse)(threshold=2, aero={"input_data": {}, "output_data": {}, "flow_id": "f"})["threshold"]
    2
    """
    return _with_session(task_function(fn), fn)


def serialize(obj: object) -> str:
    """Serialize an object with dill.

    Parameters
    ----------
    obj : object

    Returns
    -------
    str
        Base64.

    Raises
    ------
    ClientError
        If the object cannot be serialized.

    Examples
    --------
    >>> import base64, dill
    >>> from aero_jupyter import utils
    >>> dill.loads(base64.b64decode(utils.serialize({"n": 1})))
    {'n': 1}
    """
    import dill

    try:
        return base64.encodebytes(dill.dumps(obj)).decode()
    except Exception as error:
        message = f"An object of type {type(obj).__name__} cannot be serialized: {error}."
        raise ClientError(400, message, "Pass a function or a value without open files and connections.") from None


def gcs_save(path: str, collection_url: str, collection_uuid: str) -> JSON:
    """Upload a file to a collection, and remove it here once it is stored.

    Parameters
    ----------
    path : str
        The file.
    collection_url : str
        The URL of the collection.
    collection_uuid : str

    Returns
    -------
    dict
        ``file_bn``, its name in the collection, ``file_format``, ``checksum``, ``size`` and ``created_at``.

    Raises
    ------
    InvalidArgument
        If there is no such file.
    ClientError
        If the collection does not accept the file.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> utils.gcs_save("summary.csv", collection_url, collection_uuid)["size"]  # doctest: +SKIP
    1024
    """
    if not Path(path).is_file():
        raise InvalidArgument(f"There is no file {path}.", "Name a file.")
    entry = {"collection_url": str(collection_url), "collection_uuid": str(collection_uuid)}
    store = _with_session(lambda aero: upload(aero, "file", str(path)), gcs_save)
    record: JSON = store(aero={"output_data": {"file": entry}})
    Path(path).unlink(missing_ok=True)
    return record


def _with_session(function: Function, wrapped: Function) -> Function:
    """Wrap a job: it works with the server of the session in use, and raises the errors of this package."""

    @functools.wraps(wrapped)
    def call(*args: Any, **kwargs: Any) -> Any:
        aero = kwargs.get("aero")
        if not isinstance(aero, dict):
            name = getattr(wrapped, "__name__", "The function")
            cure = "Pass aero={'input_data': {}, 'output_data': {}, 'flow_id': ID}, as a flow does."
            raise InvalidArgument(f"{name}() runs within a flow and needs its argument aero.", cure)
        try:
            # The session's token must not reach a server that the argument names.
            return function(*args, **{**kwargs, "aero": aero if "server" in aero else {**aero, **_connection()}})
        except jobs.AeroJobError as error:
            raise _error_of(error) from error

    return call


def _connection() -> JSON:
    """Return the server of the session in use, and its token where a user is logged in."""
    server = current().client.base_url
    try:
        return {"server": server, "token": bearer_token()}
    except LoginRequired:
        return {"server": server}


def _error_of(error: jobs.AeroJobError) -> AeroError:
    return InvalidArgument(str(error)) if error.status is None else ClientError(error.status, str(error))


download = _with_session(jobs.download, jobs.download)
