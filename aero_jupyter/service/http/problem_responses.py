"""The responses to failed requests in the OpenAPI description.

Every route has them. They refer to their schemas by name, because a model for each response of each route would take
longer to build than all other parts of the service.
"""

from __future__ import annotations

from typing import Any  # JSON values

from aero_jupyter.service.response_models import HTTPValidationError, Problem

#: The statuses of failed requests.
_STATUSES = (400, 401, 403, 404, 409, 411, 413, 416, 422, 431, 503, 507)
_INVALID = 422
#: For one route: its models put the schemas that the responses of all routes refer to into the description.
PROBLEM_MODELS: dict[int | str, dict[str, Any]] = {_INVALID: {"model": HTTPValidationError | Problem}}


def problem_responses() -> dict[int | str, dict[str, Any]]:
    """Return the responses to failed requests, by status."""
    problem, invalid = ({"$ref": f"#/components/schemas/{model.__name__}"} for model in (Problem, HTTPValidationError))
    schemas = dict.fromkeys(_STATUSES, problem) | {_INVALID: {"anyOf": [invalid, problem]}}
    return {status: {"content": {"application/json": {"schema": schema}}} for status, schema in schemas.items()}
