from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aero_jupyter.core.errors import AeroError, FunctionRefused, InvalidArgument, RunFailed
from aero_jupyter.core.policy import PolicyEnum

CELL = """import csv
def smooth(sewage, window=7):
    'Smooth it. Well.'
    print('hi')
    return open(sewage).read()
"""


@pytest.fixture
def source():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/raw.csv" else 404)
            self.end_headers()
            self.wfile.write(b"a,b\n1,2\n")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def register(shell, line, cell=CELL):
    return shell.run_cell_magic("aero_register", line, cell)


def test_the_cell_runs_here_and_its_function_is_registered(shell, session):
    card = register(shell, '--input sewage=sewage --output clean --kwarg window=3 --description "Seven days"')
    function, given = session.registered[0]
    assert shell.user_ns["smooth"].__name__ == function.name == "smooth"
    assert given["policy"] is PolicyEnum.ANY
    assert given["kwargs"] == {"window": 3}
    assert given["description"] == "Seven days"
    lines = repr(card).splitlines()
    assert lines[0] == "✓ smooth → clean    flow 3fa1c2d8 · local endpoint"
    assert lines[1].startswith("When any input changes. Input: sewage (v41, ")
    assert lines[1].endswith("Output: clean (no version yet).")
    assert lines[2] == "runs: none yet · next: when sewage changes"


def test_what_follows_from_the_options(shell, session):
    register(shell, "--source sewage=https://x.org/a.csv --every 1d")
    register(shell, "--input sewage=sewage --every 6h --output clean")
    register(shell, "--kwarg sewage=text")
    given = [each for _, each in session.registered]
    assert [each["policy"] for each in given] == [PolicyEnum.INGESTION, PolicyEnum.TIMER, PolicyEnum.NONE]
    assert [each["timer"] for each in given] == [86_400, 21_600, None]
    assert given[0]["outputs"] == ("sewage",)
    assert given[0]["source"] == "https://x.org/a.csv"
    assert given[2]["kwargs"] == {"sewage": "text"}
    assert given[0]["description"] == "Smooth it. Well."


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--input sewage", "does not say which is which"),
        ("--input sewage=sewage --source a=http://x", "either a source or inputs"),
        ("--input sewage=sewage --policy any --every 1d", "Policy any has no timer"),
        ("--policy timer", "needs a time"),
        ("--policy sometimes", "no policy"),
        ("--source a=http://x --every often", "not a time"),
    ],
)
def test_options_that_make_no_sense_register_and_run_nothing(shell, session, line, says):
    with pytest.raises(InvalidArgument, match=says):
        register(shell, line)
    assert not session.registered
    assert "smooth" not in shell.user_ns


def test_a_cell_that_raises_registers_nothing(shell, session, capsys):
    with pytest.raises(AeroError, match="the cell raised ZeroDivisionError") as caught:
        register(shell, "--output clean", "def smooth(): ...\n1 / 0\n")
    assert not session.registered
    assert len(caught.value._render_traceback_()) == 2
    assert capsys.readouterr().out.count("division by zero") == 1


def test_an_import_of_another_cell_is_named(shell, session):
    shell.run_cell("import statistics as st")
    with pytest.raises(FunctionRefused) as caught:
        register(shell, "--output clean", "def smooth():\n    return st.mean([1])\n")
    assert "import statistics as st" in caught.value.cure


def test_a_card_shows_what_others_wrote_as_text(shell, session):
    card = register(shell, "--input sewage=sewage --output '<script>'")
    assert "<script>" not in card._repr_html_()
    assert "&lt;script&gt;" in card._repr_html_()


def test_waiting_for_the_newest_run(shell, session):
    session.client.rows["run"].append(session.client.run)
    assert register(shell, "--output clean --kwarg sewage=x").wait(1).state == "done"


def test_a_dry_run_is_elsewhere_and_registers_nothing(shell, session):
    cell = CELL.replace("'hi'", "__import__('os').getpid()")
    tried = register(shell, "--input sewage=sewage --output clean --dry-run", cell)
    assert not session.registered
    assert tried.output == "a str"
    assert "day,count" in repr(tried)
    assert int(tried.printed) != __import__("os").getpid()


def test_a_dry_run_pulls_its_source(shell, session, source):
    tried = register(shell, f"--source raw={source}/raw.csv --dry-run")
    assert "a,b" in repr(tried)
    with pytest.raises(RunFailed, match="answered 404"):
        register(shell, f"--source raw={source}/gone.csv --dry-run")


def test_a_dry_run_shows_a_frame(shell, session):
    cell = "import pandas as pd\ndef load(x):\n    return pd.read_csv(x)\n"
    tried = register(shell, "--input x=sewage --output clean --dry-run", cell)
    assert tried.output == "a DataFrame of shape (2, 2)"
    assert "day" in tried._repr_html_()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("raise ValueError('no rows')", "smooth\\(\\) failed: ValueError: no rows"),
        ("import os; os._exit(3)", "ended its process \\(exit code 3\\)"),
        ("while True: pass", "did not return within 0.5 s"),
    ],
)
def test_a_dry_run_that_fails_says_how(shell, session, body, says):
    with pytest.raises(RunFailed, match=says):
        register(
            shell,
            "--output clean --dry-run --timeout 0.5" if "while" in body else "--dry-run",
            f"def smooth():\n    {body}\n",
        )


def test_it_says_when_it_is_unclear_who_gets_the_pulled_file(shell, session):
    with pytest.raises(InvalidArgument, match="It is not clear which parameter"):
        register(shell, "--source raw=http://x/a.csv", "def f(a, b):\n    return a\n")
