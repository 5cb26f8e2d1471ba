"""Response bodies for the published OpenAPI schema: the newest AERO server's shapes with additional fields.

The classes have the names of that server's schemas.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

#: Fields that a record always has, although the schema does not require them.
_MADE_ID, _MADE_AT = Field(default_factory=uuid4), Field(default_factory=datetime.now)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class Data(_Shape):
    """A dataset."""

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
    source_changes: list[dict[str, Any]] = []
    read_options: dict[str, Any] | None = None
    keep: str | None = None
    freshness: dict[str, str] | None = None
    drift: list[str] = []


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
    source_time: datetime | None = None
    as_of: datetime | None = None
    removed_at: datetime | None = None
    drift: list[str] = []
    data_file: DataFile | None = None
    no_copy: bool = False
    trigger_url: str | None = None


class VersionOut(_Shape):
    """A version with its dataset and its file."""

    id: UUID
    version: int | None = None
    checksum: str | None = None
    created_at: datetime | None = None
    data_id: UUID | None = None
    data: Data | None = None
    data_file: DataFile | None = None
    source_key: str | None = None
    source_time: datetime | None = None
    as_of: datetime | None = None
    removed_at: datetime | None = None
    drift: list[str] = []
    no_copy: bool = False
    trigger_url: str | None = None
    is_new: bool | None = None


class ValidationError(_Shape):
    """One error in a request, and its location."""

    loc: list[str | int]
    msg: str
    type: str


class HTTPValidationError(_Shape):
    """All errors in a request."""

    detail: list[ValidationError] = Field(default_factory=list)


class Problem(_Shape):
    """The reason a request was refused, and what to do about it."""

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
    created_at: datetime | None = None
    user_endpoint: UUID | None = None
    arg_hash: str | None = None
    derived_from: list[Data] = []
    contributed_to: list[Data] = []
    function_name: str | None = None
    next_due: datetime | None = None
    paused: bool = False
    last_state: str | None = None
    aligned: bool = False
    endpoint_config: dict[str, Any] = {}
    source_url: str | None = None
    source_changes: list[dict[str, Any]] = []
    other_sources: list[dict[str, Any]] = []
    kwargs_left_out: int | None = None


class EarlierFunctionOut(_Shape):
    """A function that another one replaced."""

    function_id: UUID
    registered_at: datetime
    replaced_at: datetime


class SummaryOut(_Shape):
    """The summary of a version's table: `state` is "ready", or "working" while it is computed."""

    state: str
    version: int
    checksum: str
    summary: dict[str, Any] | None = None


class RowsOut(_Shape):
    """Some rows of a version's table."""

    version: int
    rows: dict[str, Any]


class AttachedFlowOut(_Shape):
    """A flow that reads or writes a dataset."""

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
    """A URL of a source type."""

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
    mixed: str | None = None
