"""The service's OpenAPI description agrees with the newest AERO server's, on every route and field of the latter."""

import pytest
import requests
from support.contract_schema import contract_description


@pytest.fixture(scope="module")
def ours(aero):
    return requests.get(aero.url + "openapi.json", timeout=120).json()


@pytest.fixture(scope="module")
def theirs():
    return contract_description()


def operations(document):
    return {(method, path): about for path, methods in document["paths"].items() for method, about in methods.items()}


def followed(document, schema):
    """A schema with its reference followed, and a choice of one taken."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def body(about):
    return about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})


def answer(about, status):
    return about["responses"][status].get("content", {}).get("application/json", {}).get("schema", {})


class Comparison:
    """The recursive comparison of two descriptions; additions in ours do not count as differences."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs

    def __call__(self, mine, wanted, where):
        mine, wanted = followed(self.ours, mine), followed(self.theirs, wanted)
        if "anyOf" in wanted or "anyOf" in mine:
            return self._choices(mine, wanted, where)
        found = [
            f"{where}: {key} {mine.get(key)!r}, not {wanted.get(key)!r}"
            for key in ("type", "format", "default")
            if mine.get(key) != wanted.get(key) and (key != "default" or key in wanted)
        ]
        if set(wanted.get("required", ())) != set(mine.get("required", ())) & set(wanted.get("properties", ())):
            found.append(f"{where}: required {mine.get('required')}, not {wanted.get('required')}")
        for key in ("items", "additionalProperties"):
            if isinstance(wanted.get(key), dict):
                found += self(mine.get(key, {}), wanted[key], f"{where}[]")
            elif wanted.get(key) is True and mine.get(key) is not True:
                found.append(f"{where}[]: {mine.get(key)!r}, not anything")
        return found + self._fields(mine, wanted, where)

    def _fields(self, mine, wanted, where):
        has, found = mine.get("properties", {}), []
        for name, schema in wanted.get("properties", {}).items():
            there = f"{where}.{name}"
            found += self(has[name], schema, there) if name in has else [f"{there} is missing"]
        return found

    def _choices(self, mine, wanted, where):
        mine, wanted = mine.get("anyOf", [mine]), wanted.get("anyOf", [wanted])
        unlike = [each for each in wanted if all(self(one, each, where) for one in mine)]
        more = [one for one in mine if all(self(one, each, where) for each in wanted)]
        return [f"{where}: {mine}, not {wanted}"] if unlike or more else []


def test_every_route_is_there_with_its_parameters(ours, theirs):
    mine, compare = operations(ours), Comparison(ours, theirs)
    for key, about in operations(theirs).items():
        assert key in mine, key
        given = {(each["name"], each["in"]): each for each in mine[key].get("parameters", ())}
        for each in about.get("parameters", ()):
            own = given.pop((each["name"], each["in"]))
            assert own.get("required", False) == each.get("required", False), (key, own)
            assert compare(own["schema"], each["schema"], f"{key} {each['name']}") == []
        assert not any(each.get("required") for each in given.values()), key


def test_every_field_of_what_is_sent_is_taken_and_none_is_newly_required(ours, theirs):
    compare = Comparison(ours, theirs)
    for key, about in operations(theirs).items():
        mine, wanted = body(operations(ours)[key]), body(about)
        assert compare(mine, wanted, str(key)) == []
        assert operations(ours)[key].get("requestBody", {}).get("required") == about.get("requestBody", {}).get(
            "required"
        )
        required = set(followed(ours, mine).get("required", ()))
        assert required <= set(followed(theirs, wanted).get("required", ())), key


def test_every_field_of_what_is_answered_is_published(ours, theirs):
    compare = Comparison(ours, theirs)
    for key, about in operations(theirs).items():
        assert compare(answer(operations(ours)[key], "200"), answer(about, "200"), str(key)) == []


def test_every_refusal_is_published(ours, theirs):
    compare = Comparison(ours, theirs)
    for key, about in operations(theirs).items():
        assert set(about["responses"]) <= set(operations(ours)[key]["responses"]), key
        for status in set(about["responses"]) - {"200"}:
            # What is refused by what it means, and not by its form, is said in a sentence: one more choice.
            mine = answer(operations(ours)[key], status)
            choices = mine.get("anyOf", [mine])
            wanted = answer(about, status)
            assert not wanted or any(compare(one, wanted, f"{key} {status}") == [] for one in choices)


def test_every_schema_has_its_name(ours, theirs):
    compare, mine = Comparison(ours, theirs), ours["components"]["schemas"]
    for name, schema in theirs["components"]["schemas"].items():
        assert compare(mine[name], schema, name) == []


def test_a_difference_would_be_found(ours, theirs):
    compare = Comparison(ours, theirs)
    text, number = {"type": "string", "format": "uuid"}, {"type": "integer"}
    nullable = {"anyOf": [text, {"type": "null"}]}
    assert compare(nullable, text, "x")
    assert compare(text, nullable, "x")
    assert compare({"type": "string"}, text, "x")
    assert compare({"type": "array", "items": {"type": "object"}}, {"type": "array", "items": {}}, "x")
    record = {"type": "object", "properties": {"a": text, "b": number}}
    assert compare({**record, "required": ["a"]}, record, "x")
    assert compare(record, {**record, "required": ["a"]}, "x")
    assert compare({**record, "properties": {"a": text}}, record, "x")
    assert compare({**record, "additionalProperties": True}, record, "x") == []
