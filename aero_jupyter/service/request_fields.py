"""Types of fields in request bodies."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StrictInt, StringConstraints

Name = Annotated[str, StringConstraints(max_length=1_000)]
Url = Annotated[str, StringConstraints(max_length=8_192)]
Text = Annotated[str, StringConstraints(max_length=100_000)]
ID = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
]


def _whole(value: object) -> object:
    """Convert 2.0, a whole number in JSON, to an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[StrictInt, BeforeValidator(_whole)]
#: An integer that every JSON reader represents exactly; the annotations' order keeps the bounds in the schema.
Count = Annotated[StrictInt, Field(ge=0, le=2**53), BeforeValidator(_whole)]
#: An instant in UTC, as the store writes it.
INSTANT = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$"
