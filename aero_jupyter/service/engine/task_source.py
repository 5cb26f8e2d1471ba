"""The source code of a task, apart from the runtime of this package in front of it."""

from __future__ import annotations

import hashlib
import uuid
from typing import TypedDict

from aero_jupyter import jobs


class TaskSource(TypedDict):
    """The part of a task that is its source code."""

    runtime: str
    code: str
    digest: str


def id_of_function(name: str, code: str, *, is_serialized: bool) -> str:
    """Return the id of a function; the same source code has the same id, whichever kernel sends it."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name}\n{is_serialized}\n{code}"))


def without_runtime(text: str) -> TaskSource:
    """Split a source text into this version's runtime and the code that follows; a worker compiles each once.

    The source of a function that an older version registered begins with another runtime, and is not split.
    """
    runtime = jobs.runtime_source()
    if not text.startswith(runtime):
        return {"runtime": "", "code": text, "digest": hashlib.sha256(text.encode()).hexdigest()}
    code = text.removeprefix(runtime)
    return {"runtime": runtime, "code": code, "digest": hashlib.sha256(f"runtime {code}".encode()).hexdigest()}
