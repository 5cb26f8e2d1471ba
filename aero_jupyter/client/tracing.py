"""Where data came from and where they went: flows, provenance and lineage."""

from __future__ import annotations

from aero_jupyter.client import resolve
from aero_jupyter.client.catalogue import Catalogue
from aero_jupyter.client.lineage import Lineage, Records, of_flows, of_run, of_versions
from aero_jupyter.client.transport import understood
from aero_jupyter.core import errors, wire
from aero_jupyter.core.models import Flow, Json, Provenance, Run, Version


class Tracing(Catalogue):
    """The tracing part of `AeroClient`."""

    def flows_of(self, data_id: str) -> list[Json]:
        """List the flows that make or read a Data, as records of the wire."""
        if self.dialect.name == wire.FLASK.name:
            return resolve.attached(data_id, self.list("flow").all())
        return understood(list, self._send(wire.DATA_FLOWS, id=data_id).body)

    def attached(self, data_id: str, most: int) -> tuple[list[Flow], int]:
        """Give the flows that make or read a Data, those that pull it first: at most so many, and how many it has."""
        if self.dialect.name == wire.FLASK.name:
            flows = [flow for flow in self.list("flow").all() if _concerns(flow, data_id)]
            return flows[:most], len(flows)
        ids = understood(_pulling_first, self.flows_of(data_id))
        return [flow for flow in map(self.get_flow, ids[:most]) if _concerns(flow, data_id)], len(ids)

    def provenance(
        self, version: Version | int | None = None, *, data_id: str | None = None, flow_id: str | None = None
    ) -> list[Provenance]:
        """List provenance records: of a flow, or the one that made a version; without either, all.

        Parameters
        ----------
        version : Version or int, optional
            The version that was made; a number needs `data_id`.
        data_id : str, optional
            The Data of which a version was made.
        flow_id : str, optional
            The flow that ran.

        Raises
        ------
        AeroError
            If a version is asked for and the server does not tell which versions its records relate.
        """
        number = version.version if isinstance(version, Version) else version
        data_id = version.data_id if isinstance(version, Version) else data_id
        if data_id and not self.dialect.relations:
            raise errors.AeroError("This server does not tell which versions a run used and made.", "Ask for a flow's.")
        made = _named(data_id, number) if data_id else None
        wanted = {"match": flow_id, "made": made} if self.dialect.filters else {}
        records = self._pages("prov", {name: value for name, value in wanted.items() if value is not None}).all()
        return [
            record
            for record in records
            if (flow_id is None or record.flow_id == flow_id)
            and (data_id is None or _holds(record.made, data_id, number))
        ]

    def uses(self, data_id: str, version: int) -> list[Provenance]:
        """List the provenance records of runs that used a version.

        Raises
        ------
        AeroError
            If the server does not tell which versions its records relate.
        """
        if not self.dialect.relations:
            raise errors.AeroError("This server does not tell which versions a run used and made.", "Ask for a flow's.")
        wanted = {"used": _named(data_id, version)} if self.dialect.filters else {}
        return [record for record in self._pages("prov", wanted).all() if _holds(record.used, data_id, version)]

    def lineage(self, data_id: str, version: int | None = None) -> Lineage:
        """Tell where a version came from and what was made of it; by flows where there are no versions to tell of.

        Parameters
        ----------
        version : int, optional
            The newest where none is named.
        """
        data, flows = self.get_data(data_id), self.list("flow").all()
        if not self.dialect.relations:
            return of_flows(data, flows)
        if version is None:
            versions = self.versions(data_id)
            if not versions:
                return of_flows(data, flows, is_unmade=True)
            version = versions[-1].version
        else:
            version = self.version(data_id, version).version
        return of_versions(data, version, self._records(), flows)

    def lineage_of_run(self, run: Run) -> Lineage:
        """Tell where what a run made came from; where it made nothing, what it used and would have made.

        Raises
        ------
        InvalidArgument
            If the server tells neither.
        """
        run = run if run.is_final or not self.dialect.runs else self.get_run(run.id)
        made = run.made or self._found_again(run)
        if made:
            return self.lineage(made[0].data_id, made[0].version)
        flows = self.list("flow").all()
        outputs = next((flow.outputs for flow in flows if flow.id == run.flow_id), ())
        if not outputs and not run.used:
            raise errors.InvalidArgument(
                f"Of run {run.id[:8]} the server tells neither what it used nor what it would have made.",
                "Ask for the lineage of a data.",
            )
        if not self.dialect.relations:
            return of_flows(outputs[0], flows)
        data = outputs[0] if outputs else self.get_data(run.used[0].data_id)
        return of_run(run, data, self._records(), flows)

    def _found_again(self, run: Run) -> tuple[Version, ...]:
        """Give the versions that a run found unchanged."""
        if run.state not in ("done", "unchanged") or not self.dialect.relations:
            return ()
        records = self.provenance(flow_id=run.flow_id)
        return next((record.made for record in records if record.run_id == run.id and record.made), ())

    def _records(self) -> Records:
        records = None if self.dialect.filters else self.list("prov").all()

        def made_by(id: str, number: int) -> list[Provenance]:
            if records is None:
                return self.provenance(number, data_id=id)
            return [record for record in records if _holds(record.made, id, number)]

        def used_in(id: str, number: int) -> list[Provenance]:
            if records is None:
                return self.uses(id, number)
            return [record for record in records if _holds(record.used, id, number)]

        def newest_run(flow: Flow) -> Run | None:
            runs = self.list("run", match=flow.id).page(1) if self.dialect.runs else ()
            return runs[0] if runs else None

        return Records(made_by, used_in, newest_run)


def _pulling_first(rows: list[Json]) -> list[str]:
    return [str(row["flow_id"]) for row in sorted(rows, key=lambda row: row.get("role") != "ingestion")]


def _concerns(flow: Flow, data_id: str) -> bool:
    return data_id in {each.id for each in (*flow.inputs, *flow.outputs)}


def _named(data_id: str, number: int | None) -> str:
    return data_id if number is None else f"{data_id}:{number}"


def _holds(versions: tuple[Version, ...] | None, data_id: str, number: int | None) -> bool:
    return any(each.data_id == data_id and number in (None, each.version) for each in versions or ())
