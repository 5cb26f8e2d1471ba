"""The starts of a lineage: a dataset without versions, a failed run, a column, a variable; and flows that open."""

from __future__ import annotations

from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.widgets import tree as trees

CELL = (
    "%%aero_register {options} --output {name}\n"
    "def {name}({args}):\n    import pandas as pd\n    {body}\n    return pd.DataFrame({{'n': [1]}})\n"
)


@pytest.fixture(autouse=True)
def _here(shell: Any, influent: Any) -> None:
    """Lineage stands on the shell's AERO, which has data."""


def registered(shell: Any, name: str, body: str = "pass", *, options: str = "", args: str = "") -> Any:
    """Register a flow, and wait until its first run has ended where it has one."""
    cell = CELL.format(name=name, body=body, options=options, args=args)
    assert shell.run_cell(cell).success
    return aero_jupyter.current().client.resolve_flow(name)


def failed(flow: Any, *, ask: bool = False) -> Any:
    """Return an ended run of a flow."""
    client = aero_jupyter.current().client
    run = client.run_flow(flow.id) if ask else client.list("run", match=flow.id).page(1)[0]
    return client.wait_for_run(run.id, 180)


def again(view: Any) -> Any:
    names: dict[str, Any] = {}
    exec(view.as_code().replace("aero.lineage", "made = aero.lineage"), names)
    return names["made"]


def test_what_has_no_version_yet_is_told_by_its_flows(shell: Any) -> None:
    flow = registered(shell, "start_never", options="--policy none")
    for start in (flow, "start_never", flow.id, aero_jupyter.flow(flow)):
        view = aero_jupyter.lineage(start)
        lines = repr(view).splitlines()
        assert lines[:3] == [
            "Lineage of start_never",
            "no input",
            "└── start_never → start_never no version yet · you are here",
        ]
        assert "1 data, 1 flow · by flow: no version yet" in repr(view)
        assert again(view).value == view.value


def test_a_failed_run_without_inputs_shows_its_flow(shell: Any) -> None:
    flow = registered(shell, "start_bare", "raise ValueError('bare')", options="--policy none")
    run = failed(flow, ask=True)
    assert run.state == "failed"
    for start in (run, run.id, flow, "start_bare"):
        assert "start_bare → start_bare no version yet · you are here · last run failed" in repr(
            aero_jupyter.lineage(start)
        )


def test_a_failed_run_shows_what_it_used_and_what_it_would_have_made(shell: Any) -> None:
    flow = registered(shell, "start_fails", "raise ValueError('no')", options="--input x=influent", args="x")
    run = failed(flow)
    view = aero_jupyter.lineage(run)
    (line,) = (line for line in repr(view).splitlines() if "you are here" in line)
    assert "start_fails → start_fails no version yet · you are here · last run failed" in line
    assert "take_in → influent v2" in repr(view)
    assert "by version" in repr(view)
    assert view.value.run == run.id
    assert again(view).value == view.value
    graph = view.to_networkx()
    (made,) = (id for id, box in graph.nodes(data=True) if box["is_here"])
    assert graph.nodes[made]["has_failed"]
    # The failed run also appears in the lineage of its input.
    assert "start_fails → start_fails no version yet · last run failed" in repr(aero_jupyter.lineage("influent"))
    assert "start_fails" not in repr(aero_jupyter.lineage("influent@1"))
    view._start_task = lambda task: task()
    view.act({"do": "refresh"})
    assert view.value.run == run.id


def test_a_run_that_found_nothing_new_shows_the_version_it_found(shell: Any) -> None:
    flow = registered(shell, "start_same", options="--policy none")
    client = aero_jupyter.current().client
    states = [client.wait_for_run(client.run_flow(flow.id).id, 180) for _ in range(2)]
    assert [run.state for run in states] == ["done", "unchanged"]
    assert "start_same → start_same v1" in repr(aero_jupyter.lineage(states[1]))


def test_a_column_of_a_table_knows_where_it_came_from(shell: Any) -> None:
    table = aero_jupyter.read("level")
    for part in (table["level"], table.head(2), table):
        assert repr(aero_jupyter.lineage(part)).splitlines()[0] == "Lineage of level v2"
    with pytest.raises(InvalidArgument, match="A Series has no recorded lineage"):
        aero_jupyter.lineage(table["level"].__class__([1]))


def test_the_magic_takes_a_variable_that_came_from_aero(shell: Any) -> None:
    shell.user_ns |= {"mine": aero_jupyter.read("level"), "plain": [1], "influent": aero_jupyter.read("level")}
    assert repr(shell.run_line_magic("aero_lineage", "mine")).startswith("Lineage of level v2")
    # A dataset of that name takes precedence.
    assert repr(shell.run_line_magic("aero_lineage", "influent")).startswith("Lineage of influent v2")
    with pytest.raises(UnknownName, match="There is no data named 'plain'"):
        shell.run_line_magic("aero_lineage", "plain")


def test_a_flow_opens_with_its_policy_its_runs_and_its_function(shell: Any) -> None:
    view = aero_jupyter.lineage("level")
    view._start_task = lambda task: task()
    picture = next(node for node in trees.walk(view.tree()) if node["is"] == "picture")
    line = next(line for line in picture["lines"] if line["flow"] == "follow")
    view.act({"do": "open", "id": line["id"]})
    shown = trees.as_text(view.tree())
    newest = aero_jupyter.current().client.list("run", match=line["id"]).page(1)[0]
    for words in (
        "When any input changes.",
        "local endpoint",
        f"newest run: {format_state(newest.state)}",
        "function follow",
    ):
        assert words in shown
    assert view.value.opened == line["id"] == aero_jupyter.current().client.resolve_flow("follow").id
    assert again(view).value == view.value
    carried: list[Any] = []
    view.navigate = lambda what, subject: carried.append((what, subject.id))
    view.act({"do": "carry", "what": "runs"})
    assert carried == [("runs", line["id"])]


def test_a_source_opens_with_its_whole_address(shell: Any) -> None:
    view = aero_jupyter.lineage("level")
    (source,) = (id for id, box in view.to_networkx().nodes(data=True) if box["kind"] == "source")
    view.open(source)
    data = aero_jupyter.current().client.resolve_data("influent")
    assert f"source {data.url}" in repr(view)
    assert "Downloaded every day." in repr(view)
    assert again(view).value == view.value


def test_a_deleted_flow_opens_and_says_so(shell: Any) -> None:
    flow = registered(shell, "start_gone", options="--policy none")
    client = aero_jupyter.current().client
    client.wait_for_run(client.run_flow(flow.id).id, 180)
    client.delete_flow(flow.id)
    view = aero_jupyter.lineage("start_gone")
    view.open(flow.id)
    assert "This flow was deleted. Its versions are kept." in repr(view)
