"""`%%aero_register` in a shell, on the local AERO."""

from __future__ import annotations

import re

import pytest

import aero_jupyter
from aero_jupyter import demo

SMOOTH = """import csv
def smooth_{0}(given, window=7):
    'Smooth it. Well.'
    return given
"""


def register(shell, line, cell):
    return shell.run_cell_magic("aero_register", line, cell)


def flow_names():
    return {flow.function_name for flow in aero_jupyter.current().client.list("flow")}


def test_the_cell_runs_here_and_its_function_is_registered(shell, influent):
    card = register(
        shell,
        '--input given=influent --output smoothed --kwarg window=3 --description "Seven days"',
        SMOOTH.format("a"),
    )
    assert shell.user_ns["smooth_a"]("x") == "x"
    assert card.wait(180).state == "done"
    assert card.flow.description == "Seven days"
    lines = repr(card).splitlines()
    assert re.fullmatch(r"✓ smooth_a → smoothed    flow [0-9a-f]{8} · local endpoint · Python 3\.\d+", lines[0])
    assert lines[1].startswith("When any input changes. Input: influent (v2, ")
    assert "smooth_a → smoothed" in card._repr_html_()


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("--source given={plant.url} --output o_every --every 1d", "Downloaded every day."),
        ("--source given={plant.url} --output o_default", "Downloaded every day."),
        ("--source given={plant.url} --output o_event --policy event", "Downloaded when notified."),
        ("--input given=influent --every 6h --output o_timer", "Every 6 hours."),
        ("--input given=influent --output o_all --policy all", "When all inputs have changed."),
        ("--kwarg given=text --output o_none", "Only when you run it."),
    ],
)
def test_what_follows_from_the_options(shell, influent, line, when):
    with demo.Plant() as plant:
        shell.user_ns["plant"] = plant
        name = line.split("--output o_")[1].split()[0]
        assert repr(register(shell, line, SMOOTH.format(name))).splitlines()[1].startswith(when)


def test_a_kwarg_is_json_or_text(shell):
    cell = """def kinds(**given):
    import json
    open("k.json", "w").write(json.dumps([{name: repr(value) for name, value in given.items()}]))
    return "k.json"
"""
    line = "--kwarg number=3 --kwarg text=two --kwarg flag=true --kwarg 'listed=[1, 2]' --kwarg nan=NaN"
    register(shell, f"{line} --output kinds", cell)
    shell.run_line_magic("aero_run", "kinds")
    given = shell.run_line_magic("aero_get", "kinds").iloc[0].to_dict()
    assert given == {"number": "3", "text": "'two'", "flag": "True", "listed": "[1, 2]", "nan": "'NaN'"}


BAD_OPTIONS = {
    "--input influent": "--input influent is not PARAMETER=NAME",
    "--input given=": "is not PARAMETER=NAME",
    "--source given=": "is not NAME=URL",
    "--source =http://x/y": "is not NAME=URL",
    "--kwarg =1": "is not NAME=VALUE",
    "--input given=influent --source a=http://x": "either a source or inputs",
    "--input given=influent --policy any --every 1d": "Policy any has no timer",
    "--input given=influent --policy timer": "Policy timer needs an interval",
    "--input given=influent --policy sometimes": "There is no policy 'sometimes'",
    "--input given=influent --policy 9": "There is no policy '9'",
    "--source given=http://x --every often": "'often' is not a time",
    "--source given=http://x --every ''": "'' is not a time",
    "--source given=http://x --every 0": "'0' is not a time",
    "--source given=http://x --every 99999999999999w": "is out of range",
    "--source given=http://x --policy any": "A source is given, but policy any downloads none",
    "--input given=influent --policy ingestion": "Policy ingestion downloads a source",
    "--input given=influent --policy event": "Policy ingestion_event downloads a source",
    "--kwarg given=1 --policy all": "Policy all waits for inputs",
    "--input given=influent --input given=level": "--input given is given twice",
    "--input given=influent --output a --output a": "--output a is given twice",
    "--input given=influent --output influent": "influent is an input and an output",
    "--input given=influent --kwarg given=1": "given has two values: a dataset and a fixed value",
    "--kwarg given=1 --kwarg given=2": "--kwarg given is given twice",
    "--kwarg nothing=1": "has no parameter 'nothing'",
    "--output lonely": "needs a value for given",
    "--source other={nope}": "{nope} is not defined in this notebook",
    "--name other": "defines no function `other`",
    "--replaces": "%%aero_register does not know --replaces.",
    "--dry-run --timeout soon": "--timeout: soon is not a number of seconds.",
}


