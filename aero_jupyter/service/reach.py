"""What the token of a run or task opens: what it reads, what it makes, and the commit of it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from aero_jupyter.core import wire
from aero_jupyter.service.runs import Runs
from aero_jupyter.service.store import DB

_ID = "([0-9a-fA-F-]{36})"
_DATA = re.compile(f"/data/{_ID}(?:/latest|/versions)?")
_FLOW = re.compile(f"/flow/{_ID}")
_FILE = re.compile("/collections/[^/]+/([^/]+)")


def opens(db: DB, runs: Runs, holder: str, method: str, path: str) -> bool:
    """Whether a run or task may ask for this; whose run a commit is of, its route asks."""
    if method == "POST":
        return path == wire.NEW_PROV.path
    if method == "PUT":
        return _FILE.fullmatch(path) is not None
    if method != "GET":
        return False
    run = db.row("SELECT flow_id FROM run WHERE id = ?", (holder,))
    if run is None:
        # A single task is asked for by who holds the service's own token, and names what it reads.
        return any(form.fullmatch(path) for form in (_DATA, _FLOW, _FILE))
    if found := _FLOW.fullmatch(path):
        return found[1].lower() == str(run["flow_id"])
    return _is_of(db, _data_of(runs, holder), path)


def _data_of(runs: Runs, run_id: str) -> set[str]:
    aero = runs.tasks(run_id)[0]["kwargs"]["aero"]
    return {str(entry.get("id")) for side in ("input_data", "output_data") for entry in aero[side].values()}


def _is_of(db: DB, ids: set[str], path: str) -> bool:
    if found := _DATA.fullmatch(path):
        return found[1].lower() in ids
    found = _FILE.fullmatch(path)
    marks = ",".join("?" * len(ids))
    sql = f"SELECT 1 FROM version WHERE file_name = ? AND data_id IN ({marks})"
    return found is not None and db.value(sql, (unquote(found[1]), *ids)) is not None
