"""The execution of one task in its own process."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from types import CodeType
from typing import Any  # JSON values

#: Maximum characters of an error text; the middle of a longer text is left out.
ERROR_TEXT_CHARACTERS = 65_536
#: Packages that are slow to import and safe to fork: imported in advance once a task has used them.
WARM = ("numpy", "pandas")
#: Compiled code, by its digest.
CODE: dict[str, CodeType] = {}
#: The names of the runtime, once it has been executed; only a child, which ends with its task, adds to them.
RUNTIME: dict[str, Any] = {}
# Bound before any user code runs, because user code may replace the function.
_dumps = json.dumps


def bounded(text: str) -> str:
    """Return a text that can be stored and sent: limited in length, and without lone surrogates."""
    text = text.encode("utf-8", "replace").decode()
    half = ERROR_TEXT_CHARACTERS // 2
    left_out = len(text) - 2 * half
    return text if left_out <= 0 else f"{text[:half]}\n… {left_out} characters left out …\n{text[-half:]}"


def serialize_answer(answer: dict[str, Any]) -> bytes:
    """Serialize an answer as one line of JSON, without lone surrogates."""
    try:
        text = _dumps(answer, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        text = _dumps({"ok": False, "error": _serialization_error(answer["value"], error), "traceback": "", "warm": []})
    return text.encode("utf-8", "replace") + b"\n"


def _serialization_error(value: object, error: Exception) -> str:
    if isinstance(error, TypeError):
        return f"The result is a {type(value).__name__}, which JSON cannot hold."
    return f"The result cannot be written as JSON: {error}."


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Execute a task in its folder, with all printed output in its log."""
    answer: dict[str, Any]
    try:
        log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.chdir(task["cwd"])
        answer = {"ok": True, "value": _call(task)}
    except BaseException as error:
        answer = {"ok": False, "error": bounded(_format_error(error)), "traceback": bounded(_format_traceback(error))}
    for stream in (sys.stdout, sys.stderr):
        # User code may have replaced the stream by any object.
        with contextlib.suppress(Exception):
            stream.flush()
    return answer | {"warm": [name for name in WARM if name in sys.modules]}


def _format_traceback(error: BaseException) -> str:
    """Return the traceback from the user's own cell on; the whole traceback if no frame is in a cell."""
    place = error.__traceback__
    while place is not None and not place.tb_frame.f_code.co_filename.startswith("<cell "):
        place = place.tb_next
    return "".join(traceback.format_exception(type(error), error, place or error.__traceback__))


def _format_error(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"The function called sys.exit({error.code})."
    try:
        text = str(error)
    except Exception:
        text = ""
    if type(error).__name__ == "AeroJobError":
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _call(task: dict[str, Any]) -> Any:
    if "buffer" in task:
        return _call_serialized(task)
    function = _source_function(task)
    if "function" in task:
        function.__globals__["provide_aero_output"]()
        function = function(_deserialized(task["function"]))
    return function(*task["args"], **task["kwargs"])


def _source_function(task: dict[str, Any]) -> Any:
    """Return the function that a task calls, from its source code."""
    names = RUNTIME if task.get("follows_runtime") else _new_module()
    exec(compile_once(task["digest"], task["code"]), names)  # noqa: S102  this process exists to run it
    return names[task["name"]]


def execute_runtime(source: str) -> None:
    """Execute the runtime of this package, which precedes the source code of most tasks."""
    RUNTIME.update(_new_module())
    exec(compile(source, "<runtime>", "exec"), RUNTIME)  # noqa: S102  the runtime is code of this package


def _new_module() -> dict[str, Any]:
    return {"__name__": "aero_task"}


def _deserialized(packed: str) -> Any:
    """Return a function that the Compute SDK serialized."""
    from globus_compute_sdk.serialize import ComputeSerializer

    serializer = ComputeSerializer()
    (buffer,) = serializer.unpack_buffers(packed)
    function = serializer.deserialize(buffer)
    if not callable(function):
        raise TypeError(f"The registered object is a {type(function).__name__}, not a function.")
    return function


def compile_once(digest: str, code: str) -> CodeType:
    """Return the compiled source code; each digest is compiled once."""
    if digest not in CODE:
        CODE.clear() if len(CODE) > 200 else None
        CODE[digest] = compile(code, f"<function {digest[:8]}>", "exec")
    return CODE[digest]


def _call_serialized(task: dict[str, Any]) -> str:
    """Run a task that the Compute SDK serialized; return its result as JSON, never as a pickle."""
    from globus_compute_sdk.serialize import ComputeSerializer, JSONData

    serializer = ComputeSerializer()
    if "code" in task:
        function = _source_function(task)
        args, kwargs = map(serializer.deserialize, serializer.unpack_buffers(task["buffer"]))
    else:
        function, args, kwargs = serializer.unpack_and_deserialize(task["buffer"])
    if isinstance(kwargs.get("aero"), dict):
        # The URL and the token do not come with the task: a remote endpoint finds its own in the same way.
        kwargs["aero"] |= task["place"]
    value = function(*args, **kwargs)
    try:
        _dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(_serialization_error(value, error)) from None
    data: Any = JSONData
    return str(ComputeSerializer(strategy_data=data()).serialize(value))
