"""The main job on the real local AERO: sources become versions, analyses follow, results say whence they came."""

import inspect
import time
from pathlib import Path

import pytest

import aero_jupyter
from aero_jupyter import api, demo
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum

SMALL = b"sample_collect_date,sars_cov_2,influenza_a\n2022-10-04,95925.0,\n2022-10-06,142425.0,4275.0\n"
MORE = b"2022-10-09,111675.0,0.0\n"
CLEAN = """
import pandas as pd

def {name}(raw):
    print("cleaning")
    return pd.read_csv(raw).drop(columns=["influenza_a"])
"""
SMOOTH = """
import pandas as pd

def {name}(sewage, window=2):
    table = pd.read_csv(sewage)
    table["level"] = table["sars_cov_2"].rolling(window).mean()
    return table
"""


def ended(session, flow, count=1, timeout=120):
    """The newest run of a flow once `count` of its runs have ended."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        runs = list(session.client.list("run", match=flow.id))
        if len(runs) >= count and all(run.is_final for run in runs):
            return session.client.get_run(runs[0].id)
        session.client.wait_for_run(runs[0].id, timeout) if runs else None
    raise AssertionError(f"{flow.function_name} has {[run.state for run in runs]} after {timeout} s")


def ingestion(session, source, name, data):
    function = portable(CLEAN.format(name=name), source_parameter="raw")
    return session.register(function, outputs=[data], source=source.url, policy=PolicyEnum.INGESTION, timer=86_400)


def analysis(session, name, sewage, data):
    function = portable(SMOOTH.format(name=name))
    return session.register(function, inputs={"sewage": sewage}, outputs=[data], policy=PolicyEnum.ANY)


def test_a_changing_source_becomes_versions_and_the_analysis_follows(session, source):
    source.content = SMALL
    pull = ingestion(session, source, "clean_a", "sewage_a")
    assert ended(session, pull).state == "done"
    follow = analysis(session, "average_a", "sewage_a", "height_a")
    assert ended(session, follow).state == "done"

    assert ended(session, pull, len([session.client.run_flow(pull.id)]) + 1).state == "unchanged"
    source.content = SMALL + MORE
    session.client.run_flow(pull.id)
    level = session.client.resolve_data("height_a")
    session.client.wait_for_version(level.id, 2, 60)

    table = aero_jupyter.read("height_a")
    assert table["level"].tolist()[1:] == [119175.0, 127050.0]
    record = session.client.provenance(2, data_id=level.id)[0]
    assert [(version.data.name, version.version) for version in record.used] == [("sewage_a", 2)]
    assert len(aero_jupyter.read("sewage_a", 1)) == 2


def test_the_log_of_a_run_and_its_steps_are_kept(session, source):
    source.content = SMALL
    run = ended(session, ingestion(session, source, "clean_b", "sewage_b"))
    assert "cleaning" in run.log
    assert [step.name for step in run.steps] == ["pulling", "running", "committing"]


def test_the_journey_on_surveillance_data_that_grows(session, source):
    with demo.Plant(days=460) as plant:
        lines = plant.content().splitlines(keepends=True)
    source.content = b"".join(lines[:101])
    pull = ingestion(session, source, "clean_s", "growing")
    ended(session, pull)
    analysis(session, "average_s", "growing", "growing_level")
    for number, rows in enumerate((150, len(lines)), start=2):
        source.content = b"".join(lines[:rows])
        session.client.run_flow(pull.id)
        session.client.wait_for_version(session.client.resolve_data("growing_level").id, number, 60)
    assert [len(aero_jupyter.read("growing_level", number)) for number in (1, 2, 3)] == [100, 149, len(lines) - 1]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise ValueError('no samples')", "ValueError: no samples"),
        ("import os; os._exit(3)", "exit code 3"),
        ("import sys; sys.exit(3)", "sys.exit(3)"),
        ("return 7", "returned"),
        ("return None", "returned nothing"),
    ],
)
def test_a_function_that_fails_leaves_a_failed_run_with_its_cause_and_no_version(session, source, body, sentence):
    name = "bad_" + str(abs(hash(body)) % 10**6)
    source.content = SMALL
    function = portable(f"def {name}(raw):\n    {body}\n")
    flow = session.register(function, outputs=[name], source=source.url, policy=PolicyEnum.INGESTION, timer=86_400)
    run = ended(session, flow)
    assert run.state == "failed"
    assert sentence in run.error
    assert session.client.versions(flow.outputs[0].id) == []


def test_a_traceback_has_the_lines_of_the_cell(session, source):
    source.content = SMALL
    function = portable("\n\ndef broken(raw):\n    return 1 / 0\n")
    flow = session.register(function, outputs=["broken"], source=source.url, policy=PolicyEnum.INGESTION, timer=86_400)
    run = ended(session, flow)
    assert run.traceback.splitlines()[1].endswith("line 4, in broken")
    assert "return 1 / 0" in run.traceback


def test_a_megabyte_of_output_is_kept_in_part_and_does_no_harm(session, source):
    source.content = SMALL
    function = portable("def loud(raw):\n    print('x' * (1 << 20))\n    return raw\n")
    flow = session.register(function, outputs=["loud"], source=source.url, policy=PolicyEnum.INGESTION, timer=86_400)
    run = ended(session, flow)
    assert run.state == "done"
    assert "left out" in run.log


@pytest.mark.parametrize(
    ("status", "content", "headers", "sentence"),
    [
        (404, b"gone", {}, "404"),
        (500, b"oops", {}, "500"),
        (200, b"", {}, "empty"),
        (200, b"half", {"Content-Length": "400"}, "4"),
        (200, b"<html><body>log in</body></html>", {"Content-Type": "text/html"}, "web page"),
    ],
)
def test_an_error_of_the_source_never_becomes_a_version(session, source, status, content, headers, sentence):
    name = f"faulty_{status}_{len(content)}"
    source.status, source.content, source.headers = status, content, {**source.headers, **headers}
    flow = ingestion(session, source, name, name)
    run = ended(session, flow)
    assert (run.state, sentence in run.error) == ("failed", True)
    assert session.client.versions(flow.outputs[0].id) == []


def test_a_source_that_does_not_say_its_type_is_taken_for_what_it_holds(session, source):
    source.content, source.headers = SMALL, {}
    assert ended(session, ingestion(session, source, "untyped", "untyped")).state == "done"
    source.content = b"<!doctype html><title>log in</title>"
    flow = ingestion(session, source, "untyped_page", "untyped_page")
    assert ended(session, flow).error


def test_triggers_while_a_run_is_under_way_cause_exactly_one_more(session, source):
    source.content = SMALL
    function = portable("def slow(raw):\n    import time\n    time.sleep(2)\n    return raw\n")
    flow = session.register(function, outputs=["slow"], source=source.url, policy=PolicyEnum.INGESTION, timer=86_400)
    deadline = time.monotonic() + 180
    while "running" not in {run.state for run in session.client.list("run", match=flow.id)}:
        assert time.monotonic() < deadline
    waiting = {session.client.run_flow(flow.id).id for _ in range(5)}
    assert len(waiting) == 1
    ended(session, flow, 2)
    assert len(list(session.client.list("run", match=flow.id))) == 2


def documented(raw):
    return raw


def each(n):
    path = Path(f"{n}.txt")
    path.write_text(str(n))
    return path


def test_the_documented_functions_do_the_same_job(session, source):
    source.content = SMALL
    function_id = api.register_function(documented)
    outputs = {"documented": {"url": source.url}}
    flow = api.register_flow(
        session.endpoint_id("local"), function_id, output_data=outputs, policy=PolicyEnum.INGESTION, timer_delay=3600
    )
    assert outputs == {"documented": {"url": source.url}}
    assert flow["timer_job_id"]
    session.client.wait_for_version(flow["contributed_to"][0]["id"], 1, 60)
    assert [row["version"] for row in api.list_versions(flow["contributed_to"][0]["id"])] == [1]
    assert "documented" in {row["name"] for row in api.search_sources("documented")}
    pages = list(api.list_metadata("data"))
    assert all(len(page) <= 15 for page in pages)
    with pytest.raises(api.ClientError):
        api.register_flow(session.endpoint_id("local"), function_id, output_data=outputs, policy=PolicyEnum.INGESTION)


def cleaned(raw):
    import csv

    from aero_client.utils import AeroOutput

    with open(raw) as source, open("clean.csv", "w") as kept:
        csv.writer(kept).writerows(row[:2] for row in csv.reader(source))
    return AeroOutput(name="as_before", path="clean.csv")


def test_a_script_written_for_the_older_client_runs_after_changing_its_imports(session, source):
    from aero_jupyter.api import register_flow
    from aero_jupyter.jobs import database_commit, download
    from aero_jupyter.utils import PolicyEnum, register_function

    source.content = SMALL
    flow = register_flow(
        endpoint_uuid=session.endpoint_id("local"),
        function_uuid=register_function(cleaned),
        output_data={"as_before": {"url": source.url}},
        policy=PolicyEnum.INGESTION,
        timer_delay=3600,
        pull_function_uuid=register_function(download),
        commit_function_uuid=register_function(database_commit),
    )
    session.client.wait_for_version(flow["contributed_to"][0]["id"], 1, 60)
    assert list(aero_jupyter.read("as_before").columns) == ["sample_collect_date", "sars_cov_2"]


def test_every_kwargs_of_a_config_runs(session, tmp_path):
    config = tmp_path / "kwargs.json"
    config.write_text('[{"n": 1}, {"n": 2}, {"n": 3}]')

    flow = api.register_flow(
        session.endpoint_id("local"), api.register_function(each), output_data={"each": {}}, config=str(config)
    )
    session.client.wait_for_run(session.client.run_flow(flow["id"]).id, 180)
    assert len(api.list_versions(flow["contributed_to"][0]["id"])) == 3


def test_a_timer_where_the_policy_has_none_is_refused_clearly(session):
    with pytest.raises(InvalidArgument, match="has no timer"):
        api.register_flow("e", "f", policy=PolicyEnum.ANY, timer_delay=5)


def test_the_documented_signatures_are_kept():
    parameters = inspect.signature(api.register_flow).parameters
    assert list(parameters) == [
        "endpoint_uuid", "function_uuid", "input_data", "output_data", "kwargs", "config", "description", "policy",
        "timer_delay", "pull_function_uuid", "commit_function_uuid",
    ]  # fmt: skip
    assert parameters["policy"].default is PolicyEnum.NONE
    assert inspect.signature(api.get_flow).parameters["inputs_only"].default is True
