"""AERO's records as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any  # fields of a dataclass, whose type is that of the field

from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.redacted_repr import redacted_repr
from aero_jupyter.core.run_environment import RunEnvironment
from aero_jupyter.core.run_states import FINAL_STATES
from aero_jupyter.core.run_steps import Step
from aero_jupyter.core.source_records import OtherSource, SourceChange
from aero_jupyter.core.warned_files import is_warned

Json = Mapping[str, Any]


def _raw() -> Any:
    return field(default_factory=dict, repr=False, compare=False)


def _detail(default: object = None) -> Any:
    """Return a field that some servers send; it is neither shown nor compared."""
    return field(default=default, repr=False, compare=False)


@dataclass(frozen=True)
class Data:
    """A dataset: named and versioned. A dataset with a ``url`` is downloaded from that source.

    Attributes
    ----------
    id, name, url, description : str
    collection_uuid, collection_url : str or None
        The collection that stores the content of its versions.
    no_copy : bool
        Whether AERO stores only the URL and leaves the content at ``url``.
    created_at, updated_at : datetime or None
        When the dataset and its newest version were made, in UTC; known if the server sends them.
    newest_version, size : int or None
        The number of the newest version, and the bytes of its content; known if the server sends them.
    has_versions : bool or None
        Whether there is a version; None if the server does not send it.
    owner : str or None
        Known if the server sends it.
    source_changes : tuple of SourceChange
        The earlier sources, oldest first.
    promise : str or None
    late_since : datetime or None
        When the next version is expected, and since when it is late; known if the server sends it.
    drift_notes, tags : tuple of str
        What is odd in the newest version; words that describe the dataset.
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
    created_at: datetime | None = _detail()
    updated_at: datetime | None = _detail()
    newest_version: int | None = _detail()
    has_versions: bool | None = _detail()
    size: int | None = _detail()
    owner: str | None = _detail()
    source_changes: tuple[SourceChange, ...] = _detail(())
    promise: str | None = _detail()
    late_since: datetime | None = _detail()
    drift_notes: tuple[str, ...] = _detail(())
    tags: tuple[str, ...] = _detail(())
    raw: Json = _raw()

    __repr__ = redacted_repr


@dataclass(frozen=True)
class DataFile:
    """The file that holds the content of one version; ``size`` in bytes."""

    file_name: str
    file_type: str | None = None
    size: int | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Version:
    """One version of a dataset, counted from 1. Times are in UTC; ``source_time`` is the source's Last-Modified.

    A version with ``as_of`` stands for that earlier time. Retention removed the content at ``removed_at``, if it did.
    """

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
    source_time: datetime | None = _detail()
    as_of: datetime | None = _detail()
    removed_at: datetime | None = _detail()
    drift_notes: tuple[str, ...] = _detail(())
    raw: Json = _raw()

    @property
    def in_force_since(self) -> datetime | None:
        """The time for which the version stands; that at which it was stored for an ordinary version."""
        return self.as_of or self.created_at

    @property
    def has_warnings(self) -> bool:
        """True if checks of this version warned; known if the server sends the name of its file."""
        return self.file is not None and is_warned(self.file.file_name)

    __repr__ = redacted_repr


@dataclass(frozen=True)
class Flow:
    """A function that runs on an endpoint by its policy.

    Attributes
    ----------
    inputs, outputs : tuple of Data
        The datasets that the flow reads and makes. ``parameters`` maps each parameter to the id of its dataset,
        if the server sends that.
    arguments : tuple of mapping
        The keyword arguments of each task, without the inputs; one task, but for flows with a list of them.
    timer : int or None
        Seconds between runs, for the policies that have a timer.
    function_name : str or None
        Known if the server sends it, as the local AERO does.
    owner : str or None
        The e-mail address of the owner, if the server sends it.
    source_url : str or None
        The URL that an ingestion downloads; None if the flow has none or the server does not send it.
    source_changes : tuple of SourceChange
        The earlier sources, oldest first.
    other_sources : tuple of OtherSource
        The other flows that download its outputs.
    is_aligned, is_paused : bool
        Whether it waits for inputs from the same version, and whether its policy is paused.
    next_due : datetime or None
        When its schedule starts the next run, in UTC.
    endpoint_config : mapping
        The options of its endpoint's template, which the local AERO stores.
    entries : mapping
        ``input_data`` and ``output_data`` of its first task, by parameter and by name.
    are_arguments_left_out : bool
        Whether the server left out arguments that are too long for a list.
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
    arguments: tuple[Mapping[str, Any], ...] = ()
    arg_hash: str | None = None
    function_name: str | None = None
    owner: str | None = _detail()
    source_url: str | None = _detail()
    source_changes: tuple[SourceChange, ...] = _detail(())
    other_sources: tuple[OtherSource, ...] = _detail(())
    is_aligned: bool = _detail(False)
    is_paused: bool = _detail(False)
    next_due: datetime | None = _detail()
    endpoint_config: Json = _raw()
    entries: Json = _raw()
    are_arguments_left_out: bool = _detail(False)
    raw: Json = _raw()


@dataclass(frozen=True)
class Provenance:
    """The versions that a run used and made. ``used`` and ``made`` are None if the server does not list them."""

    id: str
    flow_id: str
    run_id: str | None = None
    created_at: datetime | None = None
    used: tuple[Version, ...] | None = None
    made: tuple[Version, ...] | None = None
    raw: Json = _raw()


@dataclass(frozen=True)
class Run:
    """One execution of a flow. Times are in UTC.

    Attributes
    ----------
    state : str
        One of `run_states.RUN_STATES`.
    trigger : str
        Why it ran: "registered", "timer", "input", "notify" or "asked".
    error : str or None
        One sentence that says why it failed.
    log, traceback : str or None
        What the function printed, and where it raised; only on a run asked for by its id.
    used, made : tuple of Version
        The versions it read and the versions it committed.
    flow_name, mixed, circle : str or None
        Its flow's name, the inputs of mixed versions, and the stopped circle of flows; known if the server sends them.
    environment : RunEnvironment or None
        The versions of Python and of packages with which its function ran; known if the server sends them.
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
    flow_name: str | None = _detail()
    mixed: str | None = _detail()
    circle: str | None = _detail()
    environment: RunEnvironment | None = _detail()
    raw: Json = _raw()

    @property
    def is_final(self) -> bool:
        """True if the run has ended."""
        return self.state in FINAL_STATES
