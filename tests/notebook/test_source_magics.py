"""The magics of sources in a shell, on the local AERO: types, notifications, sources without copies, deletion."""

from __future__ import annotations

import json
import subprocess

import pytest
from support.http_serving import serve_in_thread
from support.object_bucket import Bucket

import aero_jupyter
from aero_jupyter.core.errors import UnknownName
from aero_jupyter.notebook.source_facts import newest_last, notify_command, type_rows

READ = """%%aero_register --source report={bucket.url}/{folder}/*.csv --type {type} --output {output} {more}
import pandas as pd
def read_{folder}(report: pd.DataFrame):
    return report
"""
URL_OF = """%%aero_register --source {name}={url}/*.csv --no-copy --type {name} --output {output} --no-fetch {name}
import pandas as pd
def urls_of_{name}({name}_url, {name}_version):
    return pd.DataFrame({{"url": [{name}_url], "version": [{name}_version]}})
"""


@pytest.fixture(scope="module")
def bucket():
    with serve_in_thread(Bucket()) as bucket:
        yield bucket


@pytest.fixture
def run(shell, bucket):
    """Run a cell and return its result."""
    shell.user_ns["bucket"] = bucket

    def run(cell):
        assert shell.run_cell(cell).success
        return shell.user_ns["_aero"]

    return run


def put(bucket, *paths):
    for path in paths:
        bucket.objects[path] = (f"path\n{path}\n".encode(), path.replace("/", "_"))


def read_cell(bucket, folder, output, more="", type=""):
    return READ.format(bucket=bucket, folder=folder, output=output, more=more, type=type or folder)


def test_an_object_of_a_pattern_that_notifies_is_downloaded_and_named_by_its_version(run, bucket):
    put(bucket, "/sm_days/mon.csv", "/sm_days/tue.csv")
    card = run(read_cell(bucket, "sm_days", "sm_days"))
    assert repr(card).splitlines()[1].startswith("Downloaded when notified.")

    assert repr(run("%aero_notify sm_days --key sm_days/mon.csv")).startswith("✓ sm_days is downloaded")
    run("%aero_get sm_days --wait 120")
    run("%aero_notify sm_days --url {bucket.url}/sm_days/tue.csv")
    assert list(run("%aero_get sm_days --version 2 --wait 120")["path"]) == ["/sm_days/tue.csv"]

    versions = run("%aero_versions sm_days")
    assert list(versions["object"]) == ["sm_days/mon.csv", "sm_days/tue.csv"]
    assert "sm_days/mon.csv" in repr(versions)


def test_types_list_their_patterns_with_the_objects_that_were_seen(run, bucket):
    put(bucket, "/sm_types/a.csv", "/sm_types/b.csv", "/sm_more/c.csv")
    run(read_cell(bucket, "sm_types", "sm_types"))
    run("%aero_notify sm_types --key sm_types/a.csv")
    run("%aero_get sm_types --wait 120")

    added = run("%aero_types sm_types --add-url {bucket.url}/sm_more/c.csv")
    assert dict(zip(added["url"], added["objects"], strict=True)) == {
        f"{bucket.url}/sm_types/*.csv": 1,
        f"{bucket.url}/sm_more/c.csv": 0,
    }
    assert "sm_types/a.csv" in list(added["newest object"])
    assert list(added["stores"]) == ["copies", "copies"]

    removed = run("%aero_types sm_types --remove-url {bucket.url}/sm_more/c.csv")
    assert list(removed["url"]) == [f"{bucket.url}/sm_types/*.csv"]
    assert "sm_types" in list(run("%aero_types")["name"])


def test_a_second_registration_with_the_type_adds_its_url(run, bucket):
    put(bucket, "/sm_first/a.csv", "/sm_second/b.csv")
    first = run(read_cell(bucket, "sm_first", "sm_joined", type="sm_joined"))
    again = read_cell(bucket, "sm_first", "sm_joined", type="sm_joined").replace("/sm_first/*", "/sm_second/*")
    assert run(again).flow.id == first.flow.id
    assert [url.rsplit("/", 2)[1] for url in run("%aero_types sm_joined")["url"]] == ["sm_first", "sm_second"]


