"""The decoder of the wire's records, the only one. An invalid value is dropped; its record is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.core.decode_values import Record, maps_from, record_from, text_from, time_from, whole_from
from aero_jupyter.core.flow_history import EarlierFunction
from aero_jupyter.core.models import Data, DataFile, Flow, Provenance, Run, Version
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.run_environment import run_environment
from aero_jupyter.core.run_steps import Step
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.source_records import OtherSource, SourceChange


def _several(value: object) -> tuple[Data, ...]:
    return tuple(data(each) for each in maps_from(value) if "id" in each)


def data(record: Record) -> Data:
    """Decode a dataset."""
    freshness = record_from(record.get("freshness"))
    return Data(
        id=text_from(record["id"]) or "",
        name=text_from(record.get("name")) or "",
        url=text_from(record.get("url")),
        description=text_from(record.get("description")),
        collection_uuid=text_from(record.get("collection_uuid")),
        collection_url=text_from(record.get("collection_url")),
        no_copy=bool(record.get("no_copy", False)),
        created_at=time_from(record.get("created_at")),
        updated_at=time_from(record.get("updated_at")),
        has_versions=bool(record["newest_version"]) if "newest_version" in record else None,
        newest_version=whole_from(record.get("newest_version")),
        size=whole_from(record.get("size")),
        owner=text_from(record.get("owner")),
        source_changes=_source_changes(record.get("source_changes")),
        promise=text_from(freshness.get("promise")),
        late_since=time_from(freshness.get("late_since")),
        drift_notes=_texts(record.get("drift")),
        tags=_texts(record.get("tags")),
        raw=record,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()


def _source_changes(value: object) -> tuple[SourceChange, ...]:
    return tuple(SourceChange(text_from(each.get("previous")), text_from(each.get("url"))) for each in maps_from(value))


def _other_sources(value: object) -> tuple[OtherSource, ...]:
    return tuple(
        OtherSource(
            text_from(each.get("flow_id")) or "",
            text_from(each.get("url")),
            text_from(record_from(each.get("data")).get("name")),
        )
        for each in maps_from(value)
    )


def version(record: Record) -> Version:
    """Parse a version, from a list of versions, from ``latest``, or from provenance."""
    record = record_from(record.get("data_version")) or record
    owner, file = record_from(record.get("data")), record_from(record.get("data_file"))
    return Version(
        id=text_from(record.get("id")) or "",
        data_id=text_from(record.get("data_id") or owner.get("id")) or "",
        version=whole_from(record.get("version")) or 0,
        checksum=text_from(record.get("checksum")),
        created_at=time_from(record.get("created_at")),
        source_key=text_from(record.get("source_key")),
        source_time=time_from(record.get("source_time")),
        as_of=time_from(record.get("as_of")),
        removed_at=time_from(record.get("removed_at")),
        drift_notes=_texts(record.get("drift")),
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
    """Parse a flow."""
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
        arguments=_arguments(record.get("function_args")),
        arg_hash=text_from(record.get("arg_hash")),
        function_name=text_from(record.get("function_name")),
        owner=text_from(record.get("email")),
        source_url=text_from(record.get("source_url")),
        source_changes=_source_changes(record.get("source_changes")),
        other_sources=_other_sources(record.get("other_sources")),
        is_aligned=bool(record.get("aligned")),
        is_paused=bool(record.get("paused")),
        next_due=time_from(record.get("next_due")),
        endpoint_config=record_from(record.get("endpoint_config")),
        entries=_entries(record.get("function_args")),
        are_arguments_left_out=bool(record.get("kwargs_left_out")),
        raw=record,
    )


def earlier_function(record: Record) -> EarlierFunction:
    """Parse a function that another one replaced."""
    times = (time_from(record.get(key)) for key in ("registered_at", "replaced_at"))
    return EarlierFunction(text_from(record.get("function_id")) or "", *times)


def _entries(tasks: object) -> Record:
    first = tasks[0] if isinstance(tasks, list) and tasks else tasks
    return record_from(record_from(record_from(first).get("kwargs")).get("aero"))


def _policy(value: object) -> PolicyEnum:
    number = whole_from(value)
    return PolicyEnum(number) if number in set(PolicyEnum) else PolicyEnum.NONE


def _timer(value: object) -> int | None:
    seconds = whole_from(value)
    return seconds if seconds is not None and seconds > 0 else None


def _tasks(args: object) -> list[Any]:
    """Return the records of a flow's tasks; the older server sends them as text."""
    if isinstance(args, str):
        try:
            args = parse_json(args)
        except ValueError:
            return []
    return args if isinstance(args, list) else [args]


def _arguments(args: object) -> tuple[dict[str, Any], ...]:
    several = [record_from(record_from(task).get("kwargs")) for task in _tasks(args)]
    return tuple({name: value for name, value in each.items() if name != "aero"} for each in several)


def _parameters(args: object) -> dict[str, str]:
    inputs: object = next(iter(_tasks(args)), None)
    for key in ("kwargs", "aero", "input_data"):
        inputs = record_from(inputs).get(key)
    return {name: str(entry.get("id")) for name, entry in record_from(inputs).items() if isinstance(entry, Mapping)}


def provenance(record: Record) -> Provenance:
    """Parse a provenance record; its relations are None if the server does not list them."""
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
    return tuple(map(version, maps_from(record[key]))) if isinstance(record.get(key), list) else None


def run(record: Record) -> Run:
    """Parse a run."""
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
        flow_name=text_from(record.get("flow_name")),
        mixed=text_from(record.get("mixed")),
        circle=text_from(record.get("circle")),
        environment=run_environment(record.get("environment")),
        raw=record,
    )


def _steps(value: object) -> tuple[Step, ...]:
    steps = (each for each in maps_from(value) if "name" in each and "state" in each)
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
    """Parse a run of Globus Flows; its label names what was run."""
    state = _GLOBUS_STATES.get(str(record["status"]), "running")
    details = record.get("details")
    description = details.get("description") if isinstance(details, Mapping) else None
    return Run(
        id=text_from(record.get("run_id") or record["action_id"]) or "",
        flow_id=text_from(record["flow_id"]) or "",
        state=state,
        trigger=text_from(record.get("label")) or "",
        created_at=time_from(record.get("start_time")),
        started_at=time_from(record.get("start_time")),
        ended_at=time_from(record.get("completion_time")),
        error=text_from(description) if description and state == "failed" else None,
        raw=record,
    )
