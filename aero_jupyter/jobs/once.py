"""One call outside any flow, and what came of it, as JSON."""

from __future__ import annotations

import inspect
import json
import shutil
import tempfile
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from aero_jupyter.jobs.cells import forget, guarded, load_cell
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.jobs.printed import Printed
from aero_jupyter.jobs.results import kind_of
from aero_jupyter.jobs.run import check_given
from aero_jupyter.jobs.web import AeroJobError


def run_once(cell: Mapping[str, Any], kwargs: Mapping[str, Any], aero: Mapping[str, Any]) -> dict[str, Any]:
    """Run the function of a cell once, with files for the inputs that ``aero`` names.

    Returns
    -------
    dict
        ``value``, or ``error`` and ``traceback``; and what it ``printed``. An error is an answer too, so that
        what was printed before it is not lost.
    """
    with Printed() as said:
        try:
            answer = {"value": _as_json(cell["name"], _called(cell, kwargs, aero))}
        except Exception as error:
            answer = {"error": _sentence(error), "traceback": "".join(traceback.format_exception(error))}
    return {**answer, "printed": said.text()}


def _called(cell: Mapping[str, Any], kwargs: Mapping[str, Any], aero: Mapping[str, Any]) -> Any:
    module = load_cell(cell)
    folder = tempfile.mkdtemp(prefix="run-")
    try:
        function: Callable[..., Any] = vars(module)[cell["name"]]
        parameters = inspect.signature(function).parameters
        given = {**kwargs, **fetch_inputs(aero, folder, parameters)}
        check_given(cell["name"], parameters, given)
        return guarded(cell, lambda: function(**given))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        forget(module)


def _as_json(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise AeroJobError(
            f"{name}() returned {kind_of(value)}, which JSON cannot hold: {error}. "
            "Return text, numbers, lists or dicts; a table as frame.to_dict('list')."
        ) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, AeroJobError):
        return str(error)
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