def test_a_source_without_copies_starts_the_function_with_the_url_of_the_object(run, bucket):
    put(bucket, "/sm_live/a.csv")
    cell = URL_OF.format(url=f"{bucket.url}/sm_live", name="sm_live", output="sm_live_urls")
    card = run(cell)
    assert card.flow.inputs[0].no_copy
    assert "next: when sm_live changes" in repr(card)
    assert run(cell).flow.id == card.flow.id

    made = repr(run("%aero_notify sm_live --key sm_live/a.csv --etag one --size 5"))
    assert made.startswith("✓ Version 1 of sm_live")
    assert run("%aero_get sm_live_urls --wait 120").to_dict("records") == [
        {"url": f"{bucket.url}/sm_live/a.csv", "version": 1}
    ]
    assert repr(run("%aero_notify sm_live --key sm_live/a.csv --etag one --size 5")).startswith("= No new version")
    forced = run("%aero_notify sm_live --key sm_live/a.csv --etag one --size 5 --force")
    assert repr(forced).startswith("✓ Version 2 of sm_live")


def test_a_source_is_registered_without_a_function(run, bucket):
    put(bucket, "/sm_plain/a.csv")
    card = run("%aero_register --source sm_plain={bucket.url}/sm_plain/a.csv --every 1d --description 'As it is'")
    assert run("%aero_register --source sm_plain={bucket.url}/sm_plain/a.csv --every 1d").flow.id == card.flow.id
    assert card.flow.description == "As it is"
    assert list(run("%aero_get sm_plain --wait 120")["path"]) == ["/sm_plain/a.csv"]

    kept = run("%aero_register --source sm_apart={bucket.url}/sm_apart/*.csv --no-copy --type sm_apart")
    assert "no copies" in repr(kept)
    assert aero_jupyter.current().client.resolve_data("sm_apart").no_copy


def test_a_file_registers_what_it_describes(run, bucket, tmp_path):
    file = tmp_path / "flows.yaml"
    file.write_text(f"name: sm_of_file\nurl: {bucket.url}/sm_of_file/a.csv\npolicy: INGESTION_EVENT\n")
    would = run(f"%aero_register --file {file} --dry-run")
    assert list(would["state"]) == ["would be created"]
    made = run(f"%aero_register --file {file}")
    assert list(made["state"]) == ["created"]
    assert list(made["name"]) == ["sm_of_file"]


