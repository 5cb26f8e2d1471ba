"""The client of one AERO server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.methods.backfill import BackfillMethods
from aero_jupyter.client.methods.commands import CommandMethods
from aero_jupyter.client.methods.lineage import LineageMethods
from aero_jupyter.client.methods.names import NameMethods
from aero_jupyter.client.methods.registration import RegistrationMethods
from aero_jupyter.client.methods.retention import RetentionMethods
from aero_jupyter.client.methods.searches import SearchMethods
from aero_jupyter.client.methods.sources import SourceMethods
from aero_jupyter.client.methods.summaries import SummaryMethods
from aero_jupyter.client.reader_options import OptionsFile

if TYPE_CHECKING:
    from globus_sdk.authorizers import GlobusAuthorizer


class AeroClient(
    RegistrationMethods,
    BackfillMethods,
    CommandMethods,
    SummaryMethods,
    LineageMethods,
    NameMethods,
    SearchMethods,
    SourceMethods,
    RetentionMethods,
):
    """Client of one AERO server, of any generation: the local AERO, the newest server or the older one.

    A session creates it; ``aero.current().client`` is the one in use, called ``client`` in the examples of its methods.
    Every method raises `ClientError` when the server refuses or does not answer. Threads may share a client.

    Parameters
    ----------
    base_url : str
        URL of the server, with any path prefix.
    authorizer : GlobusAuthorizer, optional
        Provides the token for this server.
    collection_authorizers : mapping of str to GlobusAuthorizer, optional
        Provide the tokens for collections on other hosts, by the collection's id.
    is_host_of : callable, optional
        Takes a collection's id and a URL, and returns whether that host serves the collection; None where no host
        of it is known. Its token is sent to its own host only, and nothing is read from another one.
    options_file : OptionsFile, optional
        Stores reader options where the server does not.
    sleep : callable, optional
        Waits for a number of seconds.
    clock : callable, optional
        Returns seconds that never go back.
    **options
        As for `BaseAeroClient`: ``dialect``, ``ca_bundle``, ``timeout`` (seconds), ``before``.

    Examples
    --------
    >>> import aero_jupyter as aero
    >>> client = aero.current().client
    >>> client.dialect.name
    'local'
    """

    def __init__(
        self,
        base_url: str,
        *,
        authorizer: GlobusAuthorizer | None = None,
        collection_authorizers: Mapping[str, GlobusAuthorizer] | None = None,
        is_host_of: Callable[[str, str], bool | None] = lambda _collection, _url: None,
        options_file: OptionsFile | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        super().__init__(base_url, authorizer=authorizer, **options)
        self.collection_authorizers = dict(collection_authorizers or {})
        self._is_host_of = is_host_of
        self._options_file = options_file
        self._sleep = sleep
        self._clock = clock
