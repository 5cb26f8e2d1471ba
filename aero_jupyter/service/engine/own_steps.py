"""The steps that are code of this package: they run in the service and need no process of their own."""

from __future__ import annotations

import functools

from aero_jupyter import jobs
from aero_jupyter.jobs.commit import commit_record
from aero_jupyter.jobs.versions import KnownVersions, is_located, with_versions
from aero_jupyter.service.catalogue import commits
from aero_jupyter.service.catalogue.flow_checks import NIL
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.engine.task_source import id_of_function
from aero_jupyter.service.request_models import ProvRecord
from aero_jupyter.service.storage.connection import RequestError, Row


class OwnSteps:
    """The choice of versions and the commit, as the functions `get_versions` and `database_commit` make them.

    What these functions would refuse is left to them, and so are their messages.

    Parameters
    ----------
    catalogue : CatalogueRecords
    """

    def __init__(self, catalogue: CatalogueRecords) -> None:
        self._catalogue = catalogue

    def is_own(self, id: str | None, name: str) -> bool:
        """Return whether a flow's function is the one of this name and of this version of the package."""
        return id in (None, NIL) or id == _id_of_own(name)

    def choose_versions(self, function_id: str | None, tasks: list[Row]) -> list[Row] | None:
        """Return the tasks with the facts about the version of each input; None for another function."""
        if not self.is_own(function_id, "get_versions"):
            return None
        known: KnownVersions = {}
        for task in tasks:
            for entry in task["kwargs"]["aero"]["input_data"].values():
                key = entry["id"], entry.get("version")
                if key not in known:
                    record = self._version(*key)
                    if record is None:
                        return None
                    known[key] = record
        return [{**task, "kwargs": with_versions(task["kwargs"], known)} for task in tasks]

    def _version(self, data_id: str, number: int | None) -> Row | None:
        try:
            rows = self._catalogue.versions(data_id, number) if number is not None else []
        except RequestError:
            return None
        return rows[0] if rows and is_located(rows[0]) else None

    def commit(self, results: list[Row]) -> None:
        """Commit what the tasks of a run returned.

        Raises
        ------
        RequestError, pydantic.ValidationError
            If a result cannot be committed.
        """
        for task, kwargs in enumerate(results):
            record = ProvRecord.model_validate(commit_record({"task": task, **kwargs["aero"]}))
            commits.commit(self._catalogue.store, record.model_dump(mode="json"))


@functools.cache
def _id_of_own(name: str) -> str:
    return id_of_function(name, jobs.runtime_source(), is_serialized=False)
