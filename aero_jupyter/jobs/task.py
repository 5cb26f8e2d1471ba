"""One task: calls the user's function with its flow's inputs, and stores its outputs."""

from __future__ import annotations

import contextlib
import inspect
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any  # values of a function's arguments and result

from aero_jupyter.jobs.aero_output import AeroOutput
from aero_jupyter.jobs.aero_server import without_secrets
from aero_jupyter.jobs.cell_loader import forget, guarded, load_cell
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.jobs.output_checks import check_outputs
from aero_jupyter.jobs.previous_version import previous_names
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.typed_inputs import with_frames
from aero_jupyter.jobs.upload import file_of, named_results, upload, write_warnings


def run_user(
    cell: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], files: Mapping[str, Any] | None = None
) -> Any:
    """Run the function of a cell.

    Parameters
    ----------
    cell : mapping
        ``source``, ``name`` of the function, ``first_line``, ``filename`` and ``source_parameter``.
    args, kwargs
        The arguments; with ``aero`` among them it is a task of a flow.
    files : mapping, optional
        The facts about arguments that are files, as for `with_frames`.

    Returns
    -------
    object
        The function's result; for a task of a flow, the kwargs with its outputs filled in.
    """
    module = load_cell(cell)
    try:
        function = vars(module)[cell["name"]]
        if "aero" in kwargs:
            return _run_task(cell, function, kwargs)
        arguments = with_frames(inspect.signature(function).parameters, kwargs, files) if files else kwargs
        return guarded(cell, lambda: function(*args, **arguments))
    finally:
        forget(module)


def flow_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a deserialized function as a task of a flow calls it.

    A function that accepts ``aero`` reads and fills it by itself. Every other function is called with its inputs as
    files, and what it returns is uploaded, as for a function that is registered by its source.
    """
    parameters = inspect.signature(function, follow_wrapped=False).parameters
    return function if "aero" in parameters or _takes_any(parameters) else task_function(function)


def task_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes the kwargs of a task, calls `function` with its inputs and stores its outputs."""
    name = getattr(function, "__name__", "function")
    filename = getattr(getattr(function, "__code__", None), "co_filename", "")
    return lambda **kwargs: _run_task({"name": name, "filename": filename}, function, kwargs)


