"""A function tried once, here but in a process of its own, on the latest input; nothing is registered."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from aero_jupyter import jobs
from aero_jupyter.core.errors import RunFailed
from aero_jupyter.notebook.errors import where_of
from aero_jupyter.notebook.views import Card
from aero_jupyter.notebook.words import size_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.compute.functions import PortableFunction
    from aero_jupyter.notebook.wishes import Wish

_SHOWN = 20_000
_DRIVER = """
import json, os, time, traceback

def described(value):
    if hasattr(value, "shape") and hasattr(value, "to_csv"):
        return f"a {type(value).__name__} of shape {tuple(value.shape)}", str(value.head())
    if hasattr(value, "name") and hasattr(value, "path"):
        return f"output {value.name}: {os.path.getsize(value.path):,} bytes", ""
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        return f"a file of {os.path.getsize(value):,} bytes", ""
    if isinstance(value, (list, tuple)):
        return "; ".join(described(each)[0] for each in value), ""
    return ("nothing", "") if value is None else (f"a {type(value).__name__}", repr(value)[:2000])

def place(error):
    at = error.__traceback__
    while at is not None and not at.tb_frame.f_code.co_filename.startswith("<cell "):
        at = at.tb_next
    return at or error.__traceback__

with open("call.json") as file:
    call = json.load(file)
with open("function.py", encoding="utf-8") as file:
    text = file.read()
names = {"__name__": "aero_dry_run"}
exec(compile(text, "function.py", "exec"), names)
begin = time.perf_counter()
try:
    value = names[call["entry"]](**call["kwargs"])
    seconds = time.perf_counter() - begin
    files = {}
    for name, kept in names["named_results"](value, call["outputs"]).items():
        path = names["file_of"](name, kept, os.getcwd())
        files[name] = [os.path.splitext(path)[1][1:] or "file", os.path.getsize(path)]
    what, head = described(value)
    answer = {"what": what, "head": head, "seconds": seconds, "files": files}
except BaseException as error:
    ours = type(error).__name__ == "AeroJobError"
    trace = "".join(traceback.format_exception(type(error), error, place(error)))
    said = str(error) if ours else call["name"] + f"() raised {type(error).__name__}: {error}"
    answer = {"error": said, "traceback": trace}
with open("answer.json", "w") as file:
    json.dump(answer, file)
"""


class DryRun(Card):
    """What a function did when it was tried.

    Attributes
    ----------
    output : str
        What it returned, in words.
    printed : str
        What it printed.
    seconds : float
        How long it took.
    files : list of str
        The files it made, each with its output and its size.
    """

    def __init__(self, name: str, answer: Mapping[str, Any], printed: str) -> None:
        self.output = str(answer["what"])
        self.printed = printed
        self.seconds = float(answer["seconds"])
        self.files = [f"{made}: {kind}, {size_of(size)}" for made, (kind, size) in answer.get("files", {}).items()]
        pre = "\n".join(part for part in (answer["head"], printed and f"It printed:\n{printed}") if part)
        heading = f"✓ {name} returned {self.output} in {self.seconds:.1f} s"
        super().__init__(heading, "Tried here on the latest input; nothing was registered.", pre=pre)


def dry_run(client: AeroClient, function: PortableFunction, wish: Wish, *, pulled: str, timeout: float) -> DryRun:
    """Run a function once in a process of its own, and hold what it returns against the outputs.

    Parameters
    ----------
    wish : Wish
        Its inputs are read in the version it names, else in their newest; its source is pulled.
    pulled : str
        The parameter that gets the pulled file.
    timeout : float
        Seconds it may take.

    Raises
    ------
    RunFailed
        If the source is not good, or the function raises, ends its process, takes too long or returns something else
        than its outputs.
    """
    with tempfile.TemporaryDirectory(prefix="aero-dry-run-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        given = {
            parameter: _fetched(client, who, wish.versions.get(parameter), folder / parameter)
            for parameter, who in wish.inputs.items()
        }
        if wish.source:
            given[pulled] = _pulled(*wish.source, folder)
        call = {
            "entry": function.entry,
            "name": function.name,
            "kwargs": {**wish.kwargs, **given},
            "outputs": wish.outputs,
        }
        (folder / "call.json").write_text(json.dumps(call))
        (folder / "function.py").write_text(function.source, encoding="utf-8")
        (folder / "driver.py").write_text(_DRIVER, encoding="utf-8")
        return _called(function.name, folder, timeout)


def _called(name: str, folder: Path, timeout: float) -> DryRun:
    code, printed = _finished(name, folder, timeout)
    answer_file = folder / "answer.json"
    if not answer_file.exists():
        raise RunFailed(
            f"{name}() ended its process ({_ending(code)}).",
            "Return a value instead; %aero_traceback shows what it printed.",
            details=printed,
        )
    answer = json.loads(answer_file.read_text())
    if "error" in answer:
        details = f"{answer['traceback']}\n{printed}"
        raise RunFailed(answer["error"], where_of(answer["traceback"]), details=details)
    return DryRun(name, answer, printed)


def _finished(name: str, folder: Path, timeout: float) -> tuple[int, str]:
    """Run the driver; give its exit code and the end of what it printed."""
    process = subprocess.Popen(
        [sys.executable, "driver.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    tail = bytearray()
    reading = threading.Thread(target=_keep_tail, args=(process, tail), daemon=True)
    reading.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise RunFailed(
            f"{name}() did not return within {timeout:g} s.", "Make it faster, or give --timeout."
        ) from None
    finally:
        # What it started goes with it, also where the notebook is interrupted.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reading.join(1.0)
    return code, tail.decode(errors="replace")


def _keep_tail(process: subprocess.Popen[bytes], tail: bytearray) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        while chunk := os.read(stream.fileno(), 1 << 16):
            tail += chunk
            del tail[:-_SHOWN]


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _fetched(client: AeroClient, name_or_id: str, version: int | None, stem: Path) -> str:
    with client.open_version(client.resolve_data(name_or_id).id, version) as reader:
        path = stem.with_suffix(PurePosixPath(reader.name).suffix)
        with path.open("wb") as file:
            shutil.copyfileobj(reader, file)
    return str(path)


def _pulled(name: str, url: str, folder: Path) -> str:
    """Pull as an ingestion does, so that what it would refuse is refused here."""
    aero = {"output_data": {name: {"url": url}}, "temp_dir": str(folder)}
    try:
        _, kwargs = jobs.download(aero=aero)
    except jobs.AeroJobError as error:
        raise RunFailed(str(error), "Correct --source, or ask who runs the source.") from None
    return str(kwargs["aero"]["output_data"][name]["file"])
