"""A function tried once, here but in a process of its own, on the latest input; nothing is registered."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aero_jupyter.core.errors import RunFailed, Unreachable
from aero_jupyter.notebook.views import Card

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.compute.functions import PortableFunction

_SHOWN = 20_000
_DRIVER = """
import json, os, time, traceback

def described(value):
    if hasattr(value, "shape") and hasattr(value, "to_csv"):
        return f"a {type(value).__name__} of shape {tuple(value.shape)}", str(value.head())
    if hasattr(value, "name") and hasattr(value, "path"):
        there = f"{os.path.getsize(value.path):,} bytes" if os.path.exists(value.path) else "a file that does not exist"
        return f"output {value.name}: {there}", ""
    if isinstance(value, (list, tuple)):
        return "; ".join(described(each)[0] for each in value) or "an empty list", ""
    return ("nothing", "") if value is None else (f"a {type(value).__name__}", repr(value)[:2000])

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
    what, head = described(value)
    answer = {"what": what, "head": head, "seconds": seconds}
except BaseException as error:
    plain = type(error).__name__ == "AeroJobError"
    answer = {"error": str(error) if plain else f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
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
    """

    def __init__(self, name: str, answer: Mapping[str, Any], printed: str) -> None:
        self.output = str(answer["what"])
        self.printed = printed
        self.seconds = float(answer["seconds"])
        pre = "\n".join(part for part in (answer["head"], printed and f"It printed:\n{printed}") if part)
        heading = f"✓ {name} returned {self.output} in {self.seconds:.1f} s"
        super().__init__(heading, "Tried here on the latest input; nothing was registered.", pre=pre)


def dry_run(
    client: AeroClient,
    function: PortableFunction,
    *,
    inputs: Mapping[str, str],
    source: tuple[str, str] | None,
    kwargs: Mapping[str, Any],
    timeout: float,
) -> DryRun:
    """Run a function once in a process of its own.

    Parameters
    ----------
    inputs : mapping
        Parameter to the name or id of the Data whose newest version it gets.
    source : tuple, optional
        The parameter that gets the pulled file, and the url it is pulled from.
    timeout : float
        Seconds it may take.

    Raises
    ------
    RunFailed
        If the function raises, ends its process, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="aero-dry-run-") as name:
        folder = Path(name)
        given = {parameter: _fetched(client, who, folder / parameter) for parameter, who in inputs.items()}
        if source:
            given[source[0]] = _pulled(source[1], folder / source[0])
        (folder / "call.json").write_text(json.dumps({"entry": function.entry, "kwargs": {**kwargs, **given}}))
        (folder / "function.py").write_text(function.source, encoding="utf-8")
        (folder / "driver.py").write_text(_DRIVER, encoding="utf-8")
        return _called(function.name, folder, timeout)


def _called(name: str, folder: Path, timeout: float) -> DryRun:
    with (folder / "printed.txt").open("w+", encoding="utf-8", errors="replace") as file:
        command = [sys.executable, "driver.py"]
        try:
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise RunFailed(
                f"{name}() did not return within {timeout:g} s.", "Make it faster, or give --timeout."
            ) from None
    printed = _tail(folder / "printed.txt")
    answer_file = folder / "answer.json"
    if not answer_file.exists():
        raise RunFailed(
            f"{name}() ended its process (exit code {done.returncode}).",
            "Return a value instead; %aero_traceback shows what it printed.",
            details=printed,
        )
    answer = json.loads(answer_file.read_text())
    if "error" in answer:
        details = f"{answer['traceback']}\n{printed}"
        raise RunFailed(f"{name}() failed: {answer['error']}", "See where with %aero_traceback.", details=details)
    return DryRun(name, answer, printed)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _SHOWN))
        return file.read().decode(errors="replace")


def _fetched(client: AeroClient, name_or_id: str, stem: Path) -> str:
    with client.open_version(client.resolve_data(name_or_id).id) as reader:
        path = stem.with_suffix(PurePosixPath(reader.name).suffix)
        with path.open("wb") as file:
            shutil.copyfileobj(reader, file)
    return str(path)


def _pulled(url: str, stem: Path) -> str:
    import requests

    path = stem.with_suffix(PurePosixPath(urlsplit(url).path).suffix)
    where = url.partition("?")[0]
    try:
        with requests.get(url, stream=True, timeout=(10, 60)) as answer, path.open("wb") as file:
            if not answer.ok:
                raise RunFailed(
                    f"The source {where} answered {answer.status_code} ({answer.reason}).", "Correct --source."
                )
            for chunk in answer.iter_content(1 << 16):
                file.write(chunk)
    except requests.RequestException as error:
        raise Unreachable(0, f"The source {where} gave no answer.", "Check --source.", details=str(error)) from None
    return str(path)
