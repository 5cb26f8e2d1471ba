"""A function replayed over the versions of a dataset on the local AERO."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from support.local_server import LocalAeroServer

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import FunctionRefused, InvalidArgument
from aero_jupyter.core.policy import PolicyEnum

CASES, POPULATION = "replayed cases", "replayed population"
#: Calls of a replay that is killed.
LONG = 30


@pytest.fixture(scope="module")
def session(aero):
    return aero_jupyter.local()


@pytest.fixture(scope="module")
def times(session, aero):
    """Fill two datasets in turns: cases 1, population 1, cases 2, cases 3, population 2, cases 4."""
    server = LocalAeroServer(aero)
    cases, population = server.add_data(CASES), server.add_data(POPULATION)
    for number, data in enumerate([cases, population, cases, cases, population, cases], 1):
        server.add_version(data, f"geo,count\nA,{number}\nB,{number * 10}\n".encode())
    return [version.created_at for version in session.client.versions(cases["id"])]


def function(text: str):
    return portable(text, text.partition("def ")[2].partition("(")[0])


TOTAL = function("import pandas as pd\ndef total(cases: pd.DataFrame):\n    return int(cases['count'].sum())\n")
BOTH = function(
    "import pandas as pd\ndef both(cases: pd.DataFrame, people: pd.DataFrame, more=0):\n"
    "    return {'cases': int(cases['count'][0]), 'people': int(people['count'][0]), 'more': more}\n"
)


def replay(function, *args, **options):
    return aero_jupyter.replay(function, CASES, *args, **options)


def test_every_version_is_replayed_with_its_number_and_its_time(times) -> None:
    found = replay(TOTAL)
    assert list(found.results.columns) == ["version", "as_of", "value"]
    assert found.results["version"].tolist() == [1, 2, 3, 4]
    assert found.results["value"].tolist() == [11, 33, 44, 66]
    assert found.results["as_of"].tolist() == [pd.Timestamp(time) for time in times]
    assert found.failures.empty
    assert repr(found).startswith("4 rows of 4 versions; 0 failed")


def test_other_inputs_are_as_of_the_same_instant_and_none_is_later(times) -> None:
    found = replay(BOTH, inputs={"people": POPULATION, "cases": CASES}, kwargs={"more": 7})
    assert found.results[["version", "cases", "people", "more"]].to_numpy().tolist() == [
        [2, 3, 2, 7], [3, 4, 2, 7], [4, 6, 5, 7],
    ]  # fmt: skip
    assert found.failures["version"].tolist() == [1]
    assert found.failures["error"][0].startswith(f"Input people: {POPULATION} had no version as of 2")
    assert "<th>people</th>" in found._repr_html_()
    assert "had no version as of" in found._repr_html_()


def test_versions_and_instants_are_chosen(times) -> None:
    assert replay(TOTAL, [4, 2]).results["version"].tolist() == [2, 4]
    assert replay(TOTAL, since=times[2]).results["version"].tolist() == [3, 4]
    assert replay(TOTAL, since=times[0].date()).results["version"].tolist() == [1, 2, 3, 4]
    spaced = replay(TOTAL, every=times[2] - times[0]).results
    assert spaced["as_of"][0] == pd.Timestamp(times[0])
    assert spaced["as_of"].diff()[1:].eq(times[2] - times[0]).all()
    assert spaced["version"].tolist()[:2] == [1, 3]
    with pytest.raises(InvalidArgument, match="No version was in force at an instant from 2020-01-01 00:00:00 UTC on"):
        replay(TOTAL, since="2020-01-01", every="7000d")


def test_what_cannot_be_chosen_is_refused(times) -> None:
    with pytest.raises(InvalidArgument, match="There is no version 9 to replay") as error:
        replay(TOTAL, [9])
    assert error.value.cure == "Choose from: 1 to 4"
    with pytest.raises(InvalidArgument, match="No version was in force at an instant from 2100-01-01"):
        replay(TOTAL, since="2100-01-01")
    with pytest.raises(InvalidArgument, match="choose different versions"):
        replay(TOTAL, [1], every="7d")
    with pytest.raises(InvalidArgument, match="The interval is not positive"):
        replay(TOTAL, every=dt.timedelta(0))
    with pytest.raises(InvalidArgument, match=r"both\(\) does not name the parameter of replayed cases") as error:
        replay(BOTH)
    assert error.value.cure == f"Name it: inputs={{'cases': '{CASES}'}}"
    with pytest.raises(InvalidArgument, match="A function of the notebook has no output to store"):
        replay(TOTAL, commit=True)
    with pytest.raises(InvalidArgument, match="no outputs to choose from"):
        replay(TOTAL, output="x")


def test_a_flow_is_replayed_with_its_arguments_and_its_table_has_the_stored_types(session, times) -> None:
    text = (
        "import pandas as pd\ndef weekly(cases: pd.DataFrame, people: pd.DataFrame, factor=1):\n"
        "    day = pd.to_datetime(['2026-01-05'] * len(cases))\n"
        "    return cases.assign(count=cases['count'] * factor, day=day, people=people['count'], version='own')\n"
    )
    flow = session.register(
        function(text),
        inputs={"cases": CASES, "people": POPULATION},
        versions={"people": 2},
        kwargs={"factor": 2},
        outputs=["replayed weekly"],
        policy=PolicyEnum.NONE,
    )
    found = replay("weekly")
    assert found.failures["version"].tolist() == [1, 2, 3]
    assert f"Input people: {POPULATION}@2 was made later, at 2" in found.failures["error"][2]
    session.client.wait_for_run(session.client.run_flow(flow.id).id, 120)
    stored = aero_jupyter.read("replayed weekly").rename(columns={"version": "version_result"})
    assert_frame_equal(found.results.drop(columns=["version", "as_of"]), stored)
    assert replay(flow, kwargs={"factor": 1}).results["count"].tolist() == [6, 60]
    with pytest.raises(InvalidArgument, match="weekly makes replayed weekly, not other"):
        replay(flow, output="other")
    with pytest.raises(InvalidArgument, match="A flow has its own inputs"):
        replay(flow, inputs={"cases": CASES})


def test_a_flow_that_does_not_read_the_dataset_is_refused(session, times) -> None:
    maker = session.register(
        function("def maker():\n    return 'x'\n"), outputs=["replayed made"], policy=PolicyEnum.NONE
    )
    with pytest.raises(InvalidArgument, match="maker does not read replayed cases") as error:
        replay(maker)
    assert error.value.cure == "Replay a flow that reads a dataset."


def test_a_function_without_source_code_is_refused(session, aero, times) -> None:
    server = LocalAeroServer(aero)
    flow = server.add_flow([{"id": session.client.resolve_data(CASES).id, "name": "cases"}], [])
    with pytest.raises(FunctionRefused, match="has no source code that can be replayed"):
        replay(flow["id"])


def counting(path) -> str:
    """Return a function that notes each call in a file, and fails on version 3 while the file has no 'go on'."""
    return (
        "import pandas as pd\ndef counted(cases: pd.DataFrame, cases_version=None):\n"
        f"    path = {str(path)!r}\n"
        "    with open(path) as file:\n        text = file.read()\n"
        "    if cases_version == 3 and 'go on' not in text:\n        raise ValueError('no third')\n"
        "    with open(path, 'a') as file:\n        file.write(f'{cases_version}\\n')\n"
        "    return cases_version\n"
    )


def test_a_failure_is_beside_the_results_and_only_failed_calls_are_repeated(times, tmp_path) -> None:
    path = tmp_path / "calls"
    path.write_text("")
    counted = function(counting(path))
    found = replay(counted)
    assert found.results["version"].tolist() == [1, 2, 4]
    assert found.failures["version"].tolist() == [3]
    assert found.failures["error"][0] == "ValueError: no third"
    assert "raise ValueError" in found.failures["traceback"][0]
    path.write_text(path.read_text() + "go on\n")
    reports = []
    again = replay(counted, progress=lambda count, total: reports.append((count, total)))
    assert again.results["version"].tolist() == [1, 2, 3, 4]
    assert reports == [(3, 4), (4, 4)]
    assert sorted(path.read_text().split()) == ["1", "2", "3", "4", "go", "on"]
    replay(counted, [1], fresh=True)
    assert path.read_text().split().count("1") == 2


def test_a_killed_replay_resumes_without_a_repeated_or_missing_version(session, aero, tmp_path) -> None:
    name = "replayed often"
    server = LocalAeroServer(aero)
    data = server.add_data(name)
    for number in range(LONG):
        server.add_version(data, f"n\n{number}\n".encode())
    path = tmp_path / "calls"
    path.write_text("go on\n")
    text = counting(path)
    program = (
        "import aero_jupyter\nfrom aero_jupyter.compute.portable_function import portable\n"
        f"function = portable({text!r}, 'counted')\n"
        f"aero_jupyter.replay(function, {name!r}, inputs={{'cases': {name!r}}},\n"
        "    progress=lambda count, total: print(count, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ}) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 3:
                process.kill()
                break
    found = aero_jupyter.replay(portable(text, "counted"), name, inputs={"cases": name})
    assert found.failures.empty
    assert found.results["version"].tolist() == list(range(1, LONG + 1))
    assert found.results["value"].tolist() == list(range(1, LONG + 1))
    called = path.read_text().split()[2:]
    assert sorted(map(int, called)) == list(range(1, LONG + 1))
