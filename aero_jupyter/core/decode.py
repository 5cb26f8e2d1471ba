"""Records off the wire become nouns here, and only here. A value that makes no sense is left out, not its record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from aero_jupyter.core.models import Data, DataFile, Flow, Provenance, Run, Step, Version
from aero_jupyter.core.policy import PolicyEnum

Record = Mapping[str, Any]

#: JSON can spell halves of characters; nothing can be written that holds one.
_HALVES = re.compile("[\ud800-\udfff]")
#: The largest whole number that a table holds.
_MOST = 2**63 - 1


def text_from(value: object) -> str | None:
    """Read a text that can be written anywhere; what is none is told as JSON."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def whole_from(value: object) -> int | None:
    """Read a whole number, whether it comes as one, with a point, or as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= _MOST else None


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
    try:
        return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)
    except OverflowError:
        return None


def _record(value: object) -> Record:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> Iterator[Record]:
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, Mapping))


def _several(value: object) -> tuple[Data, ...]:
    return tuple(data(each) for each in _maps(value) if "id" in each)


def data(record: Record) -> Data:
    """Read a Data."""
    return Data(
        id=text_from(record["id"]) or "",
        name=text_from(record.get("name")) or "",
        url=text_from(record.get("url")),
        description=text_from(record.get("description")),
        collection_uuid=text_from(record.get("collection_uuid")),
        collection_url=text_from(record.get("collection_url")),
        no_copy=bool(record.get("no_copy", False)),
        raw=record,
    )


def version(record: Record) -> Version:
    """Read a version, from a list of versions, from ``latest``, or from provenance."""
    record = _record(record.get("data_version")) or record
    owner, file = _record(record.get("data")), _record(record.get("data_file"))
    return Version(
        id=text_from(record.get("id")) or "",
        data_id=text_from(record.get("data_id") or owner.get("id")) or "",
        version=whole_from(record.get("version")) or 0,
        checksum=text_from(record.get("checksum")),
        created_at=time_from(record.get("created_at")),
        source_key=text_from(record.get("source_key")),
        file=_file(file) if "file_name" in file else None,
        data=data(owner) if "id" in owner else None,
        trigger_url=text_from(record.get("trigger_url")),
        no_copy=bool(record.get("no_copy", False)),
        raw=record,
    )


def _file(record: Record) -> DataFile:
    return DataFile(
        text_from(record["file_name"]) or "",
        text_from(record.get("file_type")),
        whole_from(record.get("size", record.get("file_size"))),
        text_from(record.get("encoding")),
    )


def flow(record: Record) -> Flow:
    """Read a flow."""
    return Flow(
        id=text_from(record["id"]) or "",
        function_id=text_from(record.get("function_id")),
        endpoint=text_from(record.get("user_endpoint", record.get("endpoint"))),
        policy=_policy(record.get("policy")),
        description=text_from(record.get("description")),
        timer=_timer(record.get("timer")),
        timer_job_id=text_from(record.get("timer_job_id")),
        last_executed=time_from(record.get("last_executed")),
        inputs=_several(record.get("derived_from")),
        outputs=_several(record.get("contributed_to")),
        parameters=_parameters(record.get("function_args")),
        arg_hash=text_from(record.get("arg_hash")),
        function_name=text_from(record.get("function_name")),
        raw=record,
    )


def _policy(value: object) -> PolicyEnum:
    number = whole_from(value)
    return PolicyEnum(number) if number in set(PolicyEnum) else PolicyEnum.NONE


def _timer(value: object) -> int | None:
    seconds = whole_from(value)
    return seconds if seconds is not None and seconds > 0 else None


def _parameters(args: object) -> dict[str, str]:
    if isinstance(args, str):
        try:
            args = json.loads(args)
        except ValueError:
            return {}
    inputs = args[0] if isinstance(args, list) and args else args
    for key in ("kwargs", "aero", "input_data"):
        inputs = _record(inputs).get(key)
    return {name: str(entry.get("id")) for name, entry in _record(inputs).items() if isinstance(entry, Mapping)}


def provenance(record: Record) -> Provenance:
    """Read a provenance record; its relations stay None where the server does not tell them."""
    return Provenance(
        id=text_from(record["id"]) or "",
        flow_id=text_from(record["flow_id"]) or "",
        run_id=text_from(record.get("run_id")),
        created_at=time_from(record.get("created_at")),
        used=_versions(record, "derived_from"),
        made=_versions(record, "contributed_to"),
        raw=record,
    )


def _versions(record: Record, key: str) -> tuple[Version, ...] | None:
    return tuple(map(version, _maps(record[key]))) if isinstance(record.get(key), list) else None


def run(record: Record) -> Run:
    """Read a run."""
    return Run(
        id=text_from(record["id"]) or "",
        flow_id=text_from(record["flow_id"]) or "",
        state=text_from(record["state"]) or "",
        trigger=text_from(record.get("trigger")) or "",
        created_at=time_from(record.get("created_at")),
        started_at=time_from(record.get("started_at")),
        ended_at=time_from(record.get("ended_at")),
        error=text_from(record.get("error")),
        traceback=text_from(record.get("traceback")),
        log=text_from(record.get("log")),
        steps=_steps(record.get("steps")),
        used=_versions(record, "derived_from") or (),
        made=_versions(record, "contributed_to") or (),
        raw=record,
    )


def _steps(value: object) -> tuple[Step, ...]:
    steps = (each for each in _maps(value) if "name" in each and "state" in each)
    return tuple(
        Step(
            text_from(each["name"]) or "",
            text_from(each["state"]) or "",
            time_from(each.get("started_at")),
            time_from(each.get("ended_at")),
        )
        for each in steps
    )


_GLOBUS_STATES = {"SUCCEEDED": "done", "FAILED": "failed", "ENDED": "cancelled", "INACTIVE": "queued"}


def globus_run(record: Record) -> Run:
    """Read a run of Globus Flows; its label says what was run."""
    state = _GLOBUS_STATES.get(str(record["status"]), "running")
    details = record.get("details")
    said = details.get("description") if isinstance(details, Mapping) else None
    return Run(
        id=text_from(record.get("run_id") or record["action_id"]) or "",
        flow_id=text_from(record["flow_id"]) or "",
        state=state,
        trigger=text_from(record.get("label")) or "",
        created_at=time_from(record.get("start_time")),
        started_at=time_from(record.get("start_time")),
        ended_at=time_from(record.get("completion_time")),
        error=text_from(said) if said and state == "failed" else None,
        raw=record,
    )
