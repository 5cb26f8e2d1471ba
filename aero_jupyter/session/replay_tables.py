"""Tables that a replay received as packed files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any  # JSON values, and DataFrames

from aero_jupyter.compute.task_results import TaskResult
from aero_jupyter.jobs.replayed_call import PACKED_FILE, unpacked_bytes
from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader

#: Bytes of an unpacked table that are accepted from an endpoint.
MOST_TABLE_BYTES = 1 << 30


def with_table(result: TaskResult) -> TaskResult:
    """Return a result whose value is a DataFrame if the endpoint sent a packed file."""
    value = result.value
    if result.error is not None or not isinstance(value, Mapping) or PACKED_FILE not in value:
        return result
    try:
        return replace(result, value=_table_of(value))
    except TableError as error:
        return replace(result, value=None, error=str(error))
    except (KeyError, TypeError, ValueError) as error:
        return replace(result, value=None, error=f"The endpoint sent no readable table: {error}")


def _table_of(packed: Mapping[str, Any]) -> Any:
    name = str(packed[PACKED_FILE])
    content = unpacked_bytes(packed["content"], MOST_TABLE_BYTES)
    types = unpacked_bytes(packed["types"], MOST_TABLE_BYTES) if packed.get("types") else None
    reader = TableReader("the result", (name, None, None), None, packed.get("encoding"), {})
    return reader.read(io.BytesIO(content), types)
