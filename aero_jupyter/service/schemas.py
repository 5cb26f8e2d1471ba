"""Request bodies as the newest AERO server describes them; what it does not know is additive and optional."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

NIL = UUID(int=0)
Flat = dict[str, dict[str, str | bool | int | float | list[str | None] | None]]


class SourceIn(BaseModel):
    """A source to add."""

    name: str
    url: str
    type: str | None = None
    no_copy: StrictBool = False
    collection_uuid: UUID | None = None
    collection_url: str | None = None
    description: str | None = None


class FlowIn(BaseModel):
    """A flow to register; ``replaces`` is the local AERO's own."""

    gc_endpoint: UUID
    pull_function_uuid: UUID | None
    commit_function_uuid: UUID | None
    function_uuid: UUID = NIL
    input_data: dict[str, dict[str, Any]] = Field(default_factory=dict)
    output_data: dict[str, dict[str, Any]] = Field(default_factory=dict)
    description: str | None = None
    tags: list[Any] = Field(default_factory=list)
    rule: StrictInt | None = None
    timer: StrictInt = 86_400
    email: str | None = None
    flow_kwargs: dict[str, Any] | list[dict[str, Any]] = Field(default_factory=dict)
    replaces: UUID | None = None


class ProvRecord(BaseModel):
    """What a run used and made; ``run_id`` and ``task`` make it safe to send twice."""

    model_config = ConfigDict(extra="allow")

    input_data: Flat
    output_data: Flat
    flow_id: UUID
    run_id: UUID | None = None
    task: StrictInt = 0


class NotifyIn(BaseModel):
    """Tell that an object behind a source changed."""

    url: str | None = None
    key: str | None = None
    etag: str | None = None
    size: StrictInt | None = None
    dedup: StrictBool = True


class NotifyByObjectIn(NotifyIn):
    """Tell that an object changed, by its name alone."""

    file_id: str


class SourceUrlIn(BaseModel):
    """A url for a source type to stand for."""

    url: str


class RunIn(BaseModel):
    """Ask for a run now."""

    flow_id: UUID


class FunctionIn(BaseModel):
    """A function as the Compute SDK registers it."""

    function_name: str
    function_code: str
    serialized: StrictBool = True
    description: str | None = None
    meta: dict[str, Any] | None = None


class SubmitIn(BaseModel):
    """Tasks as the Compute SDK submits them: function id to serialized arguments."""

    tasks: dict[str, list[str]]
    task_group_id: str | None = None
    result_serializers: list[str] | None = None


class BatchIn(BaseModel):
    """Tasks whose state is asked for."""

    task_ids: list[str]
