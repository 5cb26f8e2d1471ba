"""The newest version of an output, for the checks that compare an output with it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.jobs.output_columns import columns_of_output
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.typed_csv import types_beside
from aero_jupyter.jobs.versions import latest_version, with_version


def previous_names(aero: Mapping[str, Any], name: str, folder: str) -> list[str] | None:
    """Return the names of the columns of an output's newest version; None if there is no version.

    Raises
    ------
    AeroJobError
        If the version cannot be read.
    """
    entry = aero["output_data"][name]
    try:
        version = latest_version(aero, name, entry["id"])
    except AeroJobError as error:
        if error.status == 404:
            return None
        raise
    described = with_version({"id": entry["id"]}, version)
    place = tempfile.mkdtemp(prefix="previous-", dir=folder)
    path = str(fetch_inputs({**aero, "input_data": {name: described}}, place, ())[name])
    if (stored := types_beside(path)) is not None:
        types = parse_json(stored)
        names = [*types["index"], *types["names"]]
        return [str(tuple(each) if isinstance(each, list) else each) for each in names]
    return columns_of_output(name, path, path).names
