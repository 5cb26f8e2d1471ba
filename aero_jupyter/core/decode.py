"""Records off the wire become nouns here, and only here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from aero_jupyter.core.models import Data, DataFile, Flow, Provenance, Run, Step, Version
from aero_jupyter.core.policy import PolicyEnum

Record = Mapping[str, Any]


def time_from(text: object) -> datetime | None:
    """Read RFC 3339, ISO without offset (servers from before the UTC change), or ctime. Always gives UTC."""
    if not isinstance(text, str) or not text:
        return None
    try:
        when = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        try:
            when = datetime.strptime(text, "%a %b %d %H:%M:%S %Y")
        except ValueError:
            return None
    return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)


def data(record: Record) -> Data:
    """Read a Data."""
    return Data(
        id=str(record["id"]),
        name=str(record.get("name", "")),
        url=record.get("url"),
        description=record.get("description"),
        collection_uuid=record.get("collection_uuid"),
        collection_url=record.get("collection_url"),
        no_copy=bool(record.get("no_copy", False)),
        raw=record,
    )


def version(record: Record) -> Version:
    """Read a version, from a list of versions, from ``latest``, or from provenance."""
    record = record.get("data_version", record)
    owner = record.get("data")
    file = record.get("data_file")
    return Version(
        id=str(record.get("id", "")),
        data_id=str(record.get("data_id") or (owner or {}).get("id") or ""),
        version=int(record.get("version") or 0),
        checksum=record.get("checksum"),
        created_at=time_from(record.get("created_at")),
        source_key=record.get("source_key"),
        file=_file(file) if isinstance(file, Mapping) else None,
        data=data(owner) if isinstance(owner, Mapping) and "id" in owner else None,
        trigger_url=record.get("trigger_url"),
        no_copy=bool(record.get("no_copy", False)),
        raw=record,
    )


def _file(record: Record) -> DataFile:
    size = record.get("size", record.get("file_size"))
    return DataFile(
        str(record["file_name"]),
        record.get("file_type"),
        None if size is None else int(size),
        record.get("encoding"),
    )


def flow(record: Record) -> Flow:
    """Read a flow."""
    return Flow(
        id=str(record["id"]),
        function_id=record.get("function_id"),
        endpoint=record.get("user_endpoint", record.get("endpoint")),
        policy=PolicyEnum(record["policy"]) if record.get("policy") in set(PolicyEnum) else PolicyEnum.NONE,
        description=record.get("description"),
        timer=record.get("timer"),
        timer_job_id=record.get("timer_job_id"),
        last_executed=time_from(record.get("last_executed")),
        inputs=tuple(map(data, record.get("derived_from") or ())),
        outputs=tuple(map(data, record.get("contributed_to") or ())),
        parameters=_parameters(record.get("function_args")),
        arg_hash=record.get("arg_hash"),
        function_name=record.get("function_name"),
        raw=record,
    )


def _parameters(args: object) -> dict[str, str]:
    if isinstance(args, str):
        args = json.loads(args)
    first = args[0] if isinstance(args, list) and args else args
    if not isinstance(first, Mapping):
        return {}
    inputs = first.get("kwargs", {}).get("aero", {}).get("input_data", {})
    return {name: str(entry.get("id")) for name, entry in inputs.items() if isinstance(entry, Mapping)}


def provenance(record: Record) -> Provenance:
    """Read a provenance record; its relations stay None where the server does not tell them."""
    return Provenance(
        id=str(record["id"]),
        flow_id=str(record["flow_id"]),
        run_id=record.get("run_id"),
        created_at=time_from(record.get("created_at")),
        used=_versions(record, "derived_from"),
        made=_versions(record, "contributed_to"),
        raw=record,
    )


def _versions(record: Record, key: str) -> tuple[Version, ...] | None:
    return tuple(map(version, record[key])) if isinstance(record.get(key), list) else None


def run(record: Record) -> Run:
    """Read a run."""
    return Run(
        id=str(record["id"]),
        flow_id=str(record["flow_id"]),
        state=str(record["state"]),
        trigger=str(record.get("trigger") or ""),
        created_at=time_from(record.get("created_at")),
        started_at=time_from(record.get("started_at")),
        ended_at=time_from(record.get("ended_at")),
        error=record.get("error"),
        traceback=record.get("traceback"),
        log=record.get("log"),
        steps=tuple(map(_step, record.get("steps") or ())),
        used=_versions(record, "derived_from") or (),
        made=_versions(record, "contributed_to") or (),
        raw=record,
    )


def _step(record: Record) -> Step:
    return Step(
        str(record["name"]),
        str(record["state"]),
        time_from(record.get("started_at")),
        time_from(record.get("ended_at")),
    )


_GLOBUS_STATES = {"SUCCEEDED": "done", "FAILED": "failed", "ENDED": "cancelled", "INACTIVE": "queued"}


def globus_run(record: Record) -> Run:
    """Read a run of Globus Flows; its label says what was run."""
    state = _GLOBUS_STATES.get(str(record["status"]), "running")
    details = record.get("details")
    said = details.get("description") if isinstance(details, Mapping) else None
    return Run(
        id=str(record.get("run_id") or record["action_id"]),
        flow_id=str(record["flow_id"]),
        state=state,
        trigger=str(record.get("label") or ""),
        created_at=time_from(record.get("start_time")),
        started_at=time_from(record.get("start_time")),
        ended_at=time_from(record.get("completion_time")),
        error=str(said) if said and state == "failed" else None,
        raw=record,
    )
