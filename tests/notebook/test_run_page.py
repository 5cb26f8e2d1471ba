"""The page of a run: steps, log, traceback from the user's line on, versions, and the input that failed."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.errors import NotFound
from aero_jupyter.core.models import Run
from aero_jupyter.notebook.panels.dataset.page import DatasetPage
from aero_jupyter.notebook.panels.navigation import panel_for
from aero_jupyter.notebook.panels.runs.page import RunPage
from aero_jupyter.notebook.widgets import tree as trees

FAILS = """%%aero_register --input x=influent --output run_paged --replace
import json

def run_paged(x):
    print("before it fails")
    return json.loads("{")"""


@pytest.fixture
def failed(shell: Any, influent: Any) -> Run:
    assert shell.run_cell(FAILS).success
    client = aero_jupyter.current().client
    newest = client.list("run", match=client.resolve_flow("run_paged").id).page(1)[0]
    return client.wait_for_run(newest.id, 180)


def buttons(page: RunPage) -> dict[str, trees.Node]:
    return {node["text"]: node for node in trees.walk(page.tree()) if node["is"] == "button"}


def named(page: RunPage, kind: str, label: str) -> trees.Node:
    return next(node for node in trees.walk(page.tree()) if node["is"] == kind and node["label"] == label)


def test_a_failed_run_shows_the_line_of_the_cell_first(failed: Run) -> None:
    page = aero_jupyter.run(failed.id)
    shown = next(node for node in named(page, "group", "Traceback")["children"] if node["is"] == "pre")
    lines = shown["text"].split("\n")
    arrow = next(number for number, line in enumerate(lines) if line.startswith("→ line 6 of the cell, in run_paged"))
    assert arrow <= 1
    assert lines[arrow + 1].strip() == 'return json.loads("{")'
    assert shown["marked"] == [arrow, arrow + 1]
    # The frames of other modules are folded.
    assert "json/decoder.py" not in "\n".join(lines[: arrow + 2])
    assert "aero_jupyter" not in shown["text"]
    whole = named(page, "fold", "The whole traceback")
    assert "decoder.py" in whole["children"][0]["text"]
    assert not whole["open"]


def test_it_shows_the_environment_of_its_function(failed: Run) -> None:
    page = aero_jupyter.run(failed.id)
    line = f"Environment: Python {platform.python_version()}, numpy {version('numpy')}, pandas {version('pandas')}"
    assert line in trees.as_text(page.tree())
    assert line in trees.as_html(page.tree())


def test_a_run_of_a_server_that_does_not_send_it_shows_no_environment(failed: Run) -> None:
    page = RunPage(aero_jupyter.current(), replace(failed, environment=None))
    assert "Environment" not in trees.as_text(page.tree())


def test_it_shows_its_steps_and_its_log(failed: Run) -> None:
    page = aero_jupyter.run(failed.id)
    assert "before it fails" in named(page, "fold", "Log")["children"][0]["text"]
    drawn = next(node for node in trees.walk(page.tree()) if node["is"] == "chart")
    words = [text for _, _, _, text, _ in drawn["shapes"]]
    assert any(text.startswith("✕ failed: running, ") for text in words)
    assert "failed-bar" in [kind for _, kind, *_ in drawn["shapes"]]
    assert "█" in repr(page)
    assert "<svg" in page._repr_html_()
    assert page.as_code().endswith(f"aero.run({failed.id!r})\n")


def test_the_failed_input_opens_at_the_version_that_was_read(failed: Run) -> None:
    page = aero_jupyter.run(failed.id)
    opened: list[tuple[str, Any]] = []
    page.navigate = lambda what, subject: opened.append((what, subject))
    (used,) = failed.used
    button = buttons(page)[f"Open failed input influent v{used.version}"]
    page.act({"do": button["do"], **button["more"]})
    page.act({"do": "version", "id": "another@1"})
    assert opened == [("page", f"{used.data_id}@{used.version}")]
    target = panel_for(aero_jupyter.current(), *opened[0])
    assert isinstance(target, DatasetPage)
    assert target.value.version == used.version


def test_a_done_run_names_what_it_made_and_is_not_retried(influent: Any) -> None:
    client = aero_jupyter.current().client
    flow = client.resolve_flow("follow")
    done = next(run for run in client.list("run", match=flow.id).all() if run.state == "done")
    page = panel_for(aero_jupyter.current(), "page", done)
    assert isinstance(page, RunPage)
    words = buttons(page)
    assert any(text.startswith("Used influent v") for text in words)
    assert any(text.startswith("Made level v") for text in words)
    assert "Retry" not in words
    assert "Cancel" not in words


def test_a_run_is_followed_until_it_has_ended(shell: Any, failed: Run) -> None:
    client = aero_jupyter.current().client
    page = RunPage(aero_jupyter.current(), client.run_flow(failed.flow_id), begin=lambda task: task())
    assert "Cancel" in buttons(page)
    client.wait_for_run(page.value.id, 180)
    assert page.look()
    assert page.value.state == "failed"
    page.act({"do": "retry"})
    assert "Retried: a new run was requested." in repr(page)


def test_an_unknown_run_is_refused(aero: Any) -> None:
    aero_jupyter.local()
    with pytest.raises(NotFound):
        aero_jupyter.run("00000000-0000-4000-8000-000000000000")
