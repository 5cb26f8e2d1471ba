"""Citations of a downloaded and of a derived version, in each form, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import datacite
import jsonschema
import pandas as pd
import pybtex.database
import pytest
import yaml
from support.derived_dataset import derived_dataset
from support.server_standins import Newest, serve_standin

import aero_jupyter
from aero_jupyter.client import AeroClient
from aero_jupyter.core.errors import AeroError, InvalidArgument, NotFound, UnknownName
from aero_jupyter.provenance import Citation
from aero_jupyter.session.ancestors import ancestry_of

SOURCE, NAME = "cited cases & deaths", "cited_sums"
SCHEMA = Path(datacite.__file__).parent / "schemas" / "datacite-v4.5.json"


@pytest.fixture(scope="module")
def flows(aero):
    aero_jupyter.local()
    with derived_dataset(SOURCE, NAME) as found:
        yield found


@pytest.fixture(scope="module")
def versions(flows):
    """The downloaded version and the derived one, as the server lists them."""
    client = flows.session.client
    return tuple(client.latest(flow.outputs[0].id) for flow in (flows.download, flows.derive))


def function_sha256(flows, flow) -> str:
    return hashlib.sha256(flows.session.compute.source_of(flow.function_id).encode()).hexdigest()


def time_of(version) -> str:
    return f"{version.created_at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_downloaded_version_is_cited_with_name_version_sha256_time_and_url(flows, versions):
    text = aero_jupyter.cite(SOURCE).text
    host = f"127.0.0.1:{flows.site.server_port}"
    first = text.splitlines()[0]
    assert first.startswith(f"{host} ({versions[0].created_at:%Y}). {SOURCE} (version 1) [Data set]. {host}. ")
    assert f"Version of {time_of(versions[0])}. SHA-256 {versions[0].checksum}. http://{host}/cases.csv" in first


def test_a_derived_version_is_cited_with_every_version_and_the_hash_of_every_function(flows, versions):
    lines = aero_jupyter.cite(NAME).text.splitlines()
    assert lines[0].startswith(
        f"Unknown author ({versions[1].created_at:%Y}). {NAME} (version 1) [Data set]. local AERO"
    )
    known = f"{SOURCE}@1 ({time_of(versions[0])}, SHA-256 {versions[0].checksum})"
    assert lines[1].startswith(f"{known} was downloaded from http://127.0.0.1:{flows.site.server_port}/cases.csv")
    assert lines[1].endswith(f" by pick_columns() (SHA-256 {function_sha256(flows, flows.download)}).")
    assert lines[2] == (
        f"{NAME}@1 was made from {known} by sum_cases() (SHA-256 {function_sha256(flows, flows.derive)})."
    )


def test_a_table_is_cited_as_the_version_it_was_read_from(flows, versions):
    for table in (aero_jupyter.read(NAME), aero_jupyter.read(NAME)["cases"], versions[1], f"{NAME}@2100-01-01"):
        assert str(aero_jupyter.cite(table)) == str(aero_jupyter.cite(f"{NAME}@1"))


@pytest.mark.parametrize("form", ["text", "bibtex", "cff", "datacite"])
def test_no_form_contains_the_secrets_of_a_url(flows, form):
    assert "s3cretvalue" in flows.url
    for name in (SOURCE, NAME):
        cited = str(aero_jupyter.cite(name, form))
        assert "s3cretvalue" not in cited
        assert "token=" in cited


def test_bibtex_is_read_by_pybtex(flows, versions):
    cited = aero_jupyter.cite(SOURCE, "bibtex", authors=["Ann Lee", "Health & Co"])
    entry = pybtex.database.parse_string(str(cited), "bibtex").entries["cited_cases_deaths_v1"]
    assert entry.type == "dataset"
    assert [str(each) for each in entry.persons["author"]] == ["{Ann Lee}", r"{Health \& Co}"]
    fields = dict(entry.fields)
    assert fields["title"] == r"cited cases \& deaths"
    assert (fields["version"], fields["date"]) == ("1", f"{versions[0].created_at:%Y-%m-%d}")
    assert fields["url"].startswith(f"http://127.0.0.1:{flows.site.server_port}/cases.csv")
    assert versions[0].checksum in fields["note"]


def test_cff_has_what_the_format_requires_and_the_sources_as_references(flows, versions):
    document = yaml.safe_load(aero_jupyter.cite(NAME).cff)
    assert document["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= document.keys()
    assert (document["type"], document["title"], document["version"]) == ("dataset", NAME, "1")
    assert document["date-released"] == versions[1].created_at.date()
    assert document["identifiers"][0]["value"] == f"sha256:{versions[1].checksum}"
    (source,) = document["references"]
    assert (source["type"], source["title"]) == ("data", SOURCE)
    assert source["identifiers"][0]["value"] == f"sha256:{versions[0].checksum}"
    assert function_sha256(flows, flows.derive) in document["abstract"]


@pytest.mark.parametrize("name", [SOURCE, NAME])
def test_datacite_is_valid_by_its_schema(flows, versions, name):
    document = json.loads(aero_jupyter.cite(name).datacite)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    version = versions[name == NAME]
    assert document["titles"] == [{"title": name}]
    assert document["alternateIdentifiers"][0]["alternateIdentifier"] == version.checksum
    assert document["dates"] == [{"date": time_of(version), "dateType": "Created"}]
    assert [each["relationType"] for each in document["relatedIdentifiers"]] == ["IsDerivedFrom"]
    assert document["creators"][0]["name"] == ("(:unkn)" if name == NAME else f"127.0.0.1:{flows.site.server_port}")


def test_a_function_that_was_replaced_is_not_known_and_the_citation_states_it(flows, versions):
    ancestry = aero_jupyter.cite(NAME).ancestry
    last = ancestry.runs[-1]
    gone = Citation(replace(ancestry, runs=(*ancestry.runs[:-1], replace(last, flow=None, code=None))))
    assert gone.text.endswith("by a function that is not known, because its flow was replaced or deleted.")


def test_a_server_without_provenance_and_with_other_checksums_is_cited_with_what_it_lists():
    with serve_standin(Newest()) as server, AeroClient(server.url) as client:
        row = server.add_data("cases")
        version = server.add_version(row, b"a\n1\n")
        data = client.get_data(row["id"])
        session = SimpleNamespace(client=client, name="shared AERO")
        cited = Citation(ancestry_of(session, data, client.latest(data.id)))
        assert cited.text.splitlines()[1] == "The server does not list what the version was made from."
        assert f" MD5 {version['checksum']}. https://example.org/cases.csv" in cited.text
        assert f"md5:{version['checksum']}" in cited.cff


def test_what_is_no_version_is_refused(flows):
    with pytest.raises(InvalidArgument, match="A DataFrame without its origin is no version of a dataset"):
        aero_jupyter.cite(pd.DataFrame({"a": [1]}))
    with pytest.raises(UnknownName):
        aero_jupyter.cite("cited by none")
    with pytest.raises(NotFound):
        aero_jupyter.cite(f"{NAME}@7")
    with pytest.raises(InvalidArgument, match="no citation in the form 'bibtx'") as refused:
        aero_jupyter.cite(NAME, "bibtx")
    assert refused.value.cure == "Did you mean bibtex? Choose one of text, bibtex, cff, datacite."


def test_a_table_of_other_bytes_or_of_another_server_is_refused(flows):
    table = aero_jupyter.read(NAME)
    table.attrs["aero"]["checksum"] = "0" * 64
    with pytest.raises(
        AeroError, match=f"{NAME}@1 has the checksum [0-9a-f]+, and the table was read from bytes with 0"
    ):
        aero_jupyter.cite(table)
    table.attrs["aero"] |= {"data_id": "00000000-0000-0000-0000-000000000000", "server": "https://a.example.org/"}
    with pytest.raises(
        NotFound, match=r"was read from cited_sums@1 of https://a\.example\.org/, which local AERO does"
    ):
        aero_jupyter.cite(table)
