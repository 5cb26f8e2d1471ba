"""The citation of a version for reference managers and repositories: BibTeX, CFF and DataCite JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any  # JSON values
from urllib.parse import quote

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Version
from aero_jupyter.core.terminal_text import escape_controls
from aero_jupyter.provenance.ancestry import (
    Ancestry,
    Checksum,
    checksum_of,
    dataset_of,
    host_names,
    source_url,
    utc_text,
)
from aero_jupyter.provenance.citation_text import UNKNOWN_AUTHOR, origin_lines, publisher_of

#: DataCite's code for a value that is not known.
_UNKNOWN_CREATOR = "(:unkn)"
_TEX_SPECIAL = re.compile(r"[\\{}&%$#_~^]")
_TEX_COMMANDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SCHEMA = "http://datacite.org/schema/kernel-4"


def bibtex_entry(ancestry: Ancestry, authors: Sequence[str]) -> str:
    """Return the citation as an entry of biblatex."""
    version, data = ancestry.version, ancestry.data
    note = [f"{checksum}." if (checksum := checksum_of(version)) else "", *origin_lines(ancestry)]
    day = f"{version.created_at:%Y-%m-%d}" if version.created_at else None
    url = None if ancestry.is_derived else source_url(version)
    fields = {
        # A second pair of braces keeps a name whole.
        "author": " and ".join(f"{{{_tex(each)}}}" for each in authors or (UNKNOWN_AUTHOR,)),
        "title": _tex(data.name),
        "year": day and day[:4],
        "date": day,
        "version": str(version.version),
        "publisher": f"{{{_tex(publisher_of(ancestry))}}}",
        "url": url and quote(url, safe=":/?&=%#@+,;~!$'()*[]"),
        "urldate": day if url else None,
        "note": _tex(" ".join(filter(None, note))),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    key = re.sub(r"[^A-Za-z0-9]+", "_", data.name).strip("_") or "dataset"
    return "\n".join([f"@dataset{{{key}_v{version.version},", *lines, "}"])


def _tex(text: str) -> str:
    plain = " ".join(escape_controls(text).split())
    return _TEX_SPECIAL.sub(lambda found: _TEX_COMMANDS.get(found[0], f"\\{found[0]}"), plain)


def cff_document(ancestry: Ancestry, authors: Sequence[str]) -> str:
    """Return the citation as a file ``CITATION.cff``."""
    import yaml

    version = ancestry.version
    sources = [each for each in ancestry.sources if ancestry.is_derived]
    document = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it as below.",
        "type": "dataset",
        **_cff_facts(ancestry.version, authors),
        "abstract": " ".join(origin_lines(ancestry)) or None,
        "url": None if ancestry.is_derived else source_url(version),
        "references": [
            {"type": "data", **_cff_facts(each, host_names([each])), "url": source_url(each)} for each in sources
        ],
    }
    kept = without_empty(document)
    text: str = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=120)
    return text.rstrip("\n")


def _cff_facts(version: Version, authors: Sequence[str]) -> dict[str, Any]:
    checksum = checksum_of(version)
    return {
        "title": dataset_of(version).name,
        "version": str(version.version),
        "authors": [{"name": each} for each in authors or (UNKNOWN_AUTHOR,)],
        "date-released": version.created_at.date() if version.created_at else None,
        "identifiers": [_cff_identifier(checksum)] if checksum else None,
    }


def _cff_identifier(checksum: Checksum) -> dict[str, str]:
    scheme = checksum.algorithm.replace("-", "").lower()
    return {"type": "other", "value": f"{scheme}:{checksum.digest}", "description": f"{checksum.algorithm} of the file"}


def without_empty(value: Any) -> Any:
    """Return JSON without empty fields, at any depth."""
    if isinstance(value, Mapping):
        kept = {name: without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (None, [], {})}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


def datacite_document(ancestry: Ancestry, authors: Sequence[str]) -> str:
    """Return the citation as metadata of DataCite, in JSON.

    Raises
    ------
    InvalidArgument
        If the server does not list when the version was made.
    """
    version, checksum = ancestry.version, checksum_of(ancestry.version)
    made = utc_text(version.created_at)
    if made is None:
        raise InvalidArgument(
            "DataCite requires the year, and this server does not list when versions were made.",
            "Choose the form text.",
        )
    urls = dict.fromkeys(source_url(each) for each in ancestry.sources)
    related = {"relationType": "IsDerivedFrom", "relatedIdentifierType": "URL", "resourceTypeGeneral": "Dataset"}
    document = {
        "schemaVersion": _SCHEMA,
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Dataset"},
        "titles": [{"title": ancestry.data.name}],
        "creators": [{"name": each} for each in authors or (_UNKNOWN_CREATOR,)],
        "publisher": {"name": publisher_of(ancestry)},
        "publicationYear": made[:4],
        "dates": [{"date": made, "dateType": "Created"}],
        "version": str(version.version),
        "alternateIdentifiers": [
            {"alternateIdentifier": each.digest, "alternateIdentifierType": each.algorithm}
            for each in filter(None, [checksum])
        ],
        "relatedIdentifiers": [{"relatedIdentifier": url, **related} for url in urls if url],
        "descriptions": [{"description": line, "descriptionType": "TechnicalInfo"} for line in origin_lines(ancestry)],
    }
    return json.dumps(without_empty(document), indent=2, ensure_ascii=False)
