"""The nouns of AERO as frozen records. Change is a new record; constructors do nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aero_jupyter.core.policy import PolicyEnum

Json = Mapping[str, Any]

#: Every state of a run; the last four are final.
RUN_STATES = ("queued", "pulling", "running", "committing", "done", "unchanged", "failed", "cancelled")
FINAL_STATES = frozenset(RUN_STATES[4:])


def _raw() -> Any:
    return field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Data:
    """A named, versioned thing. A *source* is Data that is pulled from ``url``.

    Attributes
    ----------
    id, name, url, description : str
    collection_uuid, collection_url : str or None
        Where the bytes of its versions live.
    no_copy : bool
        Whether AERO only keeps the address and leaves the bytes at ``url``.
    raw : mapping
        The record as the server sent it.
    """

    id: str
    name: str
    url: str | None = None
    description: str | None = None
    collection_uuid: str | None = None
    collection_url: str | None = None
    no_copy: bool = False
    raw: Json = _raw()


@dataclass(frozen=True)
class DataFile:
    """The file that holds the bytes of one version; ``size`` in bytes."""

    file_name: str
    file_type: str | None = None
    size: int | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Version:
    """One version of a Data. Versions count from 1; ``created_at`` is in UTC."""

    id: str
    data_id: str
    version: int
    checksum: str | None = None
    created_at: datetime | None = None
    source_key: str | None = None
    file: DataFile | None = None
    data: Data | None = None
    trigger_url: str | None = None
    no_copy: bool = False
    raw: Json = _raw()


@dataclass(frozen=True)
class Flow:
    """A function that runs on an endpoint whenever its policy says so.

    Attributes
    ----------
    inputs, outputs : tuple of Data
        What it reads and what it makes. The server does not tell under which parameter an input travels;
        ``parameters`` maps parameter to data id where it does.
    timer : int or None
        Seconds between runs, for the policies that have a timer.
    function_name : str or None
        Known where the server tells (the local AERO does).
    """

    id: str
    function_id: str | None
    endpoint: str | None
    policy: PolicyEnum
    description: str | None = None
    timer: int | None = None
    timer_job_id: str | None = None
    last_executed: datetime | None = None
    inputs: tuple[Data, ...] = ()
    outputs: tuple[Data, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    arg_hash: str | None = None
    function_name: str | None = None
    raw: Json = _raw()


@dataclass(frozen=True)
class Provenance:
    """Which versions a run used and made. ``used`` and ``made`` are None where the server does not tell."""

    id: str
    flow_id: str
    run_id: str | None = None
    created_at: datetime | None = None
    used: tuple[Version, ...] | None = None
    made: tuple[Version, ...] | None = None
    raw: Json = _raw()


@dataclass(frozen=True)
class Step:
    """One step of a run: pull, run or commit. Times are in UTC."""

    name: str
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Run:
    """One execution of a flow. Times are in UTC.

    Attributes
    ----------
    state : str
        One of `RUN_STATES`.
    trigger : str
        Why it ran: "registered", "timer", "input", "notify" or "asked".
    error : str or None
        One sentence that says why it failed.
    log, traceback : str or None
        What the function printed, and where it raised; only on a run asked for by its id.
    used, made : tuple of Version
        The versions it read and the versions it committed.
    """

    id: str
    flow_id: str
    state: str
    trigger: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str | None = None
    traceback: str | None = None
    log: str | None = None
    steps: tuple[Step, ...] = ()
    used: tuple[Version, ...] = ()
    made: tuple[Version, ...] = ()
    raw: Json = _raw()

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL_STATES
