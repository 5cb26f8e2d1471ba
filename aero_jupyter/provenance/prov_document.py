"""The runs that led to a version as a document of PROV, in PROV-JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import product
from typing import Any  # JSON values

from aero_jupyter.core.models import Version
from aero_jupyter.provenance.ancestry import (
    Ancestry,
    RecordedRun,
    checksum_of,
    dataset_of,
    label_of,
    source_url,
    utc_text,
)

PROV_FILE = "prov.json"
_SERVER = "aero:server"
Record = dict[str, Any]


def prov_document(ancestry: Ancestry) -> Record:
    """Return a document of PROV-JSON: versions and functions as entities, runs as activities."""
    document: dict[str, Record] = {
        "prefix": {"aero": "urn:aero:"},
        "entity": {_version_id(version): _version_entity(version) for version in ancestry.versions},
        "activity": {},
        "agent": {_SERVER: {"prov:label": ancestry.server, "prov:type": _name("prov:SoftwareAgent")}},
    }
    for run in ancestry.runs:
        document["activity"][_run_id(run)] = _activity(run)
        document["entity"] |= {_source_id(url): _source_entity(url) for url in _source_urls(run)}
        if run.code is not None:
            document["entity"][f"aero:function-{run.code.id}"] = _function_entity(run)
        for kind, relation in _relations(run):
            relations = document.setdefault(kind, {})
            relations[f"_:{kind}{len(relations) + 1}"] = relation
    return document


def _name(text: str) -> Record:
    return {"$": text, "type": "prov:QUALIFIED_NAME"}


def _version_id(version: Version) -> str:
    return f"aero:version-{version.id}"


def _run_id(run: RecordedRun) -> str:
    return f"aero:run-{run.record.run_id or run.record.id}"


def _source_id(url: str) -> str:
    return f"aero:source-{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def _version_entity(version: Version) -> Record:
    checksum, made = checksum_of(version), utc_text(version.created_at)
    facts = {
        "prov:label": label_of(version),
        "aero:dataset": dataset_of(version).name,
        "aero:number": version.version,
        "aero:checksum": str(checksum) if checksum else None,
        "prov:generatedAtTime": {"$": made, "type": "xsd:dateTime"} if made else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _source_entity(url: str) -> Record:
    return {"prov:label": url, "prov:location": {"$": url, "type": "xsd:anyURI"}}


def _function_entity(run: RecordedRun) -> Record:
    assert run.code is not None
    sha = {"aero:sha256": run.code.sha256} if run.code.sha256 else {}
    return {"prov:label": f"{run.code.name}()", "prov:type": _name("prov:Plan"), **sha}


def _activity(run: RecordedRun) -> Record:
    ended = utc_text(run.record.created_at)
    label = {"prov:label": f"Run that made {', '.join(map(label_of, run.made))}"}
    return {**label, **({"prov:endTime": ended} if ended else {})}


def _source_urls(run: RecordedRun) -> list[str]:
    return [] if run.used else [url for url in map(source_url, run.made) if url]


def _relations(run: RecordedRun) -> Iterator[tuple[str, Record]]:
    activity = {"prov:activity": _run_id(run)}
    inputs = [_version_id(each) for each in run.used] or [_source_id(url) for url in _source_urls(run)]
    outputs = [_version_id(each) for each in run.made]
    for entity in inputs:
        yield "used", {**activity, "prov:entity": entity}
    for entity in outputs:
        yield "wasGeneratedBy", {"prov:entity": entity, **activity}
    for made, used in product(outputs, inputs):
        yield "wasDerivedFrom", {"prov:generatedEntity": made, "prov:usedEntity": used, **activity}
    plan = {"prov:plan": f"aero:function-{run.code.id}"} if run.code is not None else {}
    yield "wasAssociatedWith", {**activity, "prov:agent": _SERVER, **plan}
