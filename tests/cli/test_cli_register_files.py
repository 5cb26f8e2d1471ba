"""Files of sources and flows: options beside them, registering again, failures in the middle, progress."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter import api


@pytest.fixture(autouse=True)
def _session(aero: Any) -> None:
    aero_jupyter.local()


def pass_on(**inputs: Any) -> Any:
    return next(iter(inputs.values()))


@pytest.fixture(scope="module")
def function(aero: Any) -> str:
    aero_jupyter.local()
    return api.register_function(pass_on)


SOURCE = "name: option source\nurl: http://minio:9000/option.csv\npolicy: INGESTION\ntimer: 300\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-g", "abc"), "--endpoint-uuid: 'abc' is not a UUID"),
        (("-v", "abc"), "--verifier: 'abc' is not a UUID"),
        (("-C", "abc"), "--collection-uuid: 'abc' is not a UUID"),
        (("-n", ""), "--name: text was expected, not ''"),
        (("-p", "INGESTON"), "--policy: There is no policy 'INGESTON'"),
        (("-p", "ANY"), "--policy: the policy ANY does not download a source"),
        (("-t", 0), "--timer: A timer of 0 s is out of range"),
        (("-p", "INGESTION_EVENT"), "line 4: Policy INGESTION_EVENT has no timer"),
        (("--no-copy",), "line 3: a source without copies runs no function"),
        (("-k", "n"), "'n' is not an argument"),
    ],
)
def test_an_option_beside_a_file_is_validated_as_the_files_values_are(
    command: Any, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    file = tmp_path / "source.yaml"
    file.write_text(SOURCE)
    code, out, error = command("create", "-f", file, *options)
    assert (code, out) == (1, "")
    assert said in error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-u", "http://h/x", "-n", "a", "-g", "abc"), "--endpoint-uuid: 'abc' is not a UUID"),
        (("-u", "http://h/x", "-n", "a", "-t", 60), "--timer: Policy INGESTION_EVENT has no timer"),
        (("-u", "http://h/x"), "the source has no name.\nWrite --name VALUE"),
        (("-n", "a"), "The source has no URL.\nWrite --url URL, or --file FILE"),
    ],
)
def test_options_alone_are_validated_too(command: Any, options: tuple[object, ...], said: str) -> None:
    code, out, error = command("create", *options)
    assert (code, out) == (1, "")
    assert said in error


def test_the_url_of_a_source_may_stand_in_an_option(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "source.yaml"
    file.write_text("name: url in option\nno_copy: true\n")
    code, out, _ = command("create", "-f", file, "-u", "http://minio:9000/in-option.csv", "--json")
    assert (code, json.loads(out)[0]["state"]) == (0, "created")


def test_a_function_in_an_option_completes_a_file(command: Any, tmp_path: Path, function: str) -> None:
    api.create_data_source("option input", "http://minio:9000/option-input.csv", no_copy=True)
    file = tmp_path / "flow.yaml"
    file.write_text("input_data:\n  x: {id: option input}\n")
    code, out, _ = command("register", "-f", file, "-u", function, "-p", 3, "-d", "from options", "-k", "n=1", "--json")
    record = api.get_flow(json.loads(out)[0]["flow_id"], inputs_only=False)
    assert (code, record["policy"], record["description"]) == (0, 3, "from options")
    assert record["function_args"]["kwargs"]["n"] == "1"
    assert "--function-uuid: 'abc' is not a UUID" in command("register", "-f", file, "-u", "abc")[2]


def test_a_schedule_without_a_timer_says_how_often_it_downloads(command: Any, caplog: pytest.LogCaptureFixture) -> None:
    code, out, _ = command("create", "-n", "daily", "-u", "http://minio:9000/daily.csv", "-p", "INGESTION", "--json")
    assert (code, "86400 s (1 day)" in caplog.text) == (0, True)
    api.delete_data_flows(json.loads(out)[0]["data_id"])


CHAIN = """\
name: chain source
url: http://minio:9000/chain.csv
no_copy: true
---
name: chain copy
url: http://minio:9000/chain-copy.csv
---
function_uuid: {function}
input_data:
  x: {{id: chain source}}
