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
_PROBLEM, _HTTP_VALIDATION_ERROR = (
    {"$ref": f"#/components/schemas/{model.__name__}"} for model in (Problem, HTTPValidationError)
)
_SCHEMAS = dict.fromkeys(_STATUSES, _PROBLEM) | {_INVALID: {"anyOf": [_HTTP_VALIDATION_ERROR, _PROBLEM]}}
#: The responses of every route to failed requests, by status.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"content": {"application/json": {"schema": schema}}} for status, schema in _SCHEMAS.items()
}
#: For one route: its models put the schemas that the responses of all routes refer to into the description.
PROBLEM_MODELS: dict[int | str, dict[str, Any]] = {_INVALID: {"model": HTTPValidationError | Problem}}