@pytest.mark.parametrize("line", BAD_OPTIONS)
def test_options_that_make_no_sense_register_and_run_nothing(shell, error_lines, influent, line):
    lines = error_lines(f"%%aero_register {line}\n{SMOOTH.format('refused')}")
    assert BAD_OPTIONS[line] in lines[0]
    assert len(lines) == 2
    assert "smooth_refused" not in shell.user_ns
    assert "smooth_refused" not in flow_names()


@pytest.mark.parametrize(
    ("line", "happened", "cure"),
    [
        ("--input given=influnet", "There is no data named 'influnet'.", "Did you mean influent?"),
        (
            "--input given=influent --endpoint mars",
            "There is no endpoint 'mars'.",
            "Choose one of local. List them with %aero_endpoints",
        ),
        ("--source given=ftp://x/y", "'ftp://x/y' is not the address of a source.", "https://"),
    ],
)
def test_what_only_the_server_can_tell_registers_nothing(error_lines, influent, line, happened, cure):
    lines = error_lines(f"%%aero_register {line} --output of_unknown\n{SMOOTH.format('unknown')}")
    assert happened in lines[0]
    assert cure in lines[1]
    assert "smooth_unknown" not in flow_names()


BAD_CELLS = {
    "def f(:\n    pass": "Line 2 is not Python: invalid syntax (`def f(:`).",
    "x = 1": "This cell defines no function.",
    "def a(): pass\ndef b(): pass": "This cell defines a, b.",
    "f = lambda x: x": "`f` is a lambda.",
    "%matplotlib inline\ndef f(): return 1": "Line 2 is a notebook magic (`%matplotlib inline`)",
    "def f():\n    !ls\n    return 1": "Line 3 is a notebook magic (`!ls`)",
    "def f():\n    x = !ls\n    return x": "Line 3 is a notebook magic (`x = !ls`)",
    "async def f(): pass": "f() is async",
    "class A:\n    def f(self): pass": "This cell defines no function.",
    "ran = True\nmodel = print()\ndef f(): return model": "`model` is made by a call on line 3",
}


@pytest.mark.parametrize("cell", BAD_CELLS)
def test_a_cell_that_cannot_travel_is_two_lines_and_does_not_run(shell, error_lines, cell):
    lines = error_lines(f"%%aero_register --output o\n{cell}")
    assert lines[0].startswith(BAD_CELLS[cell])
    assert len(lines) == 2
    assert "ran" not in shell.user_ns


def test_what_other_cells_made_is_named_with_what_makes_it(shell, error_lines):
    shell.run_cell(
        "import statistics as st\nfrom datetime import timedelta\nLIMIT = 'a secret'\ndef helper(x): return x"
    )
    shell.run_cell("class Window: pass")
    lines = error_lines(
        "%%aero_register --output o\ndef f():\n    return st.mean([helper(LIMIT)]), timedelta(1), Window, AeroOutput"
    )
    assert lines[0] == (
        "f() uses `AeroOutput`, `LIMIT`, `Window`, `helper`, `st` and `timedelta`, which this cell does not define."
    )
    for makes in (
        "`from aero_jupyter import AeroOutput`",
        "`class Window: …`",
        "`def helper(…): …`",
        "`import statistics as st`",
        "`from datetime import timedelta`",
        "Put `LIMIT` in the cell, or pass it as --kwarg.",
    ):
        assert makes in lines[1]
    assert "secret" not in "".join(lines)


def test_imports_helpers_and_constants_of_the_cell_travel(shell):
    cell = (
        "import statistics as st\nfrom aero_jupyter import AeroOutput\nLIMIT = 2\n"
        "def helper(x): return st.mean([x, LIMIT])\n"
        "def travelling():\n    open('mean.csv', 'w').write(f'mean\\n{helper(4)}\\n')\n"
        "    return AeroOutput('travelled', 'mean.csv')\n"
    )
    register(shell, "--output travelled --name travelling", cell)
    assert shell.run_line_magic("aero_run", "travelling").state == "done"
    assert shell.run_line_magic("aero_get", "travelled")["mean"].tolist() == [3]


