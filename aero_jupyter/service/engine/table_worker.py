"""The worker that reads the tables of versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.typed_csv import TYPED_CSV, TYPES_SUFFIX
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.storage.connection import RequestError, Row, new_id
from aero_jupyter.service.storage.content import DECODED_SUFFIX, ContentStore
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import Task, TaskLimits

#: Limits of the work on one version.
LIMITS = TaskLimits(seconds=300, memory=4 << 30, output=1 << 20, result=10 << 20)
_PACKAGE_FOLDER = str(Path(__file__).parents[3])
_CODE = """
def work_on_table(folder, function, *args):
    import sys
    sys.path.insert(0, folder)
    from aero_jupyter.service.engine import table_tasks
    return getattr(table_tasks, function)(*args)
"""


class TableWorker:
    """One worker of its own: a long run never delays it, and it never delays a run.

    Parameters
    ----------
    catalogue, content : CatalogueRecords, ContentStore
    folder : Path
        For the logs of its tasks, which are removed with the task.
    """

    def __init__(self, catalogue: CatalogueRecords, content: ContentStore, folder: Path) -> None:
        self._catalogue, self._content, self._folder = catalogue, content, folder
        self._pool = Pool(1, LIMITS)

    def run(self, function: str, *args: Any) -> Any:
        """Call a function of `table_tasks` in the worker, and return its result.

        Raises
        ------
        TaskFailed
            If it raised, took too long, or exceeded a limit.
        """
        key = new_id()
        log = self._folder / f"{key}.log"
        digest = hashlib.sha256(_CODE.encode()).hexdigest()
        try:
            args = (_PACKAGE_FOLDER, function, *args)
            return self._pool.run(Task(key, "work_on_table", log, self._folder, _CODE, digest, list(args)))
        finally:
            log.unlink(missing_ok=True)
            _remove_decoded(args)

    def stop(self) -> None:
        """End the worker."""
        self._pool.close()

    def table_of(self, data: Row, version: Row) -> dict[str, Any]:
        """Return the files of a version and what the reader of its table must know.

        Raises
        ------
        RequestError
            If AERO stores no content of the version, or not in the collection of this local AERO.
        """
        if version["data_file"] is None:
            raise RequestError(404, f"AERO stores only the URL of {data['name']}, not its content.")
        file = version["data_file"]["file_name"]
        return {
            **reading_of(data, version),
            "path": self._path(file),
            "types_path": self._path(file + TYPES_SUFFIX) if file.endswith(TYPED_CSV) else None,
        }

    def _path(self, file: str) -> str:
        checksum, _ = self._content.find(self._catalogue.store.collection, file)
        return str(self._content.plain_path(checksum, self._folder))


def _remove_decoded(args: Iterable[Any]) -> None:
    """Remove the files that were decoded for tables."""
    for table in args:
        for path in (table.get("path"), table.get("types_path")) if isinstance(table, dict) else ():
            if path is not None and path.endswith(DECODED_SUFFIX):
                Path(path).unlink(missing_ok=True)


def reading_of(data: Row, version: Row) -> dict[str, Any]:
    """Return what the reader of a version's table must know, but for its files."""
    file = version["data_file"]
    return {
        "label": f"{data['name']} version {version['version']}",
        "names": [file["file_name"], data["url"], data["name"]],
        "file_type": file["file_type"],
        "encoding": file["encoding"],
        "options": parse_json(data["read_options"] or "{}"),
    }
