"""The journal of a replay: which calls were submitted, and their results, so that a replay resumes after a kill."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.session.cache_files import cache_file


class ReplayJournal:
    """Tasks and results of a replay, by call.

    Parameters
    ----------
    path : Path
        A file of JSON lines; created with the first entry.

    Attributes
    ----------
    tasks : dict of str to str
        The ids of the tasks that were submitted and whose results are not stored yet.
    results : dict of str to mapping
        The result of each call that returned.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.tasks: dict[str, str] = {}
        self.results: dict[str, Mapping[str, Any]] = {}
        self._load()

    def _load(self) -> None:
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                entry = parse_json(line)
                call = str(entry["call"])
                if "result" in entry:
                    self.results[call] = dict(entry["result"])
                elif entry["task"] is None:
                    self.tasks.pop(call, None)
                else:
                    self.tasks[call] = str(entry["task"])
            except (ValueError, KeyError, TypeError):
                continue  # the line that was being written when the process was killed
        self.tasks = {call: task for call, task in self.tasks.items() if call not in self.results}

    def submitted(self, tasks: Mapping[str, str]) -> None:
        """Store the task of each submitted call."""
        self._append([{"call": call, "task": task} for call, task in tasks.items()])
        self.tasks.update(tasks)

    def returned(self, call: str, result: Mapping[str, Any]) -> None:
        """Store the result of a call."""
        self._append([{"call": call, "result": result}])
        self.results[call] = result
        self.tasks.pop(call, None)

    def failed(self, call: str) -> None:
        """Store that the task of a call failed, so that the call is repeated."""
        self._append([{"call": call, "task": None}])
        self.tasks.pop(call, None)

    def clear(self) -> None:
        """Remove all entries."""
        self._path.unlink(missing_ok=True)
        self.tasks, self.results = {}, {}

    def _append(self, entries: list[dict[str, Any]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
            # A line that a killed process did not finish must not swallow this one.
            file.write(b"\n" + text.encode())


def journal_of(server: str, endpoint: str, source: str) -> ReplayJournal:
    """Return the journal of a function on an endpoint.

    Parameters
    ----------
    server, endpoint : str
        Where the function runs.
    source : str
        Its registered text.
    """
    return ReplayJournal(cache_file("replays", [server, endpoint, source], ".jsonl"))


def call_key(kwargs: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], output: str | None) -> str:
    """Return what identifies a call of a function: its arguments and the versions of its inputs."""
    inputs = {
        name: [entry.get(each) for each in ("id", "version", "version_id", "checksum", "fetch", "read_options")]
        for name, entry in entries.items()
    }
    return hashlib.sha256(json.dumps([kwargs, inputs, output], sort_keys=True).encode()).hexdigest()
