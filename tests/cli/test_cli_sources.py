"""The commands that create sources, register flows from files, and manage types and flows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter import api
from aero_jupyter.session.flow_files import read_definitions


@pytest.fixture(autouse=True)
def _session(aero: Any) -> None:
    aero_jupyter.local()


def double(**inputs: Any) -> Any:
    return next(iter(inputs.values()))


def test_upstream_s_options_create_a_source_without_copies(command: Any) -> None:
    code, out, _ = command(
        "create", "--name", "cli reports", "--type", "cli traffic", "--no-copy", "--url", "http://minio:9000/cli/a.gz",
        "--json",
    )  # fmt: skip
    assert code == 0
    (made,) = json.loads(out)
    assert (made["state"], made["flow_id"]) == ("created", None)
    _, out, _ = command("create", "--type", "cli traffic", "--url", "http://minio:9000/cli/**/*.gz", "--json")
    (joined,) = json.loads(out)
    assert (joined["state"], joined["data_id"]) == ("URL added", made["data_id"])
    _, out, _ = command("types", "cli traffic", "--json")
    assert [each["object_key"] for each in json.loads(out)[0]["urls"]] == ["cli/**/*.gz", "cli/a.gz"]
    code, out, _ = command("types", "cli traffic", "--remove-url", "http://minio:9000/cli/a.gz")
    assert (code, "cli/a.gz" in out, "cli/**/*.gz" in out) == (0, False, True)


SOURCE_YAML = """\
name: cli output
url: https://travelmidwest.example/lmiga/LinkTrafficReport.xml.gz
description: Midwest Traffic 5min Pull
policy: INGESTION
timer: 300
kwargs:
  bin_freq: 5min
"""


def test_upstream_s_source_file_is_read_and_options_replace_its_values(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "timed-source.yaml"
    file.write_text(SOURCE_YAML)
    code, out, _ = command("create", "-f", file, "-t", 3600, "-k", "bin_freq=1min", "--json")
    (made,) = json.loads(out)
    record = api.get_flow(made["flow_id"], inputs_only=False)
    assert (code, record["timer"], record["policy"]) == (0, 3600, 0)
    assert record["function_args"]["kwargs"]["bin_freq"] == "1min"
    api.delete_data_flows(made["data_id"])


FLOWS_YAML = """\
- function_uuid: {function}
  policy: ANY
  description: sum of one
  input_data:
    x: {{id: {data}, version: null}}
  output_data:
    cli_sum_one: {{}}
  kwargs:
  - {{n: 1}}
  - {{n: 2}}
- function_uuid: {function}
  input_data:
    x:
      id: cli input
      fetch: false
