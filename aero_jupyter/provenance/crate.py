"""The metadata of a Process Run Crate: an RO-Crate of the runs that led to a version, with their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # JSON values

from aero_jupyter.core.models import Version
from aero_jupyter.provenance.ancestry import (
    Ancestry,
    RecordedRun,
    RegisteredCode,
    dataset_of,
    label_of,
    source_url,
    utc_text,
    version_key,
)
from aero_jupyter.provenance.citation_text import citation_text, publisher_of
from aero_jupyter.provenance.exported_files import Files, function_path

CRATE_FILE = "ro-crate-metadata.json"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_CONTEXTS = [f"{_CRATE}/context", "https://w3id.org/ro/terms/workflow-run/context"]
_PYTHON = "https://www.python.org/"
Entity = dict[str, Any]


def crate_metadata(ancestry: Ancestry, files: Files, license: str, authors: Sequence[str]) -> Entity:
    """Return the JSON-LD of a crate.

    Parameters
    ----------
    ancestry : Ancestry
    files : mapping
        The files of the versions whose bytes are in the crate.
    license : str
        A URL or a text.
    authors : sequence of str
    """
    codes = {run.code.id: run.code for run in ancestry.runs if run.code is not None}
    entities = [
        *(_version_entity(version, files) for version in ancestry.versions),
        *(_source_entity(url) for url in dict.fromkeys(map(source_url, ancestry.sources)) if url),
        *map(_function_entity, codes.values()),
        *(_unknown_function(run) for run in ancestry.runs if run.code is None),
        *(_action(run, files) for run in ancestry.runs),
        *({"@id": f"#author-{number}", "@type": "Person", "name": name} for number, name in enumerate(authors, 1)),
        {"@id": "#publisher", "@type": "Organization", "name": publisher_of(ancestry)},
        {"@id": _PYTHON, "@type": "ComputerLanguage", "name": "Python", "url": _PYTHON},
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
    ]
    descriptor = {
        "@id": CRATE_FILE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": _CRATE},
    }
    unique = {entity["@id"]: entity for entity in entities}
    if license.startswith(("https://", "http://")):
        unique[license] = {"@id": license, "@type": "CreativeWork", "name": license, "url": license}
    root = _root(ancestry, list(unique.values()), _version_id(ancestry.version, files), license, authors)
    return {"@context": _CONTEXTS, "@graph": [descriptor, root, *unique.values()]}


def _root(
    ancestry: Ancestry, entities: Sequence[Entity], version_id: str, license: str, authors: Sequence[str]
) -> Entity:
    parts = [entity for entity in entities if "File" in entity["@type"]]
    named = [{"@id": f"#author-{number}"} for number, _ in enumerate(authors, 1)]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{label_of(ancestry.version)} and what it was made from",
        "description": citation_text(ancestry, authors),
        "datePublished": utc_text(ancestry.version.created_at),
        "license": {"@id": license} if license.startswith(("https://", "http://")) else license,
        "conformsTo": {"@id": _PROFILE},
        "publisher": {"@id": "#publisher"},
        **({"author": named} if named else {}),
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "mentions": [{"@id": entity["@id"]} for entity in entities if entity["@type"] == "CreateAction"],
        "mainEntity": {"@id": version_id},
    }


def _version_id(version: Version, files: Files) -> str:
    file = files.get(version_key(version))
    return file.path if file else source_url(version) or f"#version-{version.id}"


def _version_entity(version: Version, files: Files) -> Entity:
    file = files.get(version_key(version))
    facts = {"contentSize": str(file.size), "encodingFormat": file.media_type, "sha256": file.sha256} if file else {}
    made = utc_text(version.created_at)
    return {
        "@id": _version_id(version, files),
        # A version without a copy and without a URL is no part of the crate.
        "@type": "File" if file or source_url(version) else "CreativeWork",
        "name": label_of(version),
        "description": f"Version {version.version} of {dataset_of(version).name}.",
        **({"dateCreated": made} if made else {}),
        **facts,
    }


def _source_entity(url: str) -> Entity:
    return {"@id": url, "@type": "CreativeWork", "name": url, "url": url}


def _function_entity(code: RegisteredCode) -> Entity:
    if code.text is None:
        return {"@id": f"#function-{code.id}", "@type": "SoftwareApplication", "name": code.name}
    return {
        "@id": function_path(code),
        "@type": ["File", "SoftwareSourceCode"],
        "name": code.name,
        "description": f"The source code of {code.name}() as it is registered.",
        "programmingLanguage": {"@id": _PYTHON},
        "encodingFormat": "text/x-python",
        "contentSize": str(len(code.text.encode())),
        "sha256": code.sha256,
    }


def _unknown_function(run: RecordedRun) -> Entity:
    name = run.function or "Download by AERO, stored unchanged"
    return {"@id": f"#function-of-{run.record.flow_id}", "@type": "SoftwareApplication", "name": name}


def _instrument(run: RecordedRun) -> str:
    entity = _unknown_function(run) if run.code is None else _function_entity(run.code)
    return str(entity["@id"])


def _action(run: RecordedRun, files: Files) -> Entity:
    used = [_version_id(each, files) for each in run.used]
    sources = [] if used else [url for url in map(source_url, run.made) if url]
    made = [_version_id(each, files) for each in run.made]
    ended = utc_text(run.record.created_at)
    return {
        "@id": f"#run-{run.record.run_id or run.record.id}",
        "@type": "CreateAction",
        "name": f"Run that made {', '.join(map(label_of, run.made))}",
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        **({"endTime": ended} if ended else {}),
        "instrument": {"@id": _instrument(run)},
        "object": [{"@id": id} for id in dict.fromkeys(used or sources)],
        "result": [{"@id": id} for id in dict.fromkeys(made)],
    }
