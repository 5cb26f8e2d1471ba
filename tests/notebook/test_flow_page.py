"""The card of a flow shows its code as it was registered, its run times, and the cell that registers it again."""

from __future__ import annotations

import html
import platform
from importlib.metadata import version
from typing import Any

import pytest
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.notebook.panels.flow_panel import FlowPanel
from aero_jupyter.notebook.widgets import tree as trees

CELL = '''%%aero_register --output coded_made --kwarg note="a 'b'" --kwarg n=2 --description "Counts, in order"
import pandas as pd

OTHER = "not needed"

def coded(n, note):
    """Count."""
    return pd.DataFrame({"n": range(n), "note": note})  # <b>'''
FAILS = "%%aero_register --output coded_failed\ndef coded_fails(n=1):\n    return 1 / 0"
FIXED = """%%aero_register --input x=influent@1 --optional-output coded_fixed --policy none
def coded_fixed(x, k=[1]):
    return None"""
CHECKED = """%%aero_register --output coded_checked --check 'rows > 0' --check 'warning: unique n' --policy none
def coded_checked():
    import pandas as pd
    return pd.DataFrame({"n": [1]})"""
REPLAYED = """%%aero_register --input x=influent --output coded_rows --policy none
def coded_rows(x):
    import pandas as pd
    return pd.DataFrame({"n": [len(pd.read_csv(x))]})"""
BRACES = """%%aero_register --output coded_dict --kwarg a={choices}
def coded_dict(a):
    pass"""


@pytest.fixture
def panel_of(shell: Any, influent: Any) -> Any:
    def build(cell: str, name: str) -> FlowPanel:
        assert shell.run_cell(cell).success
        return aero_jupyter.flow(name).panel

    return build


def with_code(panel: FlowPanel) -> list[Any]:
    panel.act({"do": "code"})
    wait_for_panel_threads()
    return list(trees.walk(panel.tree()))


def copied(nodes: list[Any], words: str) -> str:
    (found,) = [node["what"] for node in nodes if node["is"] == "copy" and node["text"] == words]
    return str(found)


def test_the_code_is_shown_highlighted_without_what_was_left_out(panel_of: Any) -> None:
    panel = panel_of(CELL, "coded")
    nodes = with_code(panel)
    (code,) = [node for node in nodes if node["is"] == "code"]
    assert code["text"].startswith("import pandas as pd\n")
    assert "OTHER" not in code["text"]
    assert "".join(words for _, words in code["parts"]) == code["text"]
    assert ["keyword", "def"] in code["parts"]
    assert ["comment", "# <b>"] in code["parts"]
    assert copied(nodes, "Copy code") == code["text"]
    static = trees.as_html(panel.tree())
    assert html.escape("# <b>") in static
    assert "# <b>" not in static
    assert "def coded(n, note):" in trees.as_text(panel.tree())
    panel.act({"do": "code"})
    assert not [node for node in trees.walk(panel.tree()) if node["is"] == "code"]


def test_the_environment_of_the_last_run_is_shown_with_what_the_function_imports(panel_of: Any) -> None:
    cell = """%%aero_register --output packaged --policy none
import requests
def packaged():
    import packaging.version, psutil
    return None if psutil.pids() else requests"""
    panel = panel_of(cell, "packaged")
    client = aero_jupyter.current().client
    assert "Environment" not in trees.as_text(panel.tree())
    client.wait_for_run(client.run_flow(panel.value.id).id, 180)
    assert panel.look()
    (fold,) = [node for node in trees.walk(panel.tree()) if node["is"] == "fold" and "last run" in node["label"]]
    assert fold["label"].startswith(f"Environment of the last run: Python {platform.python_version()}, numpy ")
    (listed,) = fold["children"]
    names = ("numpy", "packaging", "pandas", "psutil", "pyarrow", "requests")
    assert listed["rows"] == [["Python", platform.python_version()], *([name, version(name)] for name in names)]


