"""The representation of AERO's records."""

from __future__ import annotations

from dataclasses import fields
from typing import Any  # any record

from aero_jupyter.core.redaction import redact_url


def redacted_repr(record: Any) -> str:
    """Return the record's representation; the secrets of its URLs are left out."""
    shown = ((each.name, getattr(record, each.name)) for each in fields(record) if each.repr)
    texts = (f"{name}={(redact_url(value) if isinstance(value, str) else value)!r}" for name, value in shown)
    return f"{type(record).__name__}({', '.join(texts)})"
