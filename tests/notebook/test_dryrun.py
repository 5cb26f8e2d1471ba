"""`--dry-run`: once, here, in a process of its own; nothing is registered."""

from __future__ import annotations

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import aero_jupyter
from aero_jupyter import demo

pytestmark = pytest.mark.slow


@pytest.fixture
def nothing_registered(aero):
    client = aero_jupyter.local().client
    before = [flow.id for flow in client.list("flow")]
    yield
    assert [flow.id for flow in client.list("flow")] == before


@pytest.fixture
def tried(shell, nothing_registered):
    return lambda line, cell: shell.run_cell_magic("aero_register", f"--dry-run {line}", cell)


@pytest.fixture
def refused(error_lines, nothing_registered):
    return lambda line, cell: error_lines(f"%%aero_register --dry-run {line}\n{cell}")


def test_it_runs_on_the_latest_input_in_a_process_of_its_own(tried, influent):
    cell = (
        "import os, pandas as pd\n"
        "def look(given, rows=2):\n    print(os.getpid())\n    return pd.read_csv(given).head(rows)\n"
    )
    card = tried("--input given=influent --output o --kwarg rows=3", cell)
    assert card.output == "a DataFrame of shape (3, 2)"
    assert "sample_collect_date" in card._repr_html_()
    assert repr(card).startswith("✓ look returned a DataFrame of shape (3, 2) in ")
    assert int(card.printed) != os.getpid()


def test_a_function_is_told_of_its_input_what_a_run_tells(tried, influent):
    cell = (
        "def look(given, given_url, given_version, given_signed_url=1, other_version=5):\n"
        "    print(given_version, given_url.startswith('http://127.0.0.1'), given_signed_url, other_version)\n"
        "    return given\n"
    )
    client = aero_jupyter.local().client
    number = client.version(client.resolve_data("influent").id).version
    assert tried("--input given=influent --output o", cell).printed.strip() == f"{number} True None 5"
    assert tried("--input given=influent@1 --output o", cell).printed.strip() == "1 True None 5"


@pytest.mark.parametrize(
    ("ends", "output"),
    [
        ("open('x.csv', 'w').write('a\\n1\\n'); return 'x.csv'", "a file of 4 bytes"),
        ("open('x.csv', 'w').write('a\\n1\\n'); return AeroOutput('o', 'x.csv')", "output o: 4 bytes"),
        ("open('x.csv', 'w').write('a\\n1\\n'); return [AeroOutput('o', 'x.csv')]", "output o: 4 bytes"),
    ],
)
def test_it_says_what_came_back(tried, ends, output):
    cell = f"from aero_jupyter import AeroOutput\ndef giving():\n    {ends}\n"
    assert tried("--output o", cell).output == output


def test_where_no_output_is_declared_nothing_is_right(tried):
    assert tried("", "def silent():\n    pass\n").output == "nothing"


@pytest.mark.parametrize(
    ("ends", "happened", "cure"),
    [
        ("raise ValueError('no rows')", "f() raised ValueError: no rows", "See line 3 of the cell"),
        ("return 7", "The function returned an int; output o is declared.", "%aero_traceback"),
        ("return None", "The function returned nothing, but output o is declared.", "%aero_traceback"),
        ("return 'x.csv'", "Output o names the file x.csv, which does not exist.", "%aero_traceback"),
        ("import sys; sys.exit(3)", "f() called sys.exit(3).", "%aero_traceback"),
        ("import os; os._exit(3)", "f() ended its process (exit code 3).", "Return a value instead"),
        ("import os; os.kill(os.getpid(), 9)", "f() ended its process (signal 9).", "Return a value instead"),
        ("while True: print('x' * 9999)", "f() did not return within 1 s.", "Make it faster, or set --timeout."),
    ],
)
def test_what_goes_wrong_is_two_lines(refused, ends, happened, cure):
    lines = refused("--output o --timeout " + ("1" if "while" in ends else "60"), f"def f():\n    {ends}\n")
    assert len(lines) == 2
    assert happened in lines[0]
    assert cure in lines[1]


def test_what_it_printed_before_it_failed_is_kept_in_part(shell, refused):
    refused("--output o", "def f():\n    print('x' * (1 << 20) + 'the end')\n    raise KeyError('k')\n")
    text = repr(shell.run_line_magic("aero_traceback", ""))
    assert 'File "<cell f>", line 4, in f' in text
    assert "xxxthe end" in text
    assert len(text) < 100_000


def test_what_it_started_ends_with_it(refused, tmp_path):
    cell = (
        "import subprocess, sys, time\n"
        "def f(where):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "    open(where, 'w').write(str(child.pid))\n"
        "    time.sleep(600)\n"
    )
    refused(f"--timeout 3 --kwarg where={tmp_path / 'pid'}", cell)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 180
    while _runs(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert not _runs(pid)


def _runs(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return True  # no /proc here: the signal has arrived, so it is there
    except ProcessLookupError:
        return False


class _Faulty(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body, length = {
            "/gone.csv": (404, b"gone", 4),
            "/page.csv": (200, b"<!doctype html><html></html>", 28),
            "/empty.csv": (200, b"", 0),
            "/half.csv": (200, b"a,b\n1", 400),
        }[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def faulty():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Faulty)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_source_is_pulled(shell, tried):
    with demo.Plant() as plant:
        shell.user_ns["plant"] = plant
        cell = "import pandas as pd\ndef load(raw):\n    return pd.read_csv(raw)\n"
        card = tried("--source raw={plant.url}", cell)
        assert card.output == f"a DataFrame of shape ({plant.rows}, 6)"


@pytest.mark.parametrize(
    ("name", "happened"),
    [("gone", "answered 404"), ("page", "a web page"), ("empty", "an empty body"), ("half", "promised 400 bytes")],
)
def test_a_source_that_is_not_good_is_refused_as_an_ingestion_refuses_it(refused, faulty, name, happened):
    lines = refused(f"--source raw={faulty}/{name}.csv", "def load(raw):\n    return raw\n")
    assert happened in lines[0]
    assert lines[1] == "Correct the URL, or ask the operator of the source."


def test_it_says_when_it_is_unclear_who_gets_the_pulled_file(refused):
    lines = refused("--source raw=http://x/a.csv", "def f(a=1, b=2):\n    return a\n")
    assert lines[0] == "It is not clear which parameter of f() receives the download. Its parameters are a, b."
    assert "--source PARAMETER=URL" in lines[1]
