"""Waiting for a version or a run: the end of the wait, and its message."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from aero_jupyter.client.blocking_failures import find_blocking_failure
from aero_jupyter.core.models import Data, Flow, Run
from aero_jupyter.core.policy import PolicyEnum

LONG = 100
SOURCE = """%%aero_register --source raw={url} --output {name} --every 1d
def take_{name}(raw):
    return raw
"""
BROKEN = """%%aero_register --output {name}
def make_{name}():
    raise {raised}
"""
FOLLOWS = """%%aero_register --input first={first} --output {name}
def follow_{name}(first):
    return first
"""


def waited(error_lines: Any, cell: str) -> tuple[list[str], float]:
    began = time.monotonic()
    return error_lines(cell), time.monotonic() - began


def test_a_wait_ends_with_the_cause_when_the_source_is_gone(shell: Any, error_lines: Any, site: str) -> None:
    assert shell.run_cell(SOURCE.format(url=f"{site}gone.csv", name="gone_source")).success
    lines, took = waited(error_lines, f"%aero_get gone_source --wait {LONG}")
    assert lines[0].startswith("gone_source has no version: its last run failed: ")
    assert "404" in lines[0]
    assert took < LONG / 2
    assert error_lines("%aero_get gone_source")[0] == lines[0]
    assert error_lines("%aero_get gone_source --version 1")[0] == lines[0]


@pytest.mark.parametrize(
    ("name", "raised", "words"),
    [
        ("typo", "KeyError('cases')", "its last run failed: KeyError: 'cases'"),
        ("stopped", "SystemExit(3)", "its last run failed: "),
    ],
)
def test_a_wait_ends_with_what_the_function_raised(
    shell: Any, error_lines: Any, name: str, raised: str, words: str
) -> None:
    assert shell.run_cell(BROKEN.format(name=name, raised=raised)).success
    run = error_lines(f"%aero_run make_{name}")
    assert len(run) == 2
    lines, took = waited(error_lines, f"%aero_get {name} --wait {LONG}")
    assert lines[0].startswith(f"{name} has no version: {words}")
    assert took < LONG / 2
    # The suggested command works; the run then fails for the same cause.
    assert error_lines(lines[1][lines[1].index("%aero_run") :].split(";")[0]) == run


def test_a_wait_downstream_of_a_failure_names_the_input_that_failed(shell: Any, error_lines: Any, site: str) -> None:
    assert shell.run_cell(SOURCE.format(url=f"{site}away.csv", name="away")).success
    assert shell.run_cell(FOLLOWS.format(first="away", name="after_away")).success
    lines, took = waited(error_lines, f"%aero_get after_away --wait {LONG}")
    assert lines[0].startswith("after_away has no version: the last run that makes its input away failed: ")
    assert took < LONG / 2


def test_a_wait_for_a_second_version_ends_when_its_run_fails(shell: Any, error_lines: Any, tmp_path: Any) -> None:
    flag = tmp_path / "fail"
    cell = "%%aero_register --output shaky\nimport os\ndef shake():\n"
    cell += f'    if os.path.exists({str(flag)!r}):\n        raise OSError("no table today")\n'
    cell += '    with open("t.csv", "w") as file:\n        file.write("a\\n1\\n")\n    return "t.csv"\n'
    assert shell.run_cell(cell).success
    assert shell.run_cell("%aero_run shake").success
    flag.touch()
    assert shell.run_cell("%aero_run shake --no-wait").success
    lines, took = waited(error_lines, f"%aero_get shaky --version 2 --wait {LONG}")
    assert lines[0] == "shaky has no version 2: its last run failed: OSError: no table today."
    assert took < LONG / 2


@pytest.mark.parametrize(
    ("cell", "first", "second"),
    [
        ("%aero_run nap", "continues.", "%aero_panel runs"),
        ("%aero_get napped --wait 60", "Stopped waiting for version 1 of napped", "%aero_get napped --wait 60"),
    ],
)
def test_an_interrupted_wait_says_whether_the_run_goes_on(
    shell: Any, error_lines: Any, monkeypatch: Any, tmp_path: Path, cell: str, first: str, second: str
) -> None:
    flag = tmp_path / "goes on"
    source = f"def nap():\n    while not os.path.exists({str(flag)!r}):\n        time.sleep(0.05)\n    return None\n"
    assert shell.run_cell(f"%%aero_register --replace --output napped\nimport os, time\n{source}").success
    client = __import__("aero_jupyter").current().client

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "_sleep", interrupt)
    lines = error_lines(cell)
    flag.touch()
    assert len(lines) == 2
    assert first in lines[0]
    assert second in lines[1]


def run(flow: str, state: str, second: int) -> Run:
    from datetime import datetime, timezone

    when = datetime(2026, 1, 1, 0, 0, second, tzinfo=timezone.utc)
    return Run(f"run-{flow}", flow, state, created_at=when, ended_at=when, error="Boom")


def failure(runs: dict[str, Run | None]) -> str | None:
    """The Data blamed for a missing version of c, in the chain a -> b -> c."""
    datas = {name: Data(name, name) for name in "abc"}
    flows = {
        name: Flow(name, None, None, PolicyEnum.ANY, inputs=given, outputs=(datas[name],))
        for name, given in (("a", ()), ("b", (datas["a"],)), ("c", (datas["b"], datas["c"])))
    }
    found = find_blocking_failure(datas["c"], lambda name: [flows[name]], lambda flow: runs.get(flow.id))
    return None if found is None else found.data.name


@pytest.mark.parametrize(
    ("runs", "blamed"),
    [
        ({}, None),
        ({"a": run("a", "failed", 1)}, "a"),
        ({"a": run("a", "done", 1), "b": run("b", "failed", 2)}, "b"),
        ({"a": run("a", "running", 3), "b": run("b", "failed", 2)}, None),
        ({"a": run("a", "done", 3), "b": run("b", "done", 4), "c": run("c", "failed", 5)}, "c"),
        ({"a": run("a", "failed", 9), "b": run("b", "done", 4), "c": run("c", "done", 5)}, "a"),
        ({"a": run("a", "failed", 1), "b": run("b", "done", 4), "c": run("c", "done", 5)}, None),
        ({"c": run("c", "queued", 1), "a": run("a", "failed", 2)}, None),
        ({"c": run("c", "cancelled", 1)}, "c"),
    ],
)
def test_the_nearest_failed_run_is_blamed_and_none_while_one_is_under_way(
    runs: dict[str, Run | None], blamed: str | None
) -> None:
    assert failure(runs) == blamed