def job_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a deserialized pull or commit function, which handles ``aero`` by itself."""
    return function


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
    raise AeroJobError("stage() received no file.")


def _run_task(cell: Mapping[str, Any], function: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    aero = kwargs["aero"]
    outputs = aero.get("output_data") or {}
    if aero.get("temp_dir"):
        os.makedirs(aero["temp_dir"], exist_ok=True)
    folder = tempfile.mkdtemp(prefix="run-", dir=aero.get("temp_dir"))
    try:
        with errors_described(f"An input of {cell['name']}() could not be fetched"):
            arguments = _task_arguments(cell, function, kwargs, folder)
        result = guarded(cell, lambda: function(**arguments))
        if function is stage and len(outputs) == 1:
            result = result.path
        optional = [name for name, entry in outputs.items() if entry.get("optional")]
        records = _store_outputs(cell, aero, named_results(result, outputs, optional), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _remove_pulled(aero)
    return {**kwargs, "aero": _completed_aero(aero, records)}


def _store_outputs(
    cell: Mapping[str, Any], aero: Mapping[str, Any], results: Mapping[str, Any], folder: str
) -> dict[str, Any]:
    """Write and check every output before the first one is uploaded, so that a failure uploads none."""
    paths, records = {}, {}
    for name, value in results.items():
        with errors_described(f"Output {name} could not be written"):
            paths[name] = file_of(name, value, folder)
    with errors_described(f"The checks of {cell['name']}() could not be made"):
        checks = cell.get("checks") or ()
        warned = check_outputs(checks, results, paths, lambda name: previous_names(aero, name, folder))
    if len({os.path.realpath(path) for path in paths.values()}) < len(paths):
        aero = {**aero, "takes_over_files": False}
    for name, path in paths.items():
        with errors_described(f"Output {name} could not be stored"):
            warnings_path = write_warnings(warned[name], folder) if name in warned else None
            records[name] = upload(aero, name, path, warnings_path)
    return records


@contextlib.contextmanager
def errors_described(description: str) -> Iterator[None]:
    """Mark errors around the user's function, so that they do not look like its own.

    Raises
    ------
    AeroJobError
        In place of any other exception of the block.
    """
    try:
        yield
    except AeroJobError:
        raise
    except Exception as error:
        raise AeroJobError(f"{description}: {type(error).__name__}: {error}.") from error


def _completed_aero(aero: Mapping[str, Any], records: Mapping[str, Any]) -> dict[str, Any]:
    completed = without_secrets(aero)
    for entry in completed["input_data"].values():
        entry.pop("signed_url", None)
    # An optional output that was not made is not committed.
    completed["output_data"] = {
        name: entry | records.get(name, {})
        for name, entry in completed["output_data"].items()
        if name in records or not entry.get("optional")
    }
    return completed


def _remove_pulled(aero: Mapping[str, Any]) -> None:
    """Remove the files of `download`, unless the flow names their folder."""
    if aero.get("temp_dir"):
        return
    for entry in (aero.get("output_data") or {}).values():
        if entry.get("download") and entry.get("file"):
            with contextlib.suppress(OSError):
                os.remove(entry["file"])
                os.rmdir(entry["temp_dir"])


def _task_arguments(
    cell: Mapping[str, Any], function: Callable[..., Any], kwargs: Mapping[str, Any], folder: str
) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters
    arguments = {name: value for name, value in kwargs.items() if name != "aero"}
    arguments |= fetch_inputs(kwargs["aero"], folder, parameters)
    pulled_argument = _pulled_argument(cell, parameters, arguments, kwargs["aero"])
    arguments |= pulled_argument
    check_arguments(cell["name"], parameters, arguments)
    sources = [entry for entry in (kwargs["aero"].get("output_data") or {}).values() if entry.get("download")]
    entries = {**(kwargs["aero"].get("input_data") or {}), **dict(zip(pulled_argument, sources, strict=False))}
    return with_frames(parameters, arguments, entries)


def _pulled_argument(
    cell: Mapping[str, Any],
    parameters: Mapping[str, inspect.Parameter],
    arguments: Mapping[str, Any],
    aero: Mapping[str, Any],
) -> dict[str, Any]:
    for name, entry in (aero.get("output_data") or {}).items():
        if entry.get("download") and entry.get("file"):
            if not os.path.exists(entry["file"]):
                raise AeroJobError(
                    "The downloaded file is not on this machine. One endpoint must download it and call the function."
                )
            return {_parameter_for(cell, parameters, arguments, name): entry["file"]}
    return {}


def _parameter_for(
    cell: Mapping[str, Any], parameters: Mapping[str, inspect.Parameter], arguments: Mapping[str, Any], output: str
) -> str:
    if cell.get("source_parameter"):
        return str(cell["source_parameter"])
    if output in parameters:
        return output
    unfilled = [name for name in _required(parameters) if name not in arguments]
    if len(unfilled) == 1:
        return unfilled[0]
    if _takes_any(parameters):
        return output
    raise AeroJobError(
        f"No parameter of {cell['name']}() receives the source. Name one of them {output}, like the source."
    )


def check_arguments(function: str, parameters: Mapping[str, inspect.Parameter], arguments: Mapping[str, Any]) -> None:
    """Raise for a call with wrong parameters.

    Raises
    ------
    AeroJobError
        If a parameter is unknown, or a required one is missing.
    """
    unknown = [] if _takes_any(parameters) else [name for name in arguments if name not in parameters]
    if unknown:
        available = f"Its parameters are {', '.join(parameters)}." if parameters else "It has none."
        raise AeroJobError(f"{function}() has no parameter {_quoted(unknown)} to receive its value. {available}")
    missing = [name for name in _required(parameters) if name not in arguments]
    if missing:
        raise AeroJobError(f"{function}() needs {_quoted(missing)}, but no value for it was passed.")


def _required(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [name for name, p in parameters.items() if p.kind in named and p.default is inspect.Parameter.empty]


def _takes_any(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def _quoted(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
