"""Request bodies as the newest AERO server describes them; fields unknown to that server are optional additions.

The published schema is as wide as that server's. Validation accepts only values that can be stored and returned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    TypeAdapter,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from aero_jupyter.service.request_fields import ID, INSTANT, Count, Name, Text, Url, Whole

#: Maximum nesting levels of a request, and maximum number of ids in one request.
NESTED, MANY = 64, 10_000

_Value: TypeAlias = str | bool | int | float | list[str | None] | None
_FLAT = WithJsonSchema(TypeAdapter(dict[str, dict[str, _Value]]).json_schema())
_OPEN = WithJsonSchema({"type": "object", "additionalProperties": True})
_ANY = WithJsonSchema({"type": "array", "items": {}})


def _inside(value: object) -> Iterable[object]:
    """Return the values one level inside a value; raise if the value cannot be written as JSON."""
    if isinstance(value, dict):
        return (*value, *value.values())
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("text", "A text contains half a character, which cannot be stored") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("number", "Infinity and NaN are not valid in JSON")
    return value if isinstance(value, list) else ()


class Sent(BaseModel):
    """A request body that is validated as a whole before any of it is stored."""

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, sent: object) -> object:
        level: list[object] = [sent]
        for _ in range(NESTED):
            level = [inner for value in level for inner in _inside(value)]
            if not level:
                return sent
        raise PydanticCustomError("nested", "It is nested more than {levels} levels deep", {"levels": NESTED})


class _Entry(BaseModel):
    """One input or output: known fields are validated, and all fields are stored as sent."""

    model_config = ConfigDict(extra="allow", strict=True)

    @model_serializer(mode="wrap")
    def _as_sent(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in write(self).items() if key in self.model_fields_set}


class InputEntry(_Entry):
    """An input of a flow."""

    id: Name = ""
    version: Annotated[Whole, Field(ge=1)] | None = None
    fetch: bool = True


class OutputEntry(_Entry):
    """An output of a flow."""

    id: Name | None = None
    url: Url | None = None
    type: Name | None = None
    collection_uuid: ID | None = None
    collection_url: Url | None = None
    description: Text | None = None
    check: Literal["none"] | None = None
    headers: dict[Name, Name] | None = None
    auth: Name | None = None
    optional: bool = False


class UsedEntry(_Entry):
    """A version that a run used."""

    __pydantic_extra__: dict[str, _Value]

    id: Name = ""
    version: Annotated[Whole, Field(ge=1)] = 1


class MadeEntry(_Entry):
    """A version that a run created."""

    __pydantic_extra__: dict[str, _Value]

    id: Name = ""
    file_bn: Name = ""
    file_format: Name | list[Name | None] | None = None
    checksum: Name = ""
    size: Annotated[float, Field(ge=0, le=2**53)] | None = None
    encoding: Name | None = None
    source_key: Url | None = None
    etag: Url | None = None
    last_modified: Name | None = None
    source_time: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")] | None = None
    dedup: bool = True


class SourceIn(Sent):
    """A source to add."""

    name: Name
    url: Url
    type: Name | None = None
    no_copy: StrictBool = False
    collection_uuid: UUID | None = None
    collection_url: Url | None = None
    description: Text | None = None


class FlowIn(Sent):
    """A flow to register; only the local AERO has ``replaces``, ``aligned`` and ``endpoint_config``."""

    gc_endpoint: UUID
    pull_function_uuid: UUID | None
    commit_function_uuid: UUID | None
    function_uuid: UUID = UUID(int=0)
    input_data: Annotated[dict[Name, InputEntry], _OPEN] = {}
    output_data: Annotated[dict[Name, OutputEntry], _OPEN] = {}
    description: Text | None = None
    tags: Annotated[list[Name], Field(max_length=100), _ANY] = []
    rule: Whole | None = None
    timer: Whole = 86_400
    email: Name | None = None
    flow_kwargs: dict[str, Any] | Annotated[list[dict[str, Any]], Field(max_length=MANY), _ANY] = {}
    replaces: UUID | None = None
    aligned: StrictBool = False
    endpoint_config: dict[str, Any] = {}


class ProvRecord(Sent):
    """The versions that a run used and created; ``run_id`` and ``task`` make it safe to send twice.

    With ``as_of``, the versions stand for what was known at that time, and start no runs; only the local AERO has it.
    """

    model_config = ConfigDict(extra="allow")

    input_data: Annotated[dict[Name, UsedEntry], _FLAT]
    output_data: Annotated[dict[Name, MadeEntry], _FLAT]
    flow_id: UUID
    run_id: UUID | None = None
    task: Count = 0
    source_url: Url | None = None
    as_of: Annotated[str, Field(pattern=INSTANT)] | None = None


class NotifyIn(Sent):
    """A notification that an object behind a source changed."""

    url: Url | None = None
    key: Url | None = None
    etag: Url | None = None
    size: Count | None = None
    dedup: StrictBool = True


class NotifyByObjectIn(NotifyIn):
    """A notification that an object changed, identified by its name alone."""

    file_id: Url


class SourceUrlIn(Sent):
    """A URL to add to a source type."""

    url: Url


class ReadOptionsIn(Sent):
    """Options of a table reader to store with a dataset; empty options remove the stored ones."""

    read_options: dict[Name, Any]


class FreshnessIn(Sent):
    """A freshness promise to store with a dataset; None removes the stored one."""

    promise: Name | None
    since: datetime | None = None


class RunIn(Sent):
    """A request to run a flow now."""

    flow_id: UUID


class FunctionIn(Sent):
    """A function as the Compute SDK registers it."""

    function_name: Name
    function_code: str
    serialized: StrictBool = True
    description: Text | None = None
    meta: dict[str, Any] | None = None


class SubmitIn(Sent):
    """Tasks as the Compute SDK submits them: function id to serialized arguments."""

    tasks: Annotated[dict[Name, Annotated[list[str], Field(max_length=MANY)]], Field(max_length=MANY)]
    task_group_id: Name | None = None
    result_serializers: Annotated[list[Name], Field(max_length=100)] | None = None


class BatchIn(Sent):
    """The tasks whose state is requested."""

    task_ids: Annotated[list[Name], Field(max_length=MANY)]
