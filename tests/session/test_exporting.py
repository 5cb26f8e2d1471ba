"""Exports as RO-Crate, PROV and Croissant: validated by their own tools, and what they contain."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import mlcroissant
import pandas as pd
import prov.model
import pytest
from support.crate_validation import crate_problems, create_validator
from support.derived_dataset import FIRST, derived_dataset
from support.server_standins import Newest, serve_standin

import aero_jupyter
from aero_jupyter.client import AeroClient
from aero_jupyter.core.errors import AeroError, InvalidArgument, UnknownName
from aero_jupyter.session import exporting

SOURCE, NAME = "exported cases", "exported sums"
#: rdflib, which mlcroissant uses, calls what it has deprecated itself.
uses_mlcroissant = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def flows(aero):
    aero_jupyter.local()
    with derived_dataset(SOURCE, NAME) as found:
        found.publish(FIRST + b"2026-01-03,9,north\n")
        yield found


@pytest.fixture
def exported(flows, tmp_path):
    """Return a function that exports, and returns the unpacked folder."""

    def export(x, form: str, **options) -> Path:
        path = aero_jupyter.export(x, tmp_path / f"{form}.zip", form, **options)
        assert path == tmp_path / f"{form}.zip"
        folder = tmp_path / form
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            archive.extractall(folder)
        return folder

    return export


def read_json(path: Path):
    return json.loads(path.read_text("utf-8"))


def entities(folder: Path) -> dict[str, dict]:
    return {entity["@id"]: entity for entity in read_json(folder / "ro-crate-metadata.json")["@graph"]}


@pytest.mark.slow
def test_a_crate_violates_nothing_that_its_profiles_require(exported, tmp_path):
    python = create_validator(tmp_path / "validator")
    crates = {
        "lineage": exported(NAME, "ro-crate"),
        "source": exported(f"{SOURCE}@1", "ro-crate", license="https://creativecommons.org/licenses/by/4.0/"),
    }
    for crate in crates.values():
        for profile in ("ro-crate-1.1", "process-run-crate-0.5"):
            assert crate_problems(python, crate, profile) == []
    # The validator finds what is missing.
    document = read_json(crates["lineage"] / "ro-crate-metadata.json")
    for entity in document["@graph"]:
        entity.pop("instrument", None)
    (crates["lineage"] / "ro-crate-metadata.json").write_text(json.dumps(document))
    assert crate_problems(python, crates["lineage"], "process-run-crate-0.5") != []


def test_a_crate_holds_the_bytes_of_all_versions_and_the_functions(exported, flows):
    folder = exported(NAME, "ro-crate")
    found = entities(folder)
    files = {id: entity for id, entity in found.items() if "File" in entity["@type"]}
    assert {entity["name"] for entity in files.values()} == {f"{SOURCE}@2", f"{NAME}@2", "pick_columns", "sum_cases"}
    for id, entity in files.items():
        content = (folder / unquote(id)).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
    assert {part["@id"] for part in found["./"]["hasPart"]} == set(files)
    main = found["./"]["mainEntity"]["@id"]
    assert pd.read_csv(folder / main).equals(aero_jupyter.read(NAME))
    assert {path.name for path in folder.rglob("*") if path.is_file()} >= {Path(id).name for id in files}


def test_a_crate_relates_runs_functions_inputs_and_results(exported, flows):
    found = entities(exported(NAME, "ro-crate"))
    names = {id: entity.get("name") for id, entity in found.items()}
    actions = [entity for entity in found.values() if entity["@type"] == "CreateAction"]
    related = {
        names[action["instrument"]["@id"]]: (
            [names[each["@id"]] for each in action["object"]],
            [names[each["@id"]] for each in action["result"]],
        )
        for action in actions
    }
    assert related["sum_cases"] == ([f"{SOURCE}@2"], [f"{NAME}@2"])
    (url,), made = related["pick_columns"]
    assert url.startswith(f"http://127.0.0.1:{flows.site.server_port}/cases.csv")
    assert made == [f"{SOURCE}@2"]
    assert {each["@id"] for each in found["./"]["mentions"]} == {action["@id"] for action in actions}
    assert found["./"]["license"] == "The license is not known to AERO."


def test_one_run_is_exported_without_what_led_to_its_inputs(exported):
    found = entities(exported(NAME, "ro-crate", lineage=False))
    (action,) = (entity for entity in found.values() if entity["@type"] == "CreateAction")
    assert action["name"] == f"Run that made {NAME}@2"
    assert "pick_columns" not in {entity.get("name") for entity in found.values()}


def test_prov_is_read_by_prov_and_written_by_it_unchanged(exported, flows):
    text = (exported(f"{NAME}@1", "prov") / "prov.json").read_text()
    document = prov.model.ProvDocument.deserialize(content=text, format="json")
    kinds = [type(record).__name__ for record in document.get_records()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {
        "ProvEntity": 5, "ProvActivity": 2, "ProvAgent": 1, "ProvUsage": 2, "ProvGeneration": 2,
        "ProvDerivation": 2, "ProvAssociation": 2,
    }  # fmt: skip
    again = prov.model.ProvDocument.deserialize(content=document.serialize(), format="json")
    assert again == document
    labels = {str(entity.label) for entity in document.get_records(prov.model.ProvEntity)}
    assert {f"{SOURCE}@1", f"{NAME}@1", "pick_columns()", "sum_cases()"} < labels


@uses_mlcroissant
@pytest.mark.parametrize("name", [SOURCE, NAME])
def test_croissant_has_no_errors_and_its_records_are_the_table(exported, flows, name):
    folder = exported(f"{name}@1", "croissant", authors="Ann Lee", license="https://example.org/license")
    document = read_json(folder / "croissant.json")
    required = {"@context", "@type", "conformsTo", "description", "license", "name", "url", "creator", "datePublished"}
    assert required | {"distribution"} <= document.keys()
    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert dataset.metadata.issues.errors == set()
    assert dataset.metadata.issues.warnings == set()
    assert dataset.metadata.version == "1.0.0"
    table = aero_jupyter.read(f"{name}@1")
    columns = [field["name"] for field in document["recordSet"][0]["field"]]
    assert columns == list(table.columns)
    records = [
        [value.decode() if isinstance(value, bytes) else value for value in record.values()]
        for record in dataset.records("rows")
    ]
    assert records == table.values.tolist()


def test_a_table_exports_the_version_it_was_read_from(exported):
    folder = exported(aero_jupyter.read(f"{NAME}@1"), "croissant")
    assert read_json(folder / "croissant.json")["version"] == "1.0.0"


@pytest.mark.parametrize("form", ["ro-crate", "prov", "croissant"])
def test_no_export_contains_the_secrets_of_a_url_and_two_have_equal_bytes(exported, flows, tmp_path, form):
    for path in exported(NAME, form).rglob("*"):
        assert not path.is_file() or b"s3cretvalue" not in path.read_bytes()
    first = (tmp_path / f"{form}.zip").read_bytes()
    exported(NAME, form)
    assert (tmp_path / f"{form}.zip").read_bytes() == first


def test_an_export_whose_bytes_are_gone_leaves_the_file_of_before(exported, flows, aero_home, tmp_path):
    exported(NAME, "ro-crate")
    before = (tmp_path / "ro-crate.zip").read_bytes()
    version = flows.session.client.latest(flows.derive.outputs[0].id)
    (content,) = aero_home.rglob(version.checksum)
    content.rename(content.with_suffix(".away"))
    try:
        with pytest.raises(AeroError):
            aero_jupyter.export(NAME, tmp_path / "ro-crate.zip")
    finally:
        content.with_suffix(".away").rename(content)
    assert (tmp_path / "ro-crate.zip").read_bytes() == before
    assert list(tmp_path.glob("*.part")) == []


def test_what_cannot_be_exported_is_refused(flows, tmp_path):
    with pytest.raises(InvalidArgument, match="no export in the form 'rocrate'") as refused:
        aero_jupyter.export(NAME, tmp_path / "a.zip", "rocrate")
    assert refused.value.cure.startswith("Did you mean ro-crate?")
    with pytest.raises(InvalidArgument, match=r"a\.json is no name of a ZIP file") as refused:
        aero_jupyter.export(NAME, tmp_path / "a.json")
    assert refused.value.cure == "Write it as a.zip."
    with pytest.raises(InvalidArgument, match=r"none/a\.zip cannot be written: No such file"):
        aero_jupyter.export(NAME, tmp_path / "none" / "a.zip")
    with pytest.raises(UnknownName):
        aero_jupyter.export("exported by none", tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


@uses_mlcroissant
def test_a_server_without_provenance_exports_croissant_only(tmp_path, monkeypatch):
    with serve_standin(Newest()) as server, AeroClient(server.url) as client:
        row = server.add_data("cases")
        server.add_version(row, b"a\n1\n")
        monkeypatch.setattr(exporting, "current", lambda: SimpleNamespace(client=client, name="shared AERO"))
        with pytest.raises(AeroError, match="does not list which runs made cases@1") as refused:
            aero_jupyter.export("cases", tmp_path / "a.zip")
        assert refused.value.cure == 'Export it without its runs: as_="croissant"'
        path = aero_jupyter.export("cases", tmp_path / "a.zip", "croissant")
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path)
        assert mlcroissant.Dataset(jsonld=tmp_path / "croissant.json").metadata.issues.errors == set()
