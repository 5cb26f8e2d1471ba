"""One task: the user's function called with what its flow gives, and what it returns kept."""

from __future__ import annotations

import contextlib
import inspect
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from aero_jupyter.jobs.cells import forget, guarded, load_cell
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.jobs.outputs import AeroOutput
from aero_jupyter.jobs.results import file_of, named_results, upload
from aero_jupyter.jobs.server import without_secrets
from aero_jupyter.jobs.web import AeroJobError


def run_user(cell: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run the function of a cell.

    Parameters
    ----------
    cell : mapping
        ``source``, ``name`` of the function, ``first_line``, ``filename`` and ``source_parameter``.
    args, kwargs
        The arguments; with ``aero`` among them it is a task of a flow.

    Returns
    -------
    object
        What the function returned; for a task of a flow, the kwargs with its outputs filled in.
    """
    module = load_cell(cell)
    try:
        function = vars(module)[cell["name"]]
        if "aero" in kwargs:
            return _run_task(cell, function, kwargs)
        return guarded(cell, lambda: function(*args, **kwargs))
    finally:
        forget(module)


def stage(**kwargs: Any) -> Any:
    """Hand the pulled file on as it is.

    Returns
    -------
    AeroOutput
        Of the first argument that is an existing path; in a flow, under the name of its one output.
    """
    if "aero" in kwargs:
        return _run_task({"name": "stage", "filename": "<stage>"}, stage, kwargs)
    for name, value in kwargs.items():
        if isinstance(value, (str, os.PathLike)) and os.path.exists(value):
            return AeroOutput(name, os.fspath(value))
    raise AeroJobError("stage() was given no file.")


def _run_task(cell: Mapping[str, Any], function: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    aero = kwargs["aero"]
    outputs = aero.get("output_data") or {}
    if aero.get("temp_dir"):
        os.makedirs(aero["temp_dir"], exist_ok=True)
    folder = tempfile.mkdtemp(prefix="run-", dir=aero.get("temp_dir"))
    try:
        given = _arguments(cell, function, kwargs, folder)
        result = guarded(cell, lambda: function(**given))
        if function is stage and len(outputs) == 1:
            result = result.path
        paths = {name: file_of(name, value, folder) for name, value in named_results(result, outputs).items()}
        made = {name: upload(aero, name, path) for name, path in paths.items()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _remove_pulled(aero)
    return {**kwargs, "aero": _told(aero, made)}


def _told(aero: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    told = without_secrets(aero)
    for entry in told["input_data"].values():
        entry.pop("signed_url", None)
    for name, facts in made.items():
        told["output_data"][name] |= facts
    return told


def _remove_pulled(aero: Mapping[str, Any]) -> None:
    """Remove what `download` left; where the flow names a folder, whoever named it empties it."""
    if aero.get("temp_dir"):
        return
    for entry in (aero.get("output_data") or {}).values():
        if entry.get("download") and entry.get("file"):
            with contextlib.suppress(OSError):
                os.remove(entry["file"])
                os.rmdir(entry["temp_dir"])


def _arguments(
    cell: Mapping[str, Any], function: Callable[..., Any], kwargs: Mapping[str, Any], folder: str
) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters
    given = {name: value for name, value in kwargs.items() if name != "aero"}
    given |= fetch_inputs(kwargs["aero"], folder, parameters)
    given |= _pulled(cell, parameters, given, kwargs["aero"])
    check_given(cell["name"], parameters, given)
    return given


def _pulled(
    cell: Mapping[str, Any],
    parameters: Mapping[str, inspect.Parameter],
    given: Mapping[str, Any],
    aero: Mapping[str, Any],
) -> dict[str, Any]:
    for name, entry in (aero.get("output_data") or {}).items():
        if entry.get("download") and entry.get("file"):
            if not os.path.exists(entry["file"]):
                raise AeroJobError("The pulled file is not on this machine; one endpoint must pull it and run on it.")
            return {_parameter_for(cell, parameters, given, name): entry["file"]}
    return {}


def _parameter_for(
    cell: Mapping[str, Any], parameters: Mapping[str, inspect.Parameter], given: Mapping[str, Any], output: str
) -> str:
    if cell.get("source_parameter"):
        return str(cell["source_parameter"])
    if output in parameters:
        return output
    open_ones = [name for name in _required(parameters) if name not in given]
    if len(open_ones) == 1:
        return open_ones[0]
    if _takes_any(parameters):
        return output
    raise AeroJobError(
        f"No parameter of {cell['name']}() is meant for the source. Name one of them {output}, as the source is."
    )


def check_given(function: str, parameters: Mapping[str, inspect.Parameter], given: Mapping[str, Any]) -> None:
    """Refuse a call with the wrong parameters.

    Raises
    ------
    AeroJobError
        If one is given that the function does not have, or one that it needs is not.
    """
    unknown = [] if _takes_any(parameters) else [name for name in given if name not in parameters]
    if unknown:
        has = f"Its parameters are {', '.join(parameters)}." if parameters else "It has none."
        raise AeroJobError(f"{function}() has no parameter {_quoted(unknown)}, which it is given. {has}")
    lacking = [name for name in _required(parameters) if name not in given]
    if lacking:
        raise AeroJobError(f"{function}() needs {_quoted(lacking)}, which nothing gives it.")


def _required(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [name for name, p in parameters.items() if p.kind in named and p.default is inspect.Parameter.empty]


def _takes_any(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def _quoted(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