def test_a_mistake_in_a_file_is_reported_with_its_line(error_lines, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("name: sm_wrong\nurl: http://h/a.csv\npolicy: SOMETIMES\n")
    assert error_lines(f"%aero_register --file {file}")[0].startswith(
        "wrong.yaml, line 3: There is no policy 'SOMETIMES'"
    )


def test_a_file_with_an_unknown_input_registers_nothing(error_lines, bucket, tmp_path):
    file = tmp_path / "flows.yaml"
    source = f"name: sm_before\nurl: {bucket.url}/sm_before/a.csv\n"
    flow = "function_uuid: 6f76e7b5-0f1d-4b4d-9769-e8b85dca5266\ninput_data:\n  x: {id: sm_of_nobody}\n"
    file.write_text(f"{source}---\n{flow}")
    assert error_lines(f"%aero_register --file {file}")[0].startswith("flows.yaml, line 4: input x: ")
    with pytest.raises(UnknownName):
        aero_jupyter.current().client.resolve_data("sm_before")


def test_each_set_of_arguments_calls_the_function_and_an_optional_output_may_be_missing(run, tmp_path):
    file = tmp_path / "sets.yaml"
    file.write_text("- {n: 2}\n- {n: 3}\n")
    cell = f"""%%aero_register --kwargs-file {file} --kwarg by=10 --output sm_product --optional-output sm_odd
import pandas as pd
def sm_multiply(n, by):
    made = {{"sm_product": pd.DataFrame({{"n": [n * by]}})}}
    return made | ({{"sm_odd": made["sm_product"]}} if n % 2 else {{}})
"""
    card = run(cell)
    assert card.flow.arguments == ({"n": 2, "by": 10}, {"n": 3, "by": 10})
    assert run(cell).flow.id == card.flow.id
    run("%aero_run sm_multiply")
    assert [list(aero_jupyter.read("sm_product", version=number)["n"]) for number in (1, 2)] == [[20], [30]]
    assert list(aero_jupyter.read("sm_odd")["n"]) == [30]


def test_options_of_an_endpoint_are_stored_with_the_flow(run, capsys):
    cell = """%%aero_register --output sm_config --endpoint-config account=phy123,queue=debug --endpoint-config nodes=2
def sm_config():
    return "a.csv"
"""
    card = run(cell)
    assert card.flow.endpoint_config == {"account": "phy123", "queue": "debug", "nodes": 2}
    assert "The local endpoint has no template, so account, queue, nodes have no effect" in capsys.readouterr().out
    assert run(cell).flow.id == card.flow.id


def test_other_options_of_an_endpoint_are_another_flow(run, error_lines):
    cell = (
        "%%aero_register --output sm_other_config --endpoint-config account={}\ndef sm_other():\n    return 'a.csv'\n"
    )
    run(cell.format("one"))
    assert "its endpoint options were {'account': 'one'}" in error_lines(cell.format("two"))[0]


def test_deleting_the_flows_of_a_dataset_asks_first(run, bucket):
    put(bucket, "/sm_gone/a.csv")
    flow = run(read_cell(bucket, "sm_gone", "sm_gone")).flow
    panel = run("%aero_delete_flows sm_gone")
    assert "Delete 1 flow of sm_gone?" in repr(panel)
    assert "read_sm_gone makes it" in repr(panel)
    assert aero_jupyter.current().client.get_flow(flow.id)

    panel.act({"do": "keep"})
    assert "Nothing was deleted." in repr(panel)
    panel.confirm()
    assert repr(panel).startswith("✓ 1 flow of sm_gone deleted.")
    assert repr(run("%aero_delete_flows sm_gone")) == "No flow makes or reads sm_gone."
    assert aero_jupyter.current().client.resolve_data("sm_gone").name == "sm_gone"


def test_flows_that_came_meanwhile_are_asked_for_again(run, bucket):
    run(read_cell(bucket, "sm_asked", "sm_asked"))
    panel = run("%aero_delete_flows sm_asked")
    run("%%aero_register --input x=sm_asked --output sm_reader\ndef sm_reader(x):\n    return x\n")
    panel.confirm()
    assert "The flows have changed. Nothing was deleted." in repr(panel)
    assert "Delete 2 flows of sm_asked?" in repr(panel)
    panel.confirm()
    assert repr(panel).startswith("✓ 2 flows of sm_asked deleted.")


def test_the_copied_line_notifies(run, bucket):
    run("%aero_register --source sm_curl={bucket.url}/sm_curl/a.csv --no-copy")
    put(bucket, "/sm_curl/a.csv")
    session = aero_jupyter.current()
    line = notify_command(session, session.client.resolve_data("sm_curl").id, "sm_curl/a.csv")
    assert session.state.token not in line
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["status"] == "version created"


REFUSED = {
    "%aero_register": ("There is no source and no file to register.", "--source NAME=URL or --file FILE"),
    "%aero_register --source a=http://h/a --file b.yaml": ("--file and --source were given.", "leave one out"),
    "%aero_register --source a=http://h/a --dry-run": ("--dry-run needs --file.", "--file FILE"),
    "%aero_register --source a=http://h/*.csv": ("a pattern needs a source type", "Add --type TYPE"),
    "%aero_register --source a=http://h/*.csv --type t --every 1d": (
        "A pattern cannot be downloaded on a schedule",
        "Leave --every",
    ),
    "%aero_register --source a=http://h/a --no-copy --every 1d": ("--every is for a download", "Leave --every out."),
    "%aero_register --source a=http://h/a --policy any": ("Policy any downloads no source.", "--policy event"),
    "%aero_register --file nowhere.yaml": ("nowhere.yaml cannot be read", "Name a YAML file."),
    "%aero_types nowhere": ("There is no source type 'nowhere'.", ""),
    "%aero_types --add-url http://h/a": ("The type of the URL is missing.", "%aero_types TYPE --add-url URL"),
    "%aero_types t --add-url http://h/a --remove-url http://h/a": ("--add-url and --remove-url were given.", ""),
    "%aero_notify xqzjvk": ("There is no data named 'xqzjvk'.", "%aero_list data"),
    "%aero_notify a --size much": ("--size: much is not a whole number.", "%aero_notify? lists its arguments."),
    "%aero_delete_flows xqzjvk": ("There is no data named 'xqzjvk'.", "%aero_list data"),
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_done_is_refused_with_a_cure(error_lines, line):
    happened, cure = REFUSED[line]
    lines = error_lines(line)
    assert happened in lines[0]
    assert cure in lines[1]


REFUSED_CELLS = {
    "--no-copy": ("--no-copy needs a source", "Add --source NAME=URL."),
    "--source x=http://h/a --no-copy --every 1d": ("--every is for a download", "Leave --every or --no-copy out."),
    "--source x=http://h/a --no-copy --header A=$B": ("--header is for a download", "Leave --header"),
    "--source x=http://h/a --no-copy --input x=influent": ("--input and --source both name x.", "Leave one out."),
    "--source x=http://h/a --no-copy --dry-run --output o": ("has none before a notification", "Leave --dry-run out"),
    "--source x=http://h/*.csv --type t --dry-run": ("a pattern matches several objects", "Leave --dry-run out"),
    "--type t --kwarg x=1": ("--type needs a source", "Add --source NAME=URL."),
    "--input x=influent --no-fetch x": ("has no parameter x_url for its URL", "Rename the parameter x to x_url"),
    "--file flows.yaml": ("does not know --file flows.yaml", "%aero_register --file FILE"),
    "--input x=influent --no-fetch y": ("--no-fetch y names no input.", "x"),
    "--kwargs-file nowhere.yaml": ("nowhere.yaml cannot be read", "Name a YAML file."),
    "--kwarg x=1 --endpoint-config account": ("--endpoint-config account is not NAME=VALUE.", "NAME=VALUE"),
    "--kwarg x=1 --endpoint-config a=1,a=2": ("--endpoint-config a is given twice.", "Leave one out."),
}


@pytest.mark.parametrize("line", REFUSED_CELLS)
def test_a_cell_with_options_that_make_no_sense_is_refused(error_lines, influent, line):
    happened, cure = REFUSED_CELLS[line]
    lines = error_lines(f"%%aero_register {line}\ndef sm_refused(x):\n    return x\n")
    assert happened in lines[0]
    assert cure in lines[1]


def test_a_function_that_takes_the_url_of_an_input_is_told_how_to_leave_out_the_download(error_lines, influent):
    lines = error_lines("%%aero_register --input x=influent\ndef sm_by_url(x_url):\n    return x_url\n")
    assert "has no parameter 'x'" in lines[0]
    assert "Add --no-fetch x" in lines[1]


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("n: 1\n", "is no list of arguments."),
        ("[]\n", "has 0 sets of arguments."),
        ("- {n: 2026-01-01}\n", "line 1: a value is not JSON"),
        ("- 3\n", "kwargs must be a mapping"),
        ("- {n: [}\n", "line 1: this is not YAML"),
    ],
)
def test_a_file_of_arguments_is_read_whole_or_refused(error_lines, tmp_path, text, happened):
    file = tmp_path / "kwargs.yaml"
    file.write_text(text)
    assert happened in error_lines(f"%%aero_register --kwargs-file {file} --output sm_o\ndef f(n):\n    return n\n")[0]


def test_an_argument_of_a_set_is_not_overwritten_by_a_shared_one(error_lines, tmp_path):
    file = tmp_path / "sets.yaml"
    file.write_text("- {n: 2}\n- {n: 3, by: 4}\n")
    cell = f"%%aero_register --kwargs-file {file} --kwarg by=10 --output sm_o\ndef f(n, by):\n    return n\n"
    assert error_lines(cell) == [f"--kwarg by is also in {file}.", "Leave one out."]


def test_a_pattern_is_shown_with_each_object_that_it_matches():
    source_type = {
        "name": "t",
        "data_id": "1",
        "no_copy": True,
        "urls": [
            {"url": "https://h/b/*.csv", "object_key": "b/*.csv"},
            {"url": "https://h/c?token=x", "object_key": "c"},
        ],
    }
    rows = type_rows(source_type, newest_last(["b/1.csv", "c", None, "b/2.csv", "b/1.csv"]))
    assert rows[0][1:5] == ("no copies", "https://h/b/*.csv", 2, "b/1.csv")
    assert rows[1][2:5] == ("https://h/c?token=…", 1, "c")