output_data:
  chain_result: {{}}
---
function_uuid: {function}
description: last of the chain
input_data:
  y: {{id: chain_result}}
"""


def test_a_file_whose_flows_read_each_other_is_registered_and_registered_again(
    command: Any, tmp_path: Path, function: str
) -> None:
    file = tmp_path / "chain.yaml"
    file.write_text(CHAIN.format(function=function))
    dry = json.loads(command("register", "-f", file, "--dry-run", "--json")[1])
    assert {each["state"] for each in dry} == {"would be created"}
    code, out, error = command("register", "-f", file)
    assert (code, error) == (0, "")
    source_id = aero_jupyter.current().client.resolve_data("chain source").id
    assert f"POST {aero_jupyter.current().client.base_url}data/{source_id}/notify\n" in out
    assert out.count("POST ") == 2
    assert [line.split()[0] for line in out.split("\n") if "created" in line] == ["source", "source", "flow", "flow"]
    first = json.loads(command("register", "-f", file, "--json")[1])
    assert [each["state"] for each in first] == ["exists"] * 4
    assert all(each["data_id"] or each["flow_id"] for each in first)
    dry = json.loads(command("register", "-f", file, "--dry-run", "--json")[1])
    assert [each["state"] for each in dry] == [
        "exists",
        "exists unless its function or kwargs differ",
        "exists",
        "exists",
    ]
    assert [data["name"] for page in api.list_metadata("data") for data in page].count("chain source") == 1


def test_an_unknown_input_is_reported_with_its_line_before_anything_is_sent(
    command: Any, tmp_path: Path, function: str
) -> None:
    file = tmp_path / "unknown.yaml"
    for unknown in ("chain unknown", "00000000-0000-0000-0000-000000000000"):
        text = f"- name: never sent\n  url: http://minio:9000/never.csv\n  no_copy: true\n- function_uuid: {function}\n"
        file.write_text(f"{text}  input_data:\n    x: {{id: {unknown}}}\n")
        code, out, error = command("register", "-f", file)
        assert (code, out, "unknown.yaml, line 4: input x: " in error) == (1, "", True)
    assert "never sent" not in command("list", "data", "--limit", 10_000)[1]


def test_a_failure_in_the_middle_shows_what_is_registered(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "middle.yaml"
    missing = "00000000-0000-0000-0000-00000000abcd"
    file.write_text(
        "- {name: middle a, url: 'http://minio:9000/middle-a.csv', no_copy: true}\n"
        f"- {{name: middle b, url: 'http://minio:9000/middle-b.csv', verifier: {missing}}}\n"
        "- {name: middle c, url: 'http://minio:9000/middle-c.csv', no_copy: true}\n"
    )
    code, out, error = command("register", "-f", file)
    assert (code, "middle a" in out, "middle c" in out) == (1, True, False)
    assert "1 of 3 are registered; the file can be registered again." in error
    file.write_text(file.read_text().replace(f", verifier: {missing}", ""))
    code, out, _ = command("register", "-f", file, "--json")
    assert (code, [each["state"] for each in json.loads(out)]) == (0, ["exists", "created", "created"])


def test_progress_is_shown_on_a_terminal_and_never_in_the_output(tmp_path: Path) -> None:
    file = tmp_path / "progress.yaml"
    file.write_text(
        "".join(f"- {{name: progress {n}, url: 'http://minio:9000/p{n}.csv', no_copy: true}}\n" for n in "ab")
    )
    reader, writer = pty.openpty()
    argv = [sys.executable, "-m", "aero_jupyter", "register", "-f", str(file), "--json"]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=writer, env=env, timeout=120)
    os.close(writer)
    shown = os.read(reader, 65_536).decode()
    os.close(reader)
    assert [each["state"] for each in json.loads(done.stdout)] == ["created", "created"]
    assert "2/2" in shown or "1/2" in shown
    assert "progress" in shown
