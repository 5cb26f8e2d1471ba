"""`%%aero_run`: the function of a cell, once on an endpoint, while somebody looks on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from support import headless_notebook

import aero_jupyter
from aero_jupyter.client.pages import Progress
from aero_jupyter.notebook.widgets import progress

SCALE = """%%aero_run --kwarg values=[1,2,3] --kwarg factor=2
def scale(values, factor):
    print(f"scaling {len(values)} values")
    return [value * factor for value in values]
"""
COUNT = """%%aero_run --input influent=influent{version}
import pandas as pd

def count(influent, influent_version):
    return [influent_version, len(pd.read_csv(influent))]
"""


def test_its_result_is_the_cell_s_and_what_it_printed_is_shown(shell: Any, capsys: Any) -> None:
    result = shell.run_cell(SCALE)
    assert result.result == [2, 4, 6]
    shown = capsys.readouterr().out
    assert "✓ done in " in shown
    assert ": scale on local    task " in shown
    assert "It printed:\nscaling 3 values" in shown


def test_the_cell_does_not_run_here_and_registers_no_flow(shell: Any) -> None:
    flows = len(list(aero_jupyter.current().client.list("flow")))
    shell.user_ns.pop("scale", None)
    shell.run_cell(SCALE)
    assert "scale" not in shell.user_ns
    assert len(list(aero_jupyter.current().client.list("flow"))) == flows


@pytest.mark.parametrize(("version", "number", "rows"), [("", 2, 14), ("@1", 1, 7)])
def test_an_input_is_a_file_of_its_newest_version_or_the_one_named(
    shell: Any, influent: Any, version: str, number: int, rows: int
) -> None:
    found = aero_jupyter.read("influent", number)
    assert shell.run_cell(COUNT.format(version=version)).result == [number, len(found)]


def test_what_it_raises_is_two_lines_and_the_traceback_has_its_cell_s_line(
    shell: Any, error_lines: Any, capsys: Any
) -> None:
    lines = error_lines('%%aero_run --kwarg x=0\ndef invert(x):\n    print("about to divide")\n    return 1 / x\n')
    assert lines == [
        "invert() raised ZeroDivisionError: division by zero",
        "See line 4 of the cell, and %aero_traceback",
    ]
    shown, story = capsys.readouterr().out, repr(shell.run_cell("%aero_traceback").result)
    assert "✕ failed in " in shown
    for text in (shown, story):
        assert "→ line 4 of the cell, in invert\n    return 1 / x" in text
        assert "It printed:\nabout to divide" in text


@pytest.mark.parametrize(
    ("cell", "happened"),
    [
        ("%%aero_run --endpoint cloud\ndef f(): pass", "There is no endpoint 'cloud'."),
        ("%%aero_run\ndef f(x): pass", "f() needs a value for x."),
        ("%%aero_run --kwarg y=1\ndef f(): pass", "f() has no parameter 'y'."),
        ("%%aero_run --input x=influent@\ndef f(x): pass", "'influent@' names no version of a dataset."),
        ("%%aero_run --input x=influent@9\ndef f(x): pass", "influent has versions 1 to 2; there is no version 9."),
        ("%%aero_run --input x=nosuch\ndef f(x): pass", "There is no data named 'nosuch'."),
        ("%%aero_run --nope\ndef f(): pass", "%%aero_run does not know --nope."),
        ("%%aero_run\nx = 1", "no function"),
        ("%%aero_run\ndef f(): return {1, 2}", "f() returned a set, which JSON cannot hold"),
        (
            "%%aero_run --timeout 0.2\ndef f():\n    import time\n    time.sleep(5)",
            "The function has not ended within 0.2 s; it is running.",
        ),
    ],
)
def test_what_cannot_be_run_is_two_lines(error_lines: Any, influent: Any, cell: str, happened: str) -> None:
    lines = error_lines(cell)
    assert len(lines) == 2
    assert happened in lines[0]


def test_the_keyboard_stops_the_waiting_and_says_that_the_task_goes_on(error_lines: Any, monkeypatch: Any) -> None:
    from aero_jupyter.notebook.magics import run_cell

    seen = run_cell._TaskDisplay.show_state

    def interrupted_once_running(self: Any, task: str, state: str) -> None:
        seen(self, task, state)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_cell._TaskDisplay, "show_state", interrupted_once_running)
    lines = error_lines("%%aero_run\ndef slow():\n    import time\n    time.sleep(1)")
    assert lines[0].startswith("You stopped waiting; task ")
    assert lines[0].endswith(" continues on the endpoint.")


def test_in_a_notebook_one_display_goes_from_queued_to_done(aero: Any, tmp_path: Any) -> None:
    cells = headless_notebook.run_cells(
        tmp_path, "%load_ext aero_jupyter\nimport aero_jupyter; aero_jupyter.local()", SCALE
    )
    cell = cells[-1]
    shown = [output for output in cell.outputs if output.output_type == "display_data"]
    assert len(shown) == 1
    assert shown[0]["data"]["text/plain"].startswith("✓ done in ")
    assert "scaling 3 values" in shown[0]["data"]["text/plain"]
    assert cell.outputs[-1]["data"]["text/plain"] == "[2, 4, 6]"


class Slow:
    """A client whose catalogue takes long to read."""

    def scanned(self, query: str, progress: Progress) -> list[Any]:
        for count in (15, 1_200, 5_000):
            progress(count, 5_000)
        progress(5_000, None)
        return [{"name": query}]


@contextlib.contextmanager
def shown_in_notebook(monkeypatch: Any) -> Iterator[list[str]]:
    messages = list[str]()

    class Handle:
        def update(self, what: Any) -> None:
            messages.append(getattr(what, "data", None) if hasattr(what, "data") else repr(what))

    def display(what: Any, **_: Any) -> Handle:
        messages.append(repr(what))
        return Handle()

    monkeypatch.setattr(progress, "display", display)
    monkeypatch.setattr(progress, "front_end", lambda: "widgets")
    monkeypatch.setattr(progress, "_UPDATE_SECONDS", 0)
    yield messages


def test_a_scan_says_how_far_it_is_in_one_place_and_leaves_nothing(monkeypatch: Any) -> None:
    with shown_in_notebook(monkeypatch) as messages:
        client: Any = Slow()
        assert progress.scanned(client, "sewage") == [{"name": "sewage"}]
    assert messages == ["Read 15 of 5,000", "Read 1,200 of 5,000", "Read 5,000 of 5,000", "Read 5,000 of 5,000+", ""]