@pytest.mark.parametrize(
    ("cell", "name"),
    [(CELL, "coded"), (FIXED, "coded_fixed"), (CHECKED, "coded_checked"), (None, "take_in"), (None, "follow")],
)
def test_the_copied_cell_registers_the_same_flow_again(panel_of: Any, shell: Any, cell: str | None, name: str) -> None:
    panel = panel_of(cell or "pass", name)
    again = copied(with_code(panel), "Copy the cell that registers it")
    assert again.startswith("%%aero_register --")
    result = shell.run_cell(again)
    assert result.success
    assert aero_jupyter.flow(name).value.id == panel.value.id
    client = aero_jupyter.current().client
    assert [flow.id for flow in client.list("flow").all() if flow.function_name == name] == [panel.value.id]


def test_each_replaced_code_is_shown_as_the_lines_that_changed(panel_of: Any) -> None:
    cell = "%%aero_register --output coded_often --policy none{more}\ndef coded_often():\n    return {value}"
    panel_of(cell.format(more="", value=1), "coded_often")
    for value in (2, 3):
        panel = panel_of(cell.format(more=" --replace", value=value), "coded_often")
    folds = [node for node in with_code(panel) if node["is"] == "fold" and node["label"].startswith("Replaced 2")]
    texts = [[child["text"] for child in fold["children"]] for fold in folds]
    assert [[line for line in text[0].splitlines()[3:] if line[0] in "+-"] for text in texts] == [
        ["-    return 2", "+    return 3"],
        ["-    return 1", "+    return 2"],
    ]
    panel.close()


def test_what_the_options_cannot_express_is_said(panel_of: Any, shell: Any) -> None:
    shell.user_ns["choices"] = {"b": 1}
    nodes = with_code(panel_of(BRACES, "coded_dict"))
    assert "Copy the cell that registers it" not in [node["text"] for node in nodes if node["is"] == "copy"]
    said = [node["text"] for node in nodes if node["is"] == "text"]
    assert "No cell registers this flow again: one of its values contains a brace or a line break." in said


def test_run_times_are_bars_that_open_their_run(panel_of: Any) -> None:
    panel = panel_of(FAILS, "coded_fails")
    client = aero_jupyter.current().client
    for _ in range(2):
        client.wait_for_run(client.run_flow(panel.value.id).id, 180)
    assert panel.look()
    (chart,) = [node for node in trees.walk(panel.tree()) if node["is"] == "chart"]
    bars = [shape for shape in chart["shapes"] if shape[0] == "rect"]
    assert {shape[1] for shape in bars} == {"failed-bar"}
    assert bars[0][3].startswith("✕ failed, ")
    opened: list[Any] = []
    panel.navigate = lambda what, subject: opened.append((what, subject))
    panel.act(bars[-1][4])
    [(what, run)] = opened
    assert (what, run.id) == ("page", bars[-1][4]["id"])
    assert "Times of the last" in trees.as_text(panel.tree())


def test_a_flow_is_replayed_over_the_versions_of_its_input(panel_of: Any) -> None:
    panel = panel_of(REPLAYED, "coded_rows")
    panel.act({"do": "replay", "what": "nothing"})
    panel.act({"do": "replay", "what": "influent"})
    wait_for_panel_threads()
    shown = trees.as_text(panel.tree())
    client = aero_jupyter.current().client
    count = client.latest(client.resolve_data("influent").id).version
    assert "Replay of influent" in shown
    assert f"rows of {count} versions; 0 failed" in shown
    (code,) = [node["what"] for node in trees.walk(panel.tree()) if node.get("text") == "Copy code"]
    names: dict[str, Any] = {}
    exec(code.replace("aero.replay", "result = aero.replay"), names)
    assert list(names["result"].columns) == ["version", "as_of", "n"]


def test_a_failed_replay_shows_the_version_and_the_reason(panel_of: Any) -> None:
    panel = panel_of(
        REPLAYED.replace("coded_rows", "coded_raises").replace("[len(pd.read_csv(x))]", "1 / 0"), "coded_raises"
    )
    panel.act({"do": "replay", "what": "influent"})
    wait_for_panel_threads()
    notes = [node["text"] for node in trees.walk(panel.tree()) if node["is"] == "note"]
    assert notes[0].startswith("v1: ")
    assert "ZeroDivisionError" in notes[0]
