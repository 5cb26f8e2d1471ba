"""Facts about sources for tables and panels: their types, the objects that were seen, and the address to notify."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import wire
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.globs import is_pattern, matches_glob
from aero_jupyter.core.models import Data, Flow, Json
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.service.local_home import state_file

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session


def objects_of(client: AeroClient, data_id: str) -> list[str]:
    """Return the keys of the objects from which versions of a dataset were made, the newest last, each once.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    return newest_last([version.source_key for version in client.versions(data_id)])


def newest_last(keys: Sequence[str | None]) -> list[str]:
    """Return keys without repetitions, in the order of their last occurrence."""
    return list(reversed(dict.fromkeys(key for key in reversed(keys) if key)))


def type_rows(source_type: Json, objects: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return a row for each URL of a source type: name, what is stored, URL, objects seen, the newest one, dataset.

    Parameters
    ----------
    source_type : mapping
        The record of the type.
    objects : sequence of str
        The keys of the objects of its dataset, the newest last.
    """
    stores = "no copies" if source_type.get("no_copy") else "copies"
    rows = []
    for each in source_type.get("urls") or ({"url": "no URL: no notification reaches this type"},):
        pattern = str(each.get("object_key") or "")
        matching = [key for key in objects if key == pattern or (is_pattern(pattern) and matches_glob(pattern, key))]
        newest = redact_url(matching[-1]) if matching else None
        url, data_id = redact_url(str(each["url"])), source_type["data_id"]
        rows.append((source_type["name"], stores, url, len(matching), newest, data_id))
    return rows


def notified_dataset(flow: Flow) -> Data | None:
    """Return the dataset whose source starts a flow by a notification; None if no notification does."""
    if flow.policy is PolicyEnum.INGESTION_EVENT:
        return next(iter(flow.outputs), None)
    return next((data for data in flow.inputs if data.no_copy), None)


def source_lines_of(session: Session, data: Data) -> list[str]:
    """Return lines on the source of a dataset: its type with its patterns and objects, and how to notify.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    client, types = session.client, list[Json]()
    if data.url:
        # A server without types has none.
        with contextlib.suppress(AeroError):
            types = [each for each in client.source_types() if each["data_id"] == data.id]
    if not types and not data.no_copy:
        return []
    lines = ["no copies: a version records that an object changed"] if data.no_copy else []
    objects = objects_of(client, data.id)
    for _, _, url, count, newest, _ in (row for each in types for row in type_rows(each, objects)):
        seen = f"{count} object{'s' * (count != 1)}{f', newest {newest}' if newest else ''}"
        lines.append(f"type {types[0]['name']}: {url} ({seen})")
    return [*lines, f"notify: {notify_command(session, data.id)}"]


def notify_address(client: AeroClient, data_id: str) -> str:
    """Return the URL to which a source sends its notifications about a dataset."""
    return f"{client.base_url.rstrip('/')}{wire.NOTIFY.path.format(id=data_id)}"


def notify_command(session: Session, data_id: str, key: str = "OBJECT") -> str:
    """Return the curl line that sends a notification of a source; it contains no secret.

    Parameters
    ----------
    session : Session
    data_id : str
        Id of the dataset.
    key : str
        The object that changed.
    """
    header = "X-Aero-Token: $WEBHOOK_SECRET"
    if session.is_local:
        script = f"import json; print(json.load(open({str(state_file(session.home))!r}))['token'])"
        header = f"Authorization: Bearer $(python3 -c {shlex.quote(script)})"
    body, url = shlex.quote(json.dumps({"key": key})), shlex.quote(notify_address(session.client, data_id))
    return f'curl -X POST {url} -H "Content-Type: application/json" -H "{header}" -d {body}'
