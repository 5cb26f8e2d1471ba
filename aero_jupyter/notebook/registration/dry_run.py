"""Dry run of a function: once, on this computer, in a process of its own, on the latest input."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import wait
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from aero_jupyter import jobs
from aero_jupyter.core.errors import NotFound, RunFailed, UnknownName
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.surface_text import SurfaceText
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.notebook.formatting import size_of
from aero_jupyter.notebook.registration.dry_run_driver import DRIVER
from aero_jupyter.notebook.widgets.background import submit
from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.notebook.widgets.error_text import failing_line

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.locations import VersionLocation
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.notebook.registration.request import RegistrationRequest

#: Bytes of a function's output that are shown, from its end.
_OUTPUT_BYTES = 20_000
#: Seconds for the last output after the process was killed.
LAST_OUTPUT_SECONDS = 1.0


class DryRun(Card):
    """Result of a dry run.

    Attributes
    ----------
    output : str
        A description of the result.
    printed : str
        The output of ``print``.
    seconds : float
        The duration of the call.
    files : list of str
        The output files, each with its name, its format and its size.
    """

    def __init__(self, name: str, answer: Mapping[str, Any], printed: str) -> None:
        self.output = str(answer["what"])
        self.printed = printed
        self.seconds = float(answer["seconds"])
        self.files = [f"{made}: {kind}, {size_of(size)}" for made, (kind, size) in answer.get("files", {}).items()]
        pre = "\n".join(part for part in (answer["head"], printed and f"It printed:\n{printed}") if part)
        heading = f"✓ {name} returned {self.output} in {self.seconds:.1f} s"
        super().__init__(heading, "Tried here on the latest input; nothing was registered.", pre=pre)


def dry_run(
    client: AeroClient,
    function: PortableFunction,
    request: RegistrationRequest,
    *,
    source_parameter: str,
    timeout: float,
) -> DryRun:
    """Run a function once in a process of its own, and compare its result with the outputs.

    Parameters
    ----------
    request : RegistrationRequest
        Names the inputs, their versions (the newest by default), the source and the outputs.
    source_parameter : str
        The parameter that receives the downloaded file.
    timeout : float
        Maximum duration in seconds.

    Raises
    ------
    RunFailed
        If the source is refused, or the function raises, ends its process, exceeds the timeout or does not return its
        outputs.
    """
    with tempfile.TemporaryDirectory(prefix="aero-dry-run-", ignore_cleanup_errors=True) as path:
        folder = Path(path)
        arguments: dict[str, Any] = {}
        files: dict[str, Any] = {}
        for parameter, dataset in request.inputs.items():
            content = client.place(client.resolve_data(dataset).id, request.versions.get(parameter))
            if parameter in request.options.not_fetched:
                arguments[f"{parameter}_url"] = content.url
                continue
            arguments |= _download_input(client, content, folder / parameter, function)
            files[parameter] = _file_record(client, content)
        if request.source:
            arguments[source_parameter], files[source_parameter] = _download_source(request, folder)
        kwargs = {**request.kwargs, **arguments}
        call = {"entry": function.entry, "name": function.name, "kwargs": kwargs}
        call["previous"] = _previous_names(client, function, request)
        call |= {"outputs": request.outputs, "optional": request.options.optional_outputs, "files": files}
        (folder / "call.json").write_text(json.dumps(call))
        (folder / "function.py").write_text(function.source, encoding="utf-8")
        (folder / "driver.py").write_text(DRIVER, encoding="utf-8")
        return _run_call(function.name, folder, timeout)


def _previous_names(
    client: AeroClient, function: PortableFunction, request: RegistrationRequest
) -> dict[str, list[str]]:
    """Return the columns of the newest version of each output, for checks that compare with them."""
    if not any(check["rule"] == "columns" and check["columns"] is None for check in function.checks):
        return {}
    found = {}
    for output in request.outputs:
        with contextlib.suppress(NotFound, UnknownName):
            frame = client.read(client.resolve_data(output).id)
            found[output] = [str(name) for name in [*filter(None, frame.index.names), *frame.columns]]
    return found


def _run_call(name: str, folder: Path, timeout: float) -> DryRun:
    code, printed = _run_driver(name, folder, timeout)
    answer_file = folder / "answer.json"
    if not answer_file.exists():
        raise RunFailed(
            f"{name}() ended its process ({_format_exit(code)}).",
            "Return a value instead; %aero_traceback shows what it printed.",
            details=printed,
        )
    try:
        answer = parse_json(answer_file.read_bytes())
    except ValueError as error:
        raise RunFailed(
            f"The result of {name}() cannot be read: {error}.", "Return a simpler value.", details=printed
        ) from None
    if "error" in answer:
        details = f"{answer['traceback']}\n{printed}"
        raise RunFailed(answer["error"], failing_line(answer["traceback"]), details=details)
    return DryRun(name, answer, printed)


def _run_driver(name: str, folder: Path, timeout: float) -> tuple[int, str]:
    """Run the driver; return its exit code and the end of its output."""
    process = subprocess.Popen(
        [sys.executable, "driver.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    tail = bytearray()
    reading = submit(lambda: _keep_tail(process, tail), "aero-dry-run")
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise RunFailed(
            f"{name}() did not return within {timeout:g} s.",
            SurfaceText("Make it faster, or set --timeout.", "Make it faster."),
        ) from None
    finally:
        # Its child processes end with it, also if the notebook is interrupted.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait([reading], LAST_OUTPUT_SECONDS)
    return code, tail.decode(errors="replace")


def _keep_tail(process: subprocess.Popen[bytes], tail: bytearray) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        while chunk := os.read(stream.fileno(), 1 << 16):
            tail += chunk
            del tail[:-_OUTPUT_BYTES]


def _format_exit(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _download_input(
    client: AeroClient, content: VersionLocation, stem: Path, function: PortableFunction
) -> dict[str, Any]:
    """Download an input; return its file and those facts about it that the function has parameters for."""
    with client.open_content(content) as reader:
        path = stem.with_suffix(PurePosixPath(reader.name).suffix)
        with path.open("wb") as file:
            shutil.copyfileobj(reader, file)
    if (types := client.types_of(content)) is not None:
        path.with_name(path.name + TYPES_SUFFIX).write_bytes(types)
    version, url = reader.version, reader.url
    facts = {"url": url, "signed_url": None, "version": version.version, "version_id": version.id}
    names = {each.name for each in function.parameters}
    more = {f"{stem.name}_{key}": value for key, value in facts.items() if f"{stem.name}_{key}" in names}
    return {stem.name: str(path), **more}


def _file_record(client: AeroClient, content: VersionLocation) -> dict[str, Any]:
    """Return the facts that a reader needs about a file, as an endpoint receives them."""
    file = content.version.file
    return {
        "name": content.data.name,
        "file_type": file.file_type if file else None,
        "encoding": file.encoding if file else None,
        "read_options": client.read_options(content.data),
    }


def _download_source(request: RegistrationRequest, folder: Path) -> tuple[str, dict[str, Any]]:
    """Download the source with the code of an ingestion, so that both refuse the same."""
    assert request.source is not None
    name, url = request.source
    entry = {"url": url, "check": request.check, "headers": dict(request.headers), "auth": request.auth}
    aero = {"output_data": {name: entry}, "temp_dir": str(folder)}
    try:
        _, kwargs = jobs.download(aero=aero)
    except jobs.AeroJobError as error:
        raise RunFailed(str(error), "Correct the URL, or ask the operator of the source.") from None
    entry = kwargs["aero"]["output_data"][name]
    return str(entry["file"]), entry
