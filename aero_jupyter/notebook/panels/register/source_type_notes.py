"""Source types in the registration form: their names, and the objects that match their patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Json
from aero_jupyter.notebook.registration.ttl_cache import Lookups
from aero_jupyter.notebook.source_facts import objects_of, type_rows

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def type_names(session: Session, lookups: Lookups) -> tuple[str, ...]:
    """Return the names of the source types of the server; none if the server has no types."""
    return tuple(str(each["name"]) for each in _known_types(session, lookups))


def _known_types(session: Session, lookups: Lookups) -> list[Json]:
    try:
        return lookups.get("source types", "", session.client.source_types)
    except AeroError:
        return []


def type_note(session: Session, name: str | None, lookups: Lookups) -> str:
    """Return a sentence on the URLs of an existing source type and their objects; empty for a new type."""
    found = next((each for each in _known_types(session, lookups) if each["name"] == name), None)
    if found is None:
        return ""
    objects = lookups.get("objects", str(found["data_id"]), lambda: objects_of(session.client, str(found["data_id"])))
    urls = [
        f"{url} ({count} object{'s' * (count != 1)}{f', newest {newest}' if newest else ''})"
        for _, _, url, count, newest, _ in type_rows(found, objects)
    ]
    return f" Type {name} has {', '.join(urls)}; a new URL joins it."
