"""A task for a worker, its limits, and the environment that it sees."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from aero_jupyter.service.workers.task import bounded

#: Variables of the service's environment that a function sees; ``AERO_WORKER_ENV`` adds names, separated by commas.
PASSED_VARIABLES = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "PYTHON*", "VIRTUAL_ENV",
    "CONDA_*", "LD_LIBRARY_PATH", "DYLD_*", "OMP_*", "OPENBLAS_*", "MKL_*", "NUMEXPR_*", "NUMBA_*", "CUDA_*", "R_HOME",
    "R_LIBS*", "JAVA_HOME", "PROJ_*", "GDAL_*", "MPLBACKEND", "MPLCONFIGDIR", "XDG_*", "SSL_CERT_*", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy", "AERO_DIR", "AERO_READ_*", "AERO_ANSWER_*",
)  # fmt: skip


_NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy")


class TaskFailed(Exception):
    """A task ended without a result; `traceback` is the task's own, empty if its process died."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(bounded(message))
        self.traceback = bounded(traceback)


@dataclass(frozen=True)
class TaskLimits:
    """Limits of one task: wall-clock seconds, bytes of memory, printed output and result, files and processes."""

    seconds: float = 3600
    memory: int = 8 << 30
    output: int = 64 << 20
    result: int = 10 << 20
    files: int = 1024
    processes: int = 512


@dataclass(frozen=True)
class Task:
    """A task: source code and JSON arguments, or a `buffer` that the Compute SDK serialized.

    `runtime` is the source code of this package that precedes `code`; a worker executes it once. `function` is a function that the Compute SDK serialized; `name` is then the function of `code` that wraps it. With
    an `entry`, the buffer holds the arguments of that function of `code`.
    """

    key: str
    name: str
    log: Path
    cwd: Path
    code: str = ""
    digest: str = ""
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    buffer: str | None = None
    entry: str = ""
    place: Mapping[str, str] = field(default_factory=dict)
    function: str | None = None
    runtime: str = ""

    def line(self, mark: str, warm: Sequence[str], *, has_runtime: bool) -> bytes:
        """Serialize the task for the worker as one line of JSON.

        Parameters
        ----------
        mark : str
            What the answer begins with.
        warm : sequence of str
            Packages that the worker imports before it forks.
        has_runtime : bool
            Whether the worker has received the runtime before.
        """
        common: dict[str, Any] = {"mark": mark, "warm": list(warm), "log": str(self.log), "cwd": str(self.cwd)}
        if self.runtime:
            common |= {"follows_runtime": True} | ({} if has_runtime else {"runtime": self.runtime})
        if self.buffer is not None:
            work: dict[str, Any] = {"buffer": self.buffer, "place": dict(self.place)}
            work |= {"code": self.code, "digest": self.digest, "name": self.entry} if self.entry else {}
        else:
            work = {
                "code": self.code,
                "digest": self.digest,
                "name": self.name,
                "args": list(self.args),
                "kwargs": dict(self.kwargs),
                **({} if self.function is None else {"function": self.function}),
            }
        return json.dumps({**common, **work}).encode() + b"\n"


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that user code may see; ``AERO_WORKER_ENV`` adds variables or patterns."""
    more = [name.strip() for name in environ.get("AERO_WORKER_ENV", "").split(",")]
    names = [*PASSED_VARIABLES, *(name for name in more if name)]
    passed = {key: value for key, value in environ.items() if any(fnmatchcase(key, name) for name in names)}
    # Requests to this machine, such as to the collection of the local AERO, must not go through a proxy.
    direct = ",".join(
        [*dict.fromkeys(passed[key] for key in _NO_PROXY_VARIABLES if passed.get(key)), "127.0.0.1", "localhost", "::1"]
    )
    passed |= dict.fromkeys(_NO_PROXY_VARIABLES, direct)
    # macOS kills a forked worker if its own libraries are in use, unless this variable is set.
    return passed | ({"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if sys.platform == "darwin" else {})
