"""One call outside any flow, with its result as JSON."""

from __future__ import annotations

import inspect
import json
import shutil
import tempfile
import traceback
from collections.abc import Callable, Mapping
from typing import Any  # values of a function's arguments and result

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.cell_loader import forget, guarded, load_cell
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.jobs.json_values import find_unfit_value
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.stdout_capture import Printed
from aero_jupyter.jobs.task import check_arguments, errors_described
from aero_jupyter.jobs.typed_inputs import with_frames
from aero_jupyter.jobs.upload import kind_of


def run_once(cell: Mapping[str, Any], kwargs: Mapping[str, Any], aero: Mapping[str, Any]) -> dict[str, Any]:
    """Run the function of a cell once, with files for the inputs that ``aero`` names.

    Returns
    -------
    dict
        ``value``, or ``error`` and ``traceback``; and what it ``printed``, warnings and log records too. An error
        is an answer too, so that what was printed before it is not lost.
    """
    return call_answer(cell, kwargs, aero, lambda value, folder: json_result(cell["name"], value))


def call_answer(
    cell: Mapping[str, Any],
    kwargs: Mapping[str, Any],
    aero: Mapping[str, Any],
    encode: Callable[[object, str], Any],
) -> dict[str, Any]:
    """Call the function of a cell, and return its answer as for `run_once`.

    Parameters
    ----------
    encode : callable
        Returns the result as JSON; called with the result and a folder for its files, before the folder is removed.
    """
    with Printed() as capture:
        try:
            answer = {"value": _called(cell, kwargs, aero, encode)}
        except Exception as error:
            answer = {"error": _sentence(error), "traceback": "".join(traceback.format_exception(error))}
    return {**answer, "printed": capture.text()}


def _called(
    cell: Mapping[str, Any],
    kwargs: Mapping[str, Any],
    aero: Mapping[str, Any],
    encode: Callable[[object, str], Any],
) -> Any:
    module = load_cell(cell)
    folder = tempfile.mkdtemp(prefix="run-")
    try:
        function: Callable[..., Any] = vars(module)[cell["name"]]
        parameters = inspect.signature(function).parameters
        with errors_described(f"An input of {cell['name']}() could not be fetched"):
            arguments = {**kwargs, **fetch_inputs(aero, folder, parameters)}
        check_arguments(cell["name"], parameters, arguments)
        arguments = with_frames(parameters, arguments, aero.get("input_data") or {})
        return encode(guarded(cell, lambda: function(**arguments)), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        forget(module)


def json_result(name: str, value: object) -> Any:
    """Return a result as JSON holds it.

    Raises
    ------
    AeroJobError
        If JSON cannot hold it.
    """
    unfit = find_unfit_value(value)
    if unfit is None:
        return parse_json(json.dumps(value))
    if unfit.startswith(("NaN", "infinity")):
        raise AeroJobError(
            f"{name}() returned {unfit}, which JSON cannot hold. Return None there; of a table, "
            'frame.astype(object).where(frame.notna(), None).to_dict("list").'
        )
    raise AeroJobError(
        f"{name}() returned {kind_of(value)}, which JSON cannot hold: {unfit}. "
        "Return text, numbers, lists or dicts with text keys; a table as frame.to_dict('list')."
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, AeroJobError):
        return str(error)
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