def test_a_cell_that_raises_registers_nothing_and_counts_lines_as_the_cell_does(shell, error_lines, capsys):
    lines = error_lines("%%aero_register --output o\ndef raising(): ...\n1 / 0\n")
    assert lines[0] == "Nothing was registered, because the cell raised ZeroDivisionError."
    assert lines[1:] == ["Correct the cell and run it again."]
    output = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert output.count("division by zero") == 1
    assert "----> 3 1 / 0" in output
    assert "raising" not in flow_names()


def test_an_ambiguous_name_lists_its_candidates(shell, error_lines, influent):
    for function in ("one_twin", "other_twin"):
        register(shell, "--output 'the twin' --kwarg n=1", f"def {function}(n):\n    return None\n")
    lines = error_lines("%%aero_register --input given='the twin'\n" + SMOOTH.format("b"))
    assert lines[0].startswith("'the twin' could be 2 data: the twin (")
    assert lines[1] == "Use the id."


def test_the_same_again_is_the_same_flow_and_something_else_needs_replace(shell, error_lines, influent):
    line = "--input given=influent --output again"
    first = register(shell, line, SMOOTH.format("c"))
    first.wait(180)
    assert register(shell, line, SMOOTH.format("c")).flow.id == first.flow.id

    for more, cell in ((" --kwarg window=3", SMOOTH), ("", SMOOTH.replace("return given", "return str(given)"))):
        lines = error_lines(f"%%aero_register {line}{more}\n" + cell.format("c"))
        assert lines[0].startswith(f"A flow smooth_c → again exists already ({first.flow.id[:8]})")
        assert "--replace" in lines[1]

    second = register(shell, f"{line} --kwarg window=3 --replace", SMOOTH.format("c"))
    assert second.flow.id != first.flow.id
    assert second.flow.outputs[0].id == first.flow.outputs[0].id


def test_what_others_wrote_is_text(shell, influent):
    card = register(shell, "--input given=influent --output '<script>alert(1)</script>'", SMOOTH.format("d"))
    assert "<script>" not in card._repr_html_()
    assert "&lt;script&gt;" in card._repr_html_()
    assert "<script>alert(1)</script>" in repr(card)


FAILING = {
    "raises": ("raise ValueError('no rows')", "failing_raises() raised ValueError: no rows", "See line 4 of the cell"),
    "number": ("return 7", "The function returned an int; output failing is declared.", "%aero_traceback"),
    "text": (
        "return 'day,n\\n1,2\\n' * 9999",
        "Output failing is a text of 99,990 characters, which names no file",
        "%aero_traceback",
    ),
    "nothing": ("return None", "The function returned nothing, but output failing is declared.", "%aero_traceback"),
    "other": ("return {'other': 'x.csv'}", "returned output other, but this flow declares failing", "%aero_traceback"),
    "nofile": ("return 'x.csv'", "Output failing names the file x.csv, which does not exist.", "%aero_traceback"),
    "loud": ("print('x' * (1 << 20)); raise KeyError('k')", "failing_loud() raised KeyError: 'k'", "See line 4"),
    "exit": ("import sys; sys.exit(3)", "failing_exit() called sys.exit(3).", "%aero_traceback"),
    "_exit": ("import os; os._exit(3)", "ended with exit code 3 while failing__exit ran", "%aero_traceback"),
}


@pytest.mark.parametrize("how", FAILING)
def test_a_function_that_fails_leaves_a_failed_run_whose_cause_can_be_read(shell, error_lines, how):
    body, happened, cure = FAILING[how]
    register(shell, "--output failing", f"def failing_{how}():\n    step = 1\n    {body}\n")
    lines = error_lines(f"%aero_run failing_{how}")
    assert len(lines) == 2
    assert happened in lines[0]
    assert cure in lines[1]

    listed = shell.run_line_magic("aero_list", "run --limit 1").iloc[0]
    run = aero_jupyter.current().client.get_run(listed["id"])
    assert listed["state"] == run.state == "failed"
    assert listed["error"] == run.error
    if "raise" in body:
        error = re.search(r"raise (.*)", body)[1]
        assert f'File "<cell failing_{how}>", line 4, in failing_{how}' in run.traceback
        assert error in run.traceback
        assert f"line 4, in failing_{how}" in repr(shell.run_line_magic("aero_traceback", ""))
    assert len(run.log or "") < 1 << 19
    assert (
        shell.run_line_magic("aero_list", "data --limit 200").query("name == 'failing'")["newest version"].isna().all()
    )
