"""The search of the catalogue, by the server or here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from aero_jupyter.client.methods.records import RecordMethods
from aero_jupyter.client.pages import Pages, Progress, pages_over
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import errors, wire
from aero_jupyter.core.models import Json


class SearchMethods(RecordMethods):
    """Methods that search the catalogue."""

    def search(self, query: str) -> Pages[dict[str, Any]]:
        """Search the catalogue.

        Parameters
        ----------
        query : str
            Words, ``"quoted phrases"``, ``AND``, ``OR``, ``NOT``, ``field:value`` and a trailing ``*``.

        Returns
        -------
        Pages of dict
            Rows as the server's index holds them, best first. Nothing is sent before the pages are read.

        Raises
        ------
        Rejected
            While the pages are read: the query cannot be parsed; the message names the column.
        ServerFailed
            While the pages are read: the search of this server is broken; `scan` works without it.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [row["name"] for row in client.search("sewage OR influenza")]
        ['sewage']
        """
        cached_reply = cache(lambda: _newest_per_dataset(self._search_rows(query, {})))

        def fetch_window(window: wire.Window) -> wire.Reply:
            if self.dialect.filters:
                return self._search_rows(query, self.dialect.query_params(window))
            reply = cached_reply()
            return wire.Reply(reply.rows[window.offset : window.offset + window.limit], reply.total)

        return Pages(fetch_window, dict)

    def _search_rows(self, query: str, page: Mapping[str, int]) -> wire.Reply:
        try:
            body = self._send(wire.SEARCH, params={"query": query, **page}).body
        except errors.ServerFailed as error:
            message, cure = (
                "The search of this server is broken.",
                "Search without it: %aero_search QUERY --scan",
            )
            raise errors.ServerFailed(error.code, message, cure, details=error.message) from None
        return decode_body(wire.search_rows, body)

    def scan(self, query: str, progress: Progress | None = None) -> list[Json]:
        """Search without the server's search: read the whole catalogue, several pages at a time, and search it here.

        Parameters
        ----------
        query : str
            As for `search`.
        progress : callable, optional
            Called with the number of rows read so far, and the total or None.

        Returns
        -------
        list of mapping
            Records of datasets as the server sent them, best first.

        Raises
        ------
        InvalidArgument
            If the query cannot be parsed; the message names the column.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [record["name"] for record in client.scan("name:sew*")]
        ['sewage']
        """
        return list(self.scanned(query, progress))

    def scanned(self, query: str, progress: Progress | None = None) -> Pages[Json]:
        """Search as `scan` does, and return pages, which know whether the catalogue changed meanwhile.

        Parameters
        ----------
        query : str
            As for `search`.
        progress : callable, optional
            As for `scan`.

        Returns
        -------
        Pages of mapping
            Everything is read already.

        Raises
        ------
        InvalidArgument
            If the query cannot be parsed; the message names the column.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> len(client.scanned("sewage").all())
        1
        """
        from aero_jupyter.client.local_search import search_records
        from aero_jupyter.core.search_query import to_fts5

        to_fts5(query)
        everything = self.list("data")
        return pages_over(search_records((data.raw for data in everything.all(progress)), query), of=everything)


def _newest_per_dataset(reply: wire.Reply) -> wire.Reply:
    """Return one row for each dataset, its newest version's: an index holds an entry for every version."""
    best: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(reply.rows):
        id = str(row.get("data_id") or row.get("id") or number)
        if id not in best or _version_number(row) > _version_number(best[id]):
            best[id] = row
    has_all_rows = reply.total == len(reply.rows)
    return wire.Reply(tuple(best.values()), len(best) if has_all_rows else reply.total)


def _version_number(row: Mapping[str, Any]) -> float:
    version = row.get("version")
    return float(version) if isinstance(version, (int, float)) else 0.0
