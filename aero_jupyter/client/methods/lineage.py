"""Provenance and lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.client.methods.versions import VersionMethods
from aero_jupyter.core import errors
from aero_jupyter.core.models import Flow, Provenance, Run, Version
from aero_jupyter.core.run_states import SUCCESSFUL_STATES

if TYPE_CHECKING:
    from aero_jupyter.client.lineage import Lineage, LineageSource


class LineageMethods(VersionMethods):
    """Methods that trace versions and runs."""

    def provenance(
        self, version: Version | int | None = None, *, data_id: str | None = None, flow_id: str | None = None
    ) -> list[Provenance]:
        """List provenance records: of a flow, or the one that made a version; without arguments, all.

        Parameters
        ----------
        version : Version or int, optional
            The version that was made; a number needs `data_id`.
        data_id : str, optional
            The dataset of which a version was made.
        flow_id : str, optional
            The flow that ran.

        Returns
        -------
        list of Provenance
            Newest first.

        Raises
        ------
        AeroError
            If a version is asked for and the server does not list which versions its records relate.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> records = client.provenance(1, data_id=client.resolve_data("sewage").id)
        >>> [version.data.name for version in records[-1].made]
        ['sewage']
        """
        number = version.version if isinstance(version, Version) else version
        data_id = version.data_id if isinstance(version, Version) else data_id
        if data_id:
            self._require_relations()
        made = _version_filter(data_id, number) if data_id else None
        filters = {"match": flow_id, "made": made} if self.dialect.filters else {}
        records = self._pages("prov", {name: value for name, value in filters.items() if value is not None}).all()
        return [
            record
            for record in records
            if (flow_id is None or record.flow_id == flow_id)
            and (data_id is None or _includes_version(record.made, data_id, number))
        ]

    def uses(self, data_id: str, version: int) -> list[Provenance]:
        """List the provenance records of the runs that used a version.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int
            Its number, counted from 1.

        Returns
        -------
        list of Provenance
            Newest first.

        Raises
        ------
        AeroError
            If the server does not list which versions its records relate.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.uses(client.resolve_data("sewage").id, 1)
        []
        """
        self._require_relations()
        filters = {"used": _version_filter(data_id, version)} if self.dialect.filters else {}
        return [
            record for record in self._pages("prov", filters).all() if _includes_version(record.used, data_id, version)
        ]

    def lineage(self, data_id: str, version: int | None = None) -> Lineage:
        """Trace the origin of a version, and the versions made from it.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int, optional
            Its number; the newest by default.

        Returns
        -------
        Lineage
            By versions if the server lists them, otherwise by flows.

        Raises
        ------
        NotFound
            If there is no such dataset or version.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> lineage = client.lineage(client.resolve_data("sewage").id)
        >>> lineage.links[0].flow.function_name, lineage.by_version
        ('clean', True)
        """
        from aero_jupyter.client.lineage import lineage_of_flows, lineage_of_versions

        data, flows = self.get_data(data_id), self.list("flow").all()
        if not self.dialect.relations:
            return lineage_of_flows(data, flows)
        versions = self.versions(data_id) if version is None else [self.version(data_id, version)]
        if not versions:
            return lineage_of_flows(data, flows, is_unmade=True)
        return lineage_of_versions(data, versions[-1].version, self._provenance_records(), flows)

    def ancestors(self, data_id: str, version: int) -> list[Provenance]:
        """List the provenance records of the runs that led to a version.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        version : int
            Its number, counted from 1.

        Returns
        -------
        list of Provenance
            Sources first. Runs that found the version unchanged are left out.

        Raises
        ------
        AeroError
            If the server does not list which versions its records relate.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [record.made[0].version for record in client.ancestors(client.resolve_data("sewage").id, 1)]
        [1]
        """
        from aero_jupyter.client.lineage import ancestor_records

        self._require_relations()
        return ancestor_records(data_id, version, self._provenance_records())

    def lineage_of_run(self, run: Run) -> Lineage:
        """Trace the result of a run; for a run without a result, its inputs and its missing outputs.

        Parameters
        ----------
        run : Run

        Returns
        -------
        Lineage

        Raises
        ------
        InvalidArgument
            If the server lists neither.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> newest = client.list("run").first(1)[0]
        >>> client.lineage_of_run(newest).data.name
        'sewage'
        """
        from aero_jupyter.client.lineage import lineage_of_flows, lineage_of_run

        run = run if run.is_final or not self.dialect.runs else self.get_run(run.id)
        made = run.made or self._unchanged_versions(run)
        if made:
            return self.lineage(made[0].data_id, made[0].version)
        flows = self.list("flow").all()
        outputs = next((flow.outputs for flow in flows if flow.id == run.flow_id), ())
        if not outputs and not run.used:
            message = f"The server lists neither the inputs nor the outputs of run {run.id[:8]}."
            raise errors.InvalidArgument(message, "Trace a dataset instead.")
        if not self.dialect.relations:
            return lineage_of_flows(outputs[0], flows)
        data = outputs[0] if outputs else self.get_data(run.used[0].data_id)
        return lineage_of_run(run, data, self._provenance_records(), flows)

    def _require_relations(self) -> None:
        if not self.dialect.relations:
            raise errors.AeroError(
                "This server does not list the versions that a run used and made.",
                "Pass flow_id to list the provenance of a flow.",
            )

    def _unchanged_versions(self, run: Run) -> tuple[Version, ...]:
        """Return the versions that a run found unchanged."""
        if run.state not in SUCCESSFUL_STATES or not self.dialect.relations:
            return ()
        records = self.provenance(flow_id=run.flow_id)
        return next((record.made for record in records if record.run_id == run.id and record.made), ())

    def _provenance_records(self) -> LineageSource:
        from aero_jupyter.client.lineage import LineageSource

        records = None if self.dialect.filters else self.list("prov").all()

        def made_by(id: str, number: int) -> list[Provenance]:
            if records is None:
                return self.provenance(number, data_id=id)
            return [record for record in records if _includes_version(record.made, id, number)]

        def used_in(id: str, number: int) -> list[Provenance]:
            if records is None:
                return self.uses(id, number)
            return [record for record in records if _includes_version(record.used, id, number)]

        def newest_run(flow: Flow) -> Run | None:
            runs = self.list("run", match=flow.id).page(1) if self.dialect.runs else ()
            return runs[0] if runs else None

        return LineageSource(made_by, used_in, newest_run)


def _version_filter(data_id: str, number: int | None) -> str:
    return data_id if number is None else f"{data_id}:{number}"


def _includes_version(versions: tuple[Version, ...] | None, data_id: str, number: int | None) -> bool:
    return any(each.data_id == data_id and number in (None, each.version) for each in versions or ())
