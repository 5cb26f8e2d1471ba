"""What the service publishes agrees with the newest AERO server's own description, on every route and field it has."""

import json
import os
from pathlib import Path

import pytest
import requests

SHARED = Path(os.environ.get("AERO_SHARED") or Path(__file__).parents[3] / "shared")
CONTRACT = SHARED / "contract" / "aero_openapi.json"
pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the server's description is not beside this checkout")


@pytest.fixture(scope="module")
def ours(aero):
    return requests.get(aero.url + "openapi.json", timeout=10).json()


@pytest.fixture(scope="module")
def theirs():
    return json.loads(CONTRACT.read_text()) if CONTRACT.exists() else {"paths": {}}


def operations(document):
    return {(method, path): about for path, methods in document["paths"].items() for method, about in methods.items()}


def resolved(document, schema):
    """A schema with its references followed, and null taken out of a choice."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return resolved(document, choices[0]) if len(choices) == 1 else schema


def body(about):
    return about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})


def answer(about):
    return about["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})


def lacking(ours, theirs, mine, wanted, where):
    """The fields of `wanted` that `mine` lacks, all the way down."""
    mine, wanted = resolved(ours, mine), resolved(theirs, wanted)
    if "items" in wanted:
        return lacking(ours, theirs, mine.get("items", {}), wanted["items"], f"{where}[]")
    found = []
    for name, schema in wanted.get("properties", {}).items():
        if name not in mine.get("properties", {}):
            found.append(f"{where}.{name}")
        else:
            found += lacking(ours, theirs, mine["properties"][name], schema, f"{where}.{name}")
    return found


def test_every_route_is_there_with_its_parameters(ours, theirs):
    mine = operations(ours)
    for key, about in operations(theirs).items():
        assert key in mine, key
        given = {(each["name"], each["in"]) for each in mine[key].get("parameters", ())}
        assert {(each["name"], each["in"]) for each in about.get("parameters", ())} <= given, key


def test_every_field_of_what_is_sent_is_taken_and_none_is_newly_required(ours, theirs):
    for key, about in operations(theirs).items():
        mine, wanted = body(operations(ours)[key]), body(about)
        assert lacking(ours, theirs, mine, wanted, str(key)) == []
        required = set(resolved(ours, mine).get("required", ()))
        assert required <= set(resolved(theirs, wanted).get("required", ())), key


def test_every_field_of_what_is_answered_is_published(ours, theirs):
    for key, about in operations(theirs).items():
        assert lacking(ours, theirs, answer(operations(ours)[key]), answer(about), str(key)) == []
