"""One task, done in the process that is its own."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from types import CodeType
from typing import Any

#: Characters of a text that says what went wrong; more is left out in its middle.
MOST_SAID = 65_536
#: What takes long to import, and comes to no harm in a fork: imported ahead once a task has used it.
WARM = ("numpy", "pandas")
#: What has been compiled, by its digest.
CODE: dict[str, CodeType] = {}
# Bound before any user code runs, which may put another in its place.
_dumps = json.dumps


def bounded(text: str) -> str:
    """Give a text that can be stored and sent: of a length, and without halves of characters."""
    text = text.encode("utf-8", "replace").decode()
    half = MOST_SAID // 2
    left_out = len(text) - 2 * half
    return text if left_out <= 0 else f"{text[:half]}\n… {left_out} characters left out …\n{text[-half:]}"


def line_of(answer: dict[str, Any]) -> bytes:
    """Spell an answer: one line of JSON, without halves of characters."""
    try:
        text = _dumps(answer, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        text = _dumps({"ok": False, "error": _not_json(answer["value"], error), "traceback": "", "warm": []})
    return text.encode("utf-8", "replace") + b"\n"


def _not_json(value: Any, error: Exception) -> str:
    if isinstance(error, TypeError):
        return f"The result is a {type(value).__name__}, which JSON cannot hold."
    return f"The result cannot be written as JSON: {error}."


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Do a task here, in its folder, with all that is printed in its log."""
    answer: dict[str, Any]
    try:
        log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.chdir(task["cwd"])
        answer = {"ok": True, "value": _call(task)}
    except BaseException as error:
        answer = {"ok": False, "error": bounded(_sentence(error)), "traceback": bounded(_story(error))}
    for stream in (sys.stdout, sys.stderr):
        # It may be anything by now.
        with contextlib.suppress(Exception):
            stream.flush()
    return answer | {"warm": [name for name in WARM if name in sys.modules]}


def _story(error: BaseException) -> str:
    """The traceback from the user's own cell on; whole where none of it is in a cell."""
    place = error.__traceback__
    while place is not None and not place.tb_frame.f_code.co_filename.startswith("<cell "):
        place = place.tb_next
    return "".join(traceback.format_exception(type(error), error, place or error.__traceback__))


def _sentence(error: BaseException) -> str:
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
    names: dict[str, Any] = {"__name__": "aero_task"}
    exec(compiled(task["digest"], task["code"]), names)  # noqa: S102  this process exists to run it
    return names[task["name"]](*task["args"], **task["kwargs"])


def compiled(digest: str, code: str) -> CodeType:
    """Compile a text, once."""
    if digest not in CODE:
        CODE.clear() if len(CODE) > 200 else None
        CODE[digest] = compile(code, f"<function {digest[:8]}>", "exec")
    return CODE[digest]


def _call_serialized(task: dict[str, Any]) -> str:
    """Run a task as the Compute SDK wrote it; the answer is JSON, whatever was asked for: no pickle leaves here."""
    from globus_compute_sdk.serialize import ComputeSerializer, JSONData

    function, args, kwargs = ComputeSerializer().unpack_and_deserialize(task["buffer"])
    if isinstance(kwargs.get("aero"), dict):
        # As an endpoint elsewhere finds its own: neither the address nor the token comes with the task.
        kwargs["aero"] |= task["place"]
    value = function(*args, **kwargs)
    try:
        _dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(_not_json(value, error)) from None
    data: Any = JSONData
    return str(ComputeSerializer(strategy_data=data()).serialize(value))
