"""The metadata of a version as Croissant, the description of datasets for machine learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any  # JSON values

from aero_jupyter.provenance.ancestry import Ancestry, checksum_of, label_of, source_url, utc_text, version_key
from aero_jupyter.provenance.citation_formats import bibtex_entry, without_empty
from aero_jupyter.provenance.citation_text import UNKNOWN_AUTHOR, citation_text
from aero_jupyter.provenance.exported_files import Files, safe_name

CROISSANT_FILE = "croissant.json"
#: The terms of Croissant's own vocabulary.
_TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject",
    "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
)  # fmt: skip
_NAMESPACES = {
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **_NAMESPACES,
    **{term: f"cr:{term}" for term in _TERMS},
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "description": {"@container": "@language"},
    "name": {"@container": "@language"},
}
_FILE_ID = "file"


def croissant_metadata(
    ancestry: Ancestry, files: Files, columns: Mapping[str, str], license: str, authors: Sequence[str]
) -> dict[str, Any]:
    """Return the JSON-LD of a version.

    Parameters
    ----------
    ancestry : Ancestry
    files : mapping
        The file of the version, if its bytes are in the export.
    columns : mapping of str to str
        The columns of the table and their types, such as ``sc:Integer``; empty if the version is no table that
        readers of Croissant read alike.
    license : str
        A URL or a text.
    authors : sequence of str
    """
    version, data = ancestry.version, ancestry.data
    file, checksum = files.get(version_key(version)), checksum_of(version)
    url = source_url(version)
    derived = [url for url in dict.fromkeys(map(source_url, ancestry.sources)) if url]
    described = {
        "@type": "cr:FileObject",
        "@id": _FILE_ID,
        "name": label_of(version),
        "contentUrl": file.path if file else url,
        "encodingFormat": file.media_type if file else "application/octet-stream",
        "contentSize": f"{file.size} B" if file else None,
        "sha256": file.sha256 if file else checksum.digest if checksum and checksum.algorithm == "SHA-256" else None,
        "md5": checksum.digest if not file and checksum and checksum.algorithm == "MD5" else None,
    }
    document = {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": data.name,
        "description": data.description or citation_text(ancestry, authors),
        "license": license,
        "url": url or f"urn:uuid:{data.id}",
        "creator": [{"@type": "Person", "name": each} for each in authors or (UNKNOWN_AUTHOR,)],
        "datePublished": utc_text(version.created_at),
        "version": f"{version.version}.0.0",
        "citeAs": bibtex_entry(ancestry, authors),
        "prov:wasDerivedFrom": [{"@id": each} for each in derived],
        "isLiveDataset": None if described["sha256"] or described["md5"] else True,
        "distribution": [described],
        "recordSet": [_record_set(columns)] if columns and file else None,
    }
    return {name: value if name == "@context" else without_empty(value) for name, value in document.items() if value}


def _record_set(columns: Mapping[str, str]) -> dict[str, Any]:
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{number}-{safe_name(name)}",
            "name": name,
            "dataType": type,
            "source": {"fileObject": {"@id": _FILE_ID}, "extract": {"column": name}},
        }
        for number, (name, type) in enumerate(columns.items(), 1)
    ]
    return {"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}
