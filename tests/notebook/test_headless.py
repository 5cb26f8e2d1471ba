"""The magics in a real kernel on the real local AERO: what goes wrong is two lines, and what works is there."""

import pytest
from support import headless_notebook

pytestmark = pytest.mark.slow

LOAD = "%load_ext aero_jupyter"
REGISTER = "%%aero_register --output o_{0}\n"

BAD = {
    "syntax": ("%%aero_register --output o\ndef f(:\n    return 1", "Line 2 is not Python", ""),
    "none": ("%%aero_register --output o\nx = 1", "This cell defines no function.", "Write one"),
    "two": (
        "%%aero_register --output o\ndef f(): return 1\ndef g(): return 2",
        "This cell defines f, g.",
        "Choose one with --name.",
    ),
    "lambda": ("%%aero_register --output o\nf = lambda x: x", "`f` is a lambda.", "Write it as def f(x)"),
    "magic": ("%%aero_register --output o\ndef f():\n    !ls", "is a notebook magic", "a cell of its own"),
    "elsewhere": (
        "%%aero_register --output o\ndef f():\n    return helper()",
        "helper",
        "",
    ),
    "input": ("%%aero_register --input x=nowhere\ndef f(x): pass", "There is no data named 'nowhere'.", "%aero_list"),
    "endpoint": (
        "%%aero_register --endpoint cluster\ndef f(): pass",
        "There is no endpoint 'cluster'.",
        "Choose one of local. List them with %aero_endpoints",
    ),
    "policy": ("%%aero_register --policy often\ndef f(): pass", "often", ""),
    "every": ("%%aero_register --every sometimes\ndef f(): pass", "sometimes", ""),
    "timer": (
        "%%aero_register --policy any --every 1d --input x=twin\ndef f(x): pass",
        "Policy any has no timer",
        "Leave --every out",
    ),
    "parameter": ("%%aero_register --input y=known\ndef f(x): pass", "f() has no parameter 'y'.", "x"),
    "missing": ("%%aero_register\ndef f(x): pass", "f() needs a value for x.", "--kwarg"),
    "ambiguous": ("%aero_get twin", "'twin' could be 2 data", "Use the id."),
    "version": ("%aero_get known --version 7", "known", ""),
    "unknown": ("%aero_get knwon", "There is no data named 'knwon'.", "Did you mean known?"),
    "flow": ("%aero_run nothing_like_it", "There is no flow named 'nothing_like_it'.", ""),
    "query": ('%aero_search "open', "column 1", "Close it"),
}


@pytest.fixture(scope="module")
def cells(aero, tmp_path_factory):
    """One kernel for all that can be asked of it; each bad cell's result by its name."""
    setup = (
        "import aero_jupyter as aero, requests\nfor n in (1, 2):\n"
        "    aero.local().client.post('data/source', data={'name': 'twin', 'url': f'https://example.org/{n}.csv'})\n"
        "aero.local().client.post('data/source', data={'name': 'known', 'url': 'https://example.org/k.csv'});"
    )
    done = headless_notebook.run_cells(
        tmp_path_factory.mktemp("book"), LOAD, setup, *(cell for cell, _, _ in BAD.values())
    )
    assert headless_notebook.error_lines(done[1]) == []
    return dict(zip(BAD, done[2:], strict=True))


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_two_lines(cells, name):
    _, happened, cure = BAD[name]
    lines = headless_notebook.error_lines(cells[name])
    assert 1 <= len(lines) <= 2, lines
    assert happened in lines[0]
    assert cure in lines[-1]


def test_the_magics_work_headless_and_errors_can_be_told_in_full(aero, tmp_path):
    done = headless_notebook.run_cells(
        tmp_path, LOAD, "%aero_login", "%aero_status", "1 + 1",
        "%%aero_register --output halves --kwarg n=3\nLIMIT = 2\ndef halves(n):\n"
        "    import pandas as pd\n    return pd.DataFrame({'half': [i / LIMIT for i in range(n)]})",
        "run = %aero_run halves\nrun.state", "%aero_get halves", "%aero_versions halves",
        "%%aero_register --output halves\ndef halves(n=1):\n    return 7", "%aero_run halves",
        "%%aero_register --output brittle\n\ndef brittle():\n    return 1 / 0", "%aero_run brittle", "%aero_traceback",
        "%aero_list run --limit 1", "%aero_search halves", "%aero_logout",
    )  # fmt: skip
    (_, login, status, _, registered, state, frame, versions, other, same, _, failed, text, runs, found, out) = done
    assert "local AERO" in headless_notebook.output_text(login)
    assert "answers at" in headless_notebook.output_text(status)
    assert "halves → halves" in headless_notebook.output_text(registered)
    assert "'done'" in headless_notebook.output_text(state)
    assert "half" in headless_notebook.output_text(frame)
    assert "text/html" in frame.outputs[0]["data"]
    assert "version" in headless_notebook.output_text(versions)
    assert "--replace" in headless_notebook.error_lines(other)[1]
    assert headless_notebook.error_lines(same) == []
    assert headless_notebook.error_lines(failed) == [
        "brittle() raised ZeroDivisionError: division by zero",
        "See line 4 of the cell, and %aero_traceback",
    ]
    assert "line 4, in brittle" in headless_notebook.output_text(text)
    assert "ZeroDivisionError" in headless_notebook.output_text(runs)
    assert "halves" in headless_notebook.output_text(found)
    assert "Logged out" in headless_notebook.output_text(out)


def test_a_cell_that_raises_shows_its_own_error_and_registers_nothing(aero, tmp_path):
    done = headless_notebook.run_cells(
        tmp_path, LOAD, "%%aero_register\ndef raising(): pass\nraise KeyError('x')", "%aero_run raising"
    )
    assert headless_notebook.error_lines(done[1])[-2:] == [
        "Nothing was registered, because the cell raised KeyError.",
        "Correct the cell and run it again.",
    ]
    assert "There is no flow named 'raising'." in headless_notebook.error_lines(done[2])[0]


def test_an_import_of_another_cell_is_named(aero, tmp_path):
    done = headless_notebook.run_cells(
        tmp_path, LOAD, "import math as m", "%%aero_register\ndef f(n=1):\n    return m.ceil(n)"
    )
    assert headless_notebook.error_lines(done[2]) == [
        "f() uses `m`, which this cell does not import.",
        "Put `import math as m` in the cell.",
    ]


@pytest.mark.parametrize("end", ["import os; os._exit(3)", "import sys; sys.exit(3)", "raise ValueError('no')"])
def test_a_dry_run_survives_whatever_the_function_does_and_registers_nothing(aero, tmp_path, end):
    done = headless_notebook.run_cells(
        tmp_path, LOAD, f"%%aero_register --dry-run --output dry\ndef dry():\n    {end}", "6 * 7",
        "%%aero_register --dry-run --timeout 2 --output dry\ndef dry():\n    while True: pass", "%aero_run dry",
    )  # fmt: skip
    assert len(headless_notebook.error_lines(done[1])) == 2
    assert headless_notebook.output_text(done[2]) == "42"
    assert "did not return within 2 s" in headless_notebook.error_lines(done[3])[0]
    assert "There is no flow named 'dry'." in headless_notebook.error_lines(done[4])[0]
