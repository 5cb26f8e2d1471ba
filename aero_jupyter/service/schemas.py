"""Request bodies as the newest AERO server describes them; what it does not know is additive and optional.

What is published is as wide as that server's; what is taken is only what can be kept, and told again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

NIL = UUID(int=0)
#: Levels that what is sent may be nested, and ids that may be asked for at once.
NESTED, MANY = 64, 10_000

Name = Annotated[str, StringConstraints(max_length=1_000)]
Url = Annotated[str, StringConstraints(max_length=8_192)]
Text = Annotated[str, StringConstraints(max_length=100_000)]
_ID = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
]


def _counted(value: object) -> object:
    """Take 2.0 for the whole number that it is in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[StrictInt, BeforeValidator(_counted)]
#: One that every reader of JSON can tell exactly; in this order, so that its bounds are published.
Count = Annotated[StrictInt, Field(ge=0, le=2**53), BeforeValidator(_counted)]
_Value: TypeAlias = str | bool | int | float | list[str | None] | None
_FLAT = WithJsonSchema(TypeAdapter(dict[str, dict[str, _Value]]).json_schema())
_OPEN = WithJsonSchema({"type": "object", "additionalProperties": True})
_ANY = WithJsonSchema({"type": "array", "items": {}})


def _inside(value: object) -> Iterable[object]:
    """Give what a value holds one level down; refuse one that cannot be written again."""
    if isinstance(value, dict):
        return (*value, *value.values())
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("text", "A text holds half a character, which cannot be kept") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("number", "Infinity and NaN are no numbers in JSON")
    return value if isinstance(value, list) else ()


class _Sent(BaseModel):
    """What is looked through as a whole before any of it is kept."""

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
    """One input or output: what is known of it is checked, and all of it is kept as it was sent."""

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
    collection_uuid: _ID | None = None
    collection_url: Url | None = None
    description: Text | None = None


class UsedEntry(_Entry):
    """A version that a run used."""

    __pydantic_extra__: dict[str, _Value]

    id: Name = ""
    version: Annotated[Whole, Field(ge=1)] = 1


class MadeEntry(_Entry):
    """A version that a run made."""

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
    dedup: bool = True


class SourceIn(_Sent):
    """A source to add."""

    name: Name
    url: Url
    type: Name | None = None
    no_copy: StrictBool = False
    collection_uuid: UUID | None = None
    collection_url: Url | None = None
    description: Text | None = None


class FlowIn(_Sent):
    """A flow to register; ``replaces`` is the local AERO's own."""

    gc_endpoint: UUID
    pull_function_uuid: UUID | None
    commit_function_uuid: UUID | None
    function_uuid: UUID = NIL
    input_data: Annotated[dict[Name, InputEntry], _OPEN] = {}
    output_data: Annotated[dict[Name, OutputEntry], _OPEN] = {}
    description: Text | None = None
    tags: Annotated[list[Name], Field(max_length=100), _ANY] = []
    rule: Whole | None = None
    timer: Whole = 86_400
    email: Name | None = None
    flow_kwargs: dict[str, Any] | Annotated[list[dict[str, Any]], Field(max_length=MANY), _ANY] = {}
    replaces: UUID | None = None


class ProvRecord(_Sent):
    """What a run used and made; ``run_id`` and ``task`` make it safe to send twice."""

    model_config = ConfigDict(extra="allow")

    input_data: Annotated[dict[Name, UsedEntry], _FLAT]
    output_data: Annotated[dict[Name, MadeEntry], _FLAT]
    flow_id: UUID
    run_id: UUID | None = None
    task: Count = 0


class NotifyIn(_Sent):
    """Tell that an object behind a source changed."""

    url: Url | None = None
    key: Url | None = None
    etag: Url | None = None
    size: Count | None = None
    dedup: StrictBool = True


class NotifyByObjectIn(NotifyIn):
    """Tell that an object changed, by its name alone."""

    file_id: Url


class SourceUrlIn(_Sent):
    """A url for a source type to stand for."""

    url: Url


class RunIn(_Sent):
    """Ask for a run now."""

    flow_id: UUID


class FunctionIn(_Sent):
    """A function as the Compute SDK registers it."""

    function_name: Name
    function_code: str
    serialized: StrictBool = True
    description: Text | None = None
    meta: dict[str, Any] | None = None


class SubmitIn(_Sent):
    """Tasks as the Compute SDK submits them: function id to serialized arguments."""

    tasks: Annotated[dict[Name, Annotated[list[str], Field(max_length=MANY)]], Field(max_length=MANY)]
    task_group_id: Name | None = None
    result_serializers: Annotated[list[Name], Field(max_length=100)] | None = None


class BatchIn(_Sent):
    """Tasks whose state is asked for."""

    task_ids: Annotated[list[Name], Field(max_length=MANY)]
