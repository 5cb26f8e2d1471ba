"""The requests that the token of a run or task authorizes: reading its inputs, storing its results, committing."""

from __future__ import annotations

import re
from urllib.parse import unquote

from aero_jupyter.core import wire
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.storage.connection import DB, RequestError

_ID = "([0-9a-fA-F-]{36})"
_DATA = re.compile(f"/data/{_ID}(?:/latest|/versions)?")
_FLOW = re.compile(f"/flow/{_ID}")
_FILE = re.compile("/collections/[^/]+/([^/]+)")


def is_allowed(db: DB, runs: Runs, holder: str, method: str, path: str) -> bool:
    """Return whether a run or task may send a request; the commit route checks that the run matches the token."""
    if method == "POST":
        return path == wire.NEW_PROV.path
    if method == "PUT":
        return _FILE.fullmatch(path) is not None
    if method != "GET":
        return False
    run = db.row("SELECT flow_id FROM run WHERE id = ?", (holder,))
    if run is None:
        # A single task is submitted with the service's own token, and names the datasets that it reads.
        return any(form.fullmatch(path) for form in (_DATA, _FLOW, _FILE))
    if found := _FLOW.fullmatch(path):
        return found[1].lower() == str(run["flow_id"])
    return _belongs_to(db, _dataset_ids_of(runs, holder), path)


def _dataset_ids_of(runs: Runs, run_id: str) -> set[str]:
    try:
        aero = runs.tasks(run_id)[0]["kwargs"]["aero"]
    except RequestError:
        # The flow was deleted meanwhile, so its run reads nothing any more.
        return set()
    return {str(entry.get("id")) for side in ("input_data", "output_data") for entry in aero[side].values()}


def _belongs_to(db: DB, ids: set[str], path: str) -> bool:
    if found := _DATA.fullmatch(path):
        return found[1].lower() in ids
    found = _FILE.fullmatch(path)
    marks = ",".join("?" * len(ids))
    sql = f"SELECT 1 FROM version WHERE file_name = ? AND data_id IN ({marks})"
    # The column types of a table are stored in a file beside it.
    return found is not None and db.value(sql, (unquote(found[1]).removesuffix(TYPES_SUFFIX), *ids)) is not None
