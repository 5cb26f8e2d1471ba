"""Reading what an AERO server knows: data, versions, flows, runs and provenance, by id, by name, and as lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache, partial
from typing import Any, Literal, overload

from aero_jupyter.client import resolve
from aero_jupyter.client.pages import Pages, Progress, pages_of
from aero_jupyter.client.scan import matching
from aero_jupyter.client.transport import Caller, understood
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Data, Flow, Json, Provenance, Run, Version
from aero_jupyter.core.query import to_fts5

Kind = Literal["data", "flow", "prov", "run"]

#: Records looked through for a name to suggest.
_SUGGESTED = 300
_DECODERS: dict[str, Callable[[Json], Any]] = {
    "data": decode.data,
    "flow": decode.flow,
    "prov": decode.provenance,
    "run": decode.run,
}


class Catalogue(Caller):
    """The reading half of `AeroClient`. Every method raises `ClientError` when the server refuses or fails."""

    def get_data(self, id: str) -> Data:
        """Give one Data."""
        return understood(decode.data, self._send(wire.GET_DATA, id=id).body)

    def get_flow(self, id: str) -> Flow:
        """Give one flow."""
        return understood(decode.flow, self._send(wire.GET_FLOW, flow_id=id).body)

    def get_run(self, id: str) -> Run:
        """Give one run, with its log and traceback."""
        self._needs_runs()
        return understood(decode.run, self._send(wire.GET_RUN, id=id).body)

    def search(self, query: str) -> Pages[dict[str, Any]]:
        """Search the catalogue; rows are plain dicts, as the server's index holds them."""
        whole = cache(lambda: _one_for_each(self._found(query, {})))

        def part(window: wire.Window) -> wire.Reply:
            if self.dialect.filters:
                return self._found(query, self.dialect.asked(window))
            reply = whole()
            return wire.Reply(reply.rows[window.offset : window.offset + window.limit], reply.total)

        return Pages(part, dict)

    def _found(self, query: str, page: Mapping[str, int]) -> wire.Reply:
        try:
            body = self._send(wire.SEARCH, params={"query": query, **page}).body
        except errors.ServerFailed as error:
            message, cure = (
                "The search of this server is broken.",
                "Read through the catalogue with %aero_search --scan.",
            )
            raise errors.ServerFailed(error.code, message, cure, details=error.message) from None
        return understood(wire.search_rows, body)

    def scan(self, query: str, progress: Progress | None = None) -> list[Json]:
        """Search without the server's search: read the whole catalogue, several pages at a time, and look here.

        Parameters
        ----------
        query : str
            As for `search`.
        progress : callable, optional
            Told the rows read so far, and how many there are where that is known.

        Raises
        ------
        InvalidArgument
            If the query cannot be read; it says where.
        """
        return list(self.scanned(query, progress))

    def scanned(self, query: str, progress: Progress | None = None) -> Pages[Json]:
        """Give what `scan` finds as pages, which know whether the catalogue moved meanwhile."""
        to_fts5(query)
        everything = self.list("data")
        return pages_of(matching((data.raw for data in everything.all(progress)), query), of=everything)

    def versions(self, data_id: str) -> list[Version]:
        """List the versions, oldest first. Servers whose commits raced hold several of one number: all are given."""
        rows = self._send(wire.VERSIONS, id=data_id).body
        found = understood(lambda body: [_owned(decode.version(row), data_id) for row in body], rows)
        return sorted({version.id: version for version in found}.values(), key=_age)

    def latest(self, data_id: str) -> Version:
        """Give the newest version.

        Raises
        ------
        NotFound
            If there is no such Data, or it has no versions.
        """
        try:
            return _owned(understood(decode.version, self._send(wire.LATEST, id=data_id).body), data_id)
        except (errors.NotFound, errors.ServerFailed):
            # The older server breaks where there are no versions yet; the newer does not say whose they are.
            if self.versions(data_id):
                raise
        raise errors.NotFound(404, resolve.missing_version(self.get_data(data_id).name, 1, ()), "Wait for the first.")

    def version(self, data_id: str, number: int | None = None) -> Version:
        """Give one version by its number; without one, the newest.

        Raises
        ------
        NotFound
            If there is no such version; the message says which exist.
        """
        if number is None:
            return self.latest(data_id)
        versions = self.versions(data_id)
        found = [version for version in versions if version.version == number]
        if not found:
            message = resolve.missing_version(self.get_data(data_id).name, number, versions)
            raise errors.NotFound(404, message, "Choose one of them." if versions else "Wait for the first.")
        return found[-1]

    def find_flow(self, function_id: str, arg_hash: str) -> Flow | None:
        """Find the flow that is already there; by its function alone where the server tells no ``arg_hash``."""
        flows = [flow for flow in self.list("flow").all() if flow.function_id == function_id]
        exact = next((flow for flow in flows if flow.arg_hash == arg_hash), None)
        untold = [flow for flow in flows if flow.arg_hash is None]
        return exact or (untold[0] if len(untold) == 1 else None)

    def resolve_data(self, name_or_id: str) -> Data:
        """Find a Data by its name, its id, or the beginning of its id.

        Raises
        ------
        UnknownName
            If there is none, or several.
        """
        if resolve.is_id(name_or_id):
            return self.get_data(name_or_id)
        asked = {"match": name_or_id} if self.dialect.filters else {}
        found = resolve.data_named(name_or_id, self._pages("data", asked).all())
        if found is None:
            raise resolve.unknown("data", name_or_id, (data.name for data in self._pages("data", {}).first(_SUGGESTED)))
        return found

    def resolve_flow(self, name_or_id: str) -> Flow:
        """Find a flow by its id, the beginning of its id, its function, an output's name, or its description.

        Raises
        ------
        UnknownName
            If there is none, or several.
        """
        if resolve.is_id(name_or_id):
            return self.get_flow(name_or_id)
        flows = self.list("flow").all()
        found = resolve.flow_named(name_or_id, flows)
        if found is None:
            raise resolve.unknown("flow", name_or_id, map(resolve.flow_name, flows))
        return found

    @overload
    def list(self, kind: Literal["data"], *, match: str | None = None, **filters: Any) -> Pages[Data]: ...
    @overload
    def list(self, kind: Literal["flow"], *, match: str | None = None, **filters: Any) -> Pages[Flow]: ...
    @overload
    def list(self, kind: Literal["prov"], *, match: str | None = None, **filters: Any) -> Pages[Provenance]: ...
    @overload
    def list(self, kind: Literal["run"], *, match: str | None = None, **filters: Any) -> Pages[Run]: ...
    @overload
    def list(self, kind: Kind, *, match: str | None = None, **filters: Any) -> Pages[Any]: ...
    def list(self, kind: Kind, *, match: str | None = None, **filters: Any) -> Pages[Any]:
        """List records; nothing is sent before the pages are looked at.

        Parameters
        ----------
        kind : str
            "data", "flow", "prov" or "run".
        match : str, optional
            Only records of that name, or whose id starts so.
        **filters
            Further query parameters of the server. Looking at a narrowed list raises `AeroError` where the server
            cannot narrow.
        """
        if kind not in _DECODERS:
            raise errors.InvalidArgument(f"There is no list of {kind!r}.", f"Choose one of {', '.join(_DECODERS)}.")
        asked = {name: value for name, value in {"match": match, **filters}.items() if value is not None}
        return self._pages(kind, asked)

    def _pages(self, kind: str, asked: dict[str, Any]) -> Pages[Any]:
        decoded = partial(understood, _DECODERS[kind])
        return Pages(partial(self._rows, kind, asked), decoded, dialect=lambda: self.dialect)

    def _rows(self, kind: str, asked: dict[str, Any], window: wire.Window) -> wire.Reply:
        if kind == "run":
            self._needs_runs()
        if asked and not self.dialect.filters:
            raise errors.AeroError("This server cannot narrow its lists.", "List everything and choose from that.")
        try:
            route = wire.LIST.get(kind, wire.LIST_RUNS)
            answer = self._send(route, params={**self.dialect.asked(window), **asked})
        except errors.NotFound:
            # The older server says so past its last page.
            if window.offset:
                return wire.Reply(())
            raise
        return wire.rows_from(answer.body, answer.headers)

    def _needs_runs(self) -> None:
        if not self.dialect.runs:
            raise errors.AeroError("This server does not tell about runs.", "Look at the flow with %aero_list flow.")


def _owned(version: Version, data_id: str) -> Version:
    return version if version.data_id else replace(version, data_id=data_id)


def _one_for_each(reply: wire.Reply) -> wire.Reply:
    """Give one row for each Data, the newest version's: an index holds an entry for every version."""
    best: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(reply.rows):
        id = str(row.get("data_id") or row.get("id") or number)
        if id not in best or _number(row) > _number(best[id]):
            best[id] = row
    is_whole = reply.total == len(reply.rows)
    return wire.Reply(tuple(best.values()), len(best) if is_whole else reply.total)


def _number(row: Mapping[str, Any]) -> float:
    version = row.get("version")
    return float(version) if isinstance(version, (int, float)) else 0.0


def _age(version: Version) -> tuple[int, datetime]:
    return version.version, version.created_at or datetime.min.replace(tzinfo=timezone.utc)
