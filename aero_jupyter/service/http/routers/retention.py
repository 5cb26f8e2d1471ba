"""Routes for retention policies, for versions that are held against them, and for the space of the stored content."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from aero_jupyter.core import wire
from aero_jupyter.service.catalogue import retention
from aero_jupyter.service.http.problem_responses import PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import service_of
from aero_jupyter.service.request_fields import Count, Name
from aero_jupyter.service.request_models import MANY, Sent

router = APIRouter(tags=["data"], responses=PROBLEM_RESPONSES)


class RetentionIn(Sent):
    """A retention policy to store with a dataset; None removes the stored one."""

    keep: Name | None


class HeldVersion(Sent):
    """A version by its dataset and number."""

    data_id: UUID
    version: Count


class HoldIn(Sent):
    """Versions that a lock file or a citation names."""

    versions: Annotated[list[HeldVersion], Field(max_length=MANY)]
    reason: Literal["lock", "citation"]


@router.put(wire.PUT_RETENTION.path)
def put_retention(request: Request, id: UUID, body: RetentionIn) -> dict[str, Any]:
    """Store the retention policy of a dataset."""
    service = service_of(request)
    stored = retention.store_policy(service.store, str(id), body.keep)
    service.upkeep.wake(has_new_policy=True)
    return {"keep": stored}


@router.post(wire.HOLD_VERSIONS.path)
def hold_versions(request: Request, body: HoldIn) -> dict[str, Any]:
    """Record versions that a lock file or a citation names, so that retention keeps them; others are left out."""
    versions = [retention.VersionNumber(str(each.data_id), each.version) for each in body.versions]
    return {"held": retention.hold_versions(service_of(request).store, versions, body.reason)}


@router.get(wire.SPACE.path)
def space(request: Request) -> dict[str, int]:
    """Return the bytes that are stored, and the bytes of all versions if each was stored as it is."""
    return retention.space(service_of(request).store)
