"""What the service answers with, for the OpenAPI it publishes; the newest AERO server's shapes and what is added to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

#: What a record always has, though nobody is required to give it.
_MADE_ID, _MADE_AT = Field(default_factory=uuid4), Field(default_factory=datetime.now)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class Data(_Shape):
    """A Data."""

    id: UUID = _MADE_ID
    name: str
    url: str | None = None
    collection_uuid: UUID | None = None
    collection_url: str | None = None
    description: str | None = None
    no_copy: bool = False
    tags: list[str] = []
    created_at: datetime | None = None
    newest_version: int | None = None
    updated_at: datetime | None = None
    size: int | None = None


class DataFile(_Shape):
    """The file of a version; ``size`` in bytes."""

    id: UUID = _MADE_ID
    file_name: str
    file_type: str | None = None
    encoding: str = "utf-8"
    size: float
    version_id: UUID


class DataVersion(_Shape):
    """A version in a list."""

    id: UUID = _MADE_ID
    created_at: datetime = _MADE_AT
    data_id: UUID | None = None
    version: int | None = None
    checksum: str | None = None
    source_key: str | None = None
    data_file: DataFile | None = None


class VersionOut(_Shape):
    """A version with its Data and its file."""

    id: UUID
    version: int | None = None
    checksum: str | None = None
    created_at: datetime | None = None
    data_id: UUID | None = None
    data: Data | None = None
    data_file: DataFile | None = None
    source_key: str | None = None
    no_copy: bool = False
    trigger_url: str | None = None


class ValidationError(_Shape):
    """One thing that is wrong with a request, and where."""

    loc: list[str | int]
    msg: str
    type: str


class HTTPValidationError(_Shape):
    """All that is wrong with a request."""

    detail: list[ValidationError] = Field(default_factory=list)


class Problem(_Shape):
    """Why a request is not done, and what to do about it."""

    detail: str | list[dict[str, Any]]
    reason: str | None = None
    cure: str | None = None


class FlowOut(_Shape):
    """A flow."""

    id: UUID
    function_id: UUID | None
    function_args: dict[str, Any] | list[Any] = Field(default_factory=dict)
    pull_function_id: UUID | None = None
    commit_function_id: UUID | None = None
    email: str | None = None
    description: str | None = None
    timer: int | None = None
    timer_job_id: UUID | None = None
    policy: int
    last_executed: datetime | None = None
    user_endpoint: UUID | None = None
    arg_hash: str | None = None
    derived_from: list[Data] = []
    contributed_to: list[Data] = []
    function_name: str | None = None
    next_due: datetime | None = None
    paused: bool = False
    last_state: str | None = None


class AttachedFlowOut(_Shape):
    """A flow that reads or makes a Data."""

    flow_id: UUID
    role: str
    policy: int | None = None
    description: str | None = None
    timer_job_id: UUID | None = None
    last_executed: datetime | None = None


class DeletedFlowOut(AttachedFlowOut):
    """A flow that was deleted."""

    provenance_deleted: int = 0
    timer: str | None = None


class SourceUrlOut(_Shape):
    """A url that a source type stands for."""

    url: str
    object_key: str


class SourceTypeOut(_Shape):
    """A source type."""

    name: str
    data_id: UUID
    no_copy: bool = False
    urls: list[SourceUrlOut] = []


class Provenance(_Shape):
    """A provenance record with its relations."""

    id: UUID = _MADE_ID
    flow_id: UUID
    run_id: UUID | None = None
    created_at: datetime | None = None
    derived_from: list[VersionOut] = []
    contributed_to: list[VersionOut] = []