"""


def test_a_file_of_several_flows_is_registered_once(command: Any, tmp_path: Path) -> None:
    data = api.create_data_source("cli input", "http://minio:9000/cli-input.csv", no_copy=True)["id"]
    file = tmp_path / "flows.yaml"
    file.write_text(FLOWS_YAML.format(function=api.register_function(double), data=data))
    code, out, _ = command("register", "-f", file, "--dry-run", "--json")
    assert (code, [each["state"] for each in json.loads(out)]) == (0, ["would be created", "would be created"])
    assert api.get_data_flows(data) == []
    _, out, _ = command("register", "-f", file, "--json")
    first, second = json.loads(out)
    assert [first["state"], second["state"]] == ["created", "created"]
    arguments = api.get_flow(first["flow_id"], inputs_only=False)["function_args"]
    assert [each["kwargs"]["n"] for each in arguments] == [1, 2]
    assert api.get_flow(second["flow_id"])["x"]["fetch"] is False
    _, out, _ = command("register", "-f", file, "--json")
    assert [each["state"] for each in json.loads(out)] == ["exists", "exists"]
    code, _, error = command("delete-flows", data)
    assert (code, "--yes" in error) == (1, True)
    code, out, _ = command("delete-flows", "cli input", "--yes", "--json")
    assert (code, len(json.loads(out))) == (0, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nurl: http://h/x\npolicy: INGESTON\n", "line 3: There is no policy 'INGESTON'"),
        ("name: a\nurl: http://h/x\nurls: 1\n", "line 3: there is no key urls"),
        ("name: a\nurl: http://h/x\nno_copy: yess\n", "line 3: true or false was expected"),
        ("name: a\nurl: http://h/x\ntimer: 60\n", "line 3: Policy INGESTION_EVENT has no timer"),
        ("name: a\nurl: http://h/x\nno_copy: true\nkwargs: {a: 1}\n", "line 4: a source without copies"),
        ("url: http://h/x\n", "line 1: the source has no name"),
        ("name: a\nname: b\nurl: http://h/x\n", "line 2: name appears twice"),
        ("name: [a\n", "this is not YAML"),
        ("", "describes no source and no flow"),
        ("- 1\n", "line 1: a mapping of keys to values was expected"),
        (
            "input_data:\n  x: {version: 1}\nfunction_uuid: 6f76e7b5-0f1d-4b4d-9769-e8b85dca5266\n",
            "line 2: x has no id",
        ),
        ("function_uuid: abc\n", "line 1: 'abc' is not a UUID"),
        ("function_uuid: 6f76e7b5-0f1d-4b4d-9769-e8b85dca5266\npolicy: TIMER\n", "line 1: the flow has no timer"),
        ("description: d\n", "line 1: the flow has no function_uuid"),
        ("name: a\nurl: http://h/x\nkwargs: {since: 2024-01-01}\n", "line 3: a value is not JSON"),
        ("name: a\nurl: http://h/x\nkwargs: {level: .nan}\n", "line 3: a value is not JSON"),
        ("name: a\nurl: http://h/x\n<<: 1\n", "line 3: << cannot be read"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_line_and_nothing_is_sent(
    command: Any, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    code, out, error = command("register", "-f", file)
    assert (code, out) == (1, "")
    assert "wrong.yaml" in error
    assert message in error


def test_a_definition_takes_keys_from_another_mapping(tmp_path: Path) -> None:
    file = tmp_path / "merged.yaml"
    text = "- &first {name: m1, url: http://h/1, no_copy: true, description: d}\n- {<<: *first, name: m2}\n"
    file.write_text(
        text + "- function_uuid: 6f76e7b5-0f1d-4b4d-9769-e8b85dca5266\n  input_data: {x: {id: m1}}\n"
        "  output_data:\n    plain:\n"
    )
    first, second, flow = read_definitions(file)
    assert second.values == {**first.values, "name": "m2"}
    assert flow.values["output_data"] == {"plain": {}}


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_type_that_stores_copies_takes_no_source_without_copies(command: Any, more: tuple[str, ...]) -> None:
    options = ("create", "-n", "cli copied", "-u", "http://minio:9000/cli-copied.csv", "--type", "cli copied")
    assert command(*options)[0] == 0
    code, _, error = command(*options, "--no-copy", *more)
    assert (code, "Type cli copied stores copies." in error) == (1, True)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
@pytest.mark.parametrize("url", ["http://minio:9000/*.csv", "ftp://minio/a.csv", "minio/a.csv"])
def test_a_dry_run_refuses_what_the_registration_refuses(command: Any, url: str, more: tuple[str, ...]) -> None:
    code, out, error = command("create", "-n", "cli_refused", "-u", url, *more)
    assert (code, out.strip()) == (1, "")
    assert "is not the address of a source" in error or "a pattern needs a source type" in error


@pytest.mark.parametrize("change", ["--add-url", "--remove-url"])
def test_a_change_of_an_unknown_type_says_where_the_types_are(command: Any, change: str) -> None:
    code, _, error = command("types", "cli nowhere", change, "http://minio:9000/nowhere.csv")
    assert code == 1
    assert error.splitlines() == [
        "Type cli nowhere not found.",
        "List the types and their URLs with aero-jupyter types",
    ]


def test_an_empty_catalogue_of_types_says_what_to_do(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(aero_jupyter.current().client), "source_types", lambda self: [])
    code, out, _ = command("types")
    assert (code, "aero-jupyter create --type" in out) == (0, True)


def test_a_configuration_file_is_put_in_its_place(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "home" / "config.toml"
    monkeypatch.setenv("AERO_CONFIG_FILE", str(target))
    file = tmp_path / "new.toml"
    file.write_text(
        '[testing]\nclient_uuid = "c"\nportal_client_id = "p"\ncache_dir = "/x"\nserver = "https://h/fhwa"\n'
    )
    code, _, error = command("configure", "-f", file)
    assert (code, "There is no profile 'default'" in error, target.exists()) == (1, True, False)
    code, out, _ = command("configure", "-f", file, "-p", "testing")
    assert (code, json.loads(out)["server"]) == (0, "https://h/fhwa/")
    assert target.read_text() == file.read_text()
