"""The command, on the local AERO."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections import namedtuple

import nbformat
import pytest
from support.unregistrable_names import add_unregistrable_dataset

import aero_jupyter
from aero_jupyter import demo
from aero_jupyter.cli import main
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import daemon, local_home

KEEP = "def keep_north(raw):\n    return raw\n"
DOCTOR = ("server", "versions", "endpoint", "disk", "space", "clock", "settings")


@pytest.fixture(scope="module")
def north(aero):
    """Data `north` with two versions; its bytes, oldest first."""
    session = aero_jupyter.local()
    with demo.Plant() as plant:
        contents = [plant.content()]
        flow = session.register(
            portable(KEEP, source_parameter="raw"),
            outputs=["north"],
            source=plant.url,
            policy=PolicyEnum.INGESTION,
            description="Inflow",
        )
        session.client.wait_for_version(flow.outputs[0].id, 1, 60)
        plant.publish(7)
        contents.append(plant.content())
        session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
    return contents


@pytest.fixture
def output_lines(north, capsys):
    """Run the command where it must work; the lines it prints."""

    def lines(*words: str) -> list[str]:
        capsys.readouterr()
        assert main.main(words) == 0
        return capsys.readouterr().out.splitlines()

    return lines


def command(*words, **env):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "aero_jupyter", *words], env={**os.environ, **env}, capture_output=True, timeout=60
    )


@pytest.mark.parametrize(
    ("kind", "head", "holds"),
    [
        ("data", ["name", "description", "url", "id"], "north"),
        ("flow", ["function", "outputs", "runs", "id"], "downloaded every day"),
        ("prov", ["created", "used", "made", "id"], "north v2"),
        ("run", ["state", "trigger", "created", "made", "error", "id"], "north v2"),
    ],
)
def test_a_list_is_a_table(output_lines, kind, head, holds):
    lines = output_lines("list", kind)
    assert lines[0].split() == head
    assert holds in "\n".join(lines)
    assert len(output_lines("list", kind, "--limit", "1")) == 2


def test_status_says_where_and_how_much(output_lines, aero):
    heading, *counts, space = output_lines("status")
    assert re.fullmatch(r"space: [\d,.]+ MB stored for versions of [\d,.]+ MB(; .*)?", space)
    assert heading == f"local AERO answers at {aero.url} (local dialect)."
    assert [re.fullmatch(r"(\w+): \d+", count)[1] for count in counts] == ["data", "flow", "prov", "run"]


@pytest.mark.parametrize("words", [("north",), ("Inflow", "AND", "name:north"), ("north", "--scan")])
def test_a_search_finds_what_is_there(output_lines, words):
    assert any(line.startswith("north ") for line in output_lines("search", *words)[1:])


def test_versions_are_listed(output_lines, north):
    head, first, second = output_lines("versions", "north")
    assert head.split() == ["version", "created", "bytes", "checksum", "id"]
    assert [line.split()[0] for line in (first, second)] == ["1", "2"]
    assert str(len(north[0])) in first.split()


def test_the_bytes_of_a_version_go_where_they_are_wanted(north, capfdbinary, tmp_path):
    assert main.main(["get", "north", "--version", "1"]) == 0
    assert main.main(["get", "north", "-o", "-"]) == 0
    assert main.main(["get", "north", "-o", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_bytes() == north[1]
    assert capfdbinary.readouterr().out == north[0] + north[1]
    assert os.listdir(tmp_path) == ["out.csv"]


def test_what_is_no_file_is_written_to_and_not_replaced(north, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    came = []
    reader = threading.Thread(target=lambda: came.append(pipe.read_bytes()))
    reader.start()
    assert main.main(["get", "north", "-o", str(pipe)]) == 0
    reader.join()
    assert came == [north[1]]
    assert pipe.is_fifo()


def test_a_broken_download_leaves_the_good_file_and_nothing_else(north, aero_home, capsys, tmp_path):
    kept = next(path for path in aero_home.rglob("*") if path.is_file() and path.read_bytes() == north[1])
    out = tmp_path / "out.csv"
    out.write_text("good")
    mode = kept.stat().st_mode
    kept.chmod(0o600)
    kept.write_bytes(north[1].replace(b"2025", b"2035"))
    try:
        assert main.main(["get", "north", "-o", str(out)]) == 1
    finally:
        kept.write_bytes(north[1])
        kept.chmod(mode)
    assert "do not match their checksum" in capsys.readouterr().err
    assert out.read_text() == "good"
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize(
    ("words", "happened", "cure"),
    [
        (("get", "norht"), "There is no data named 'norht'.", "Did you mean north"),
        (("get", "something else"), "no data named", "See what there is with aero-jupyter list data"),
        (("versions", "something else"), "no data named", "See what there is with aero-jupyter list data"),
        (
            ("get", "north", "--version", "7"),
            "north has versions 1 to 2; there is no version 7.",
            "Choose one of them.",
        ),
        (("get", "north", "-o", "/no/where/x"), "/no/where/x cannot be written: No such file", "Choose another file."),
        (("get", "north", "-o", "/"), "cannot be written", "Choose another file."),
        (("search", "(a"), "column 1", "Close it"),
        (("demo", "--notebook", "/no/where.ipynb"), "There is no notebook", "Name one with --notebook."),
        (("demo", "--notebook", __file__), "is not a notebook", "Name one with --notebook."),
    ],
)
def test_what_cannot_be_done_is_two_lines_and_exit_code_1(north, capsys, words, happened, cure):
    assert main.main(words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert happened in lines[0]
    assert cure in lines[1]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nothing",),
        ("list", "nothing"),
        ("list", "data", "--limit", "-1"),
        ("list", "data", "--limit", "0"),
        ("get", "north", "--version", "x"),
    ],
)
def test_what_is_no_command_is_exit_code_2(capsys, words):
    with pytest.raises(SystemExit) as caught:
        main.main(words)
    assert caught.value.code == 2
    assert "usage: aero-jupyter" in capsys.readouterr().err


def test_a_name_cannot_move_the_cursor(output_lines):
    add_unregistrable_dataset("up\x1b[2J\nnorth")
    assert "up\\x1b[2J\\x0anorth" in "\n".join(output_lines("list", "data"))


def test_a_reader_that_goes_away_is_no_trouble(north):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "aero_jupyter", "list", "data", "--limit", "100000"],
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_the_local_aero_starts_answers_and_stops(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    messages = []
    for what, code in (("status", 1), ("logs", 0), ("stop", 0), ("start", 0), ("start", 0), ("status", 0), ("logs", 0)):
        assert main.main(["local", what]) == code
        messages.append(capsys.readouterr().out)
    assert messages[0] == "The local AERO is not running. Start it with: aero-jupyter local start\n"
    assert messages[1] == f"There is no log yet; it will be {tmp_path / 'service.log'}.\n"
    assert messages[2] == "The local AERO was not running.\n"
    state = daemon.find_running(tmp_path)
    assert f"runs at {state.url} (process {state.pid}, folder {tmp_path})" in messages[3]
    assert messages[3] == messages[4] == messages[5]
    assert state.token not in "".join(messages)
    assert main.main(["local", "stop"]) == 0
    assert capsys.readouterr().out == "The local AERO is stopped.\n"
    assert daemon.find_running(tmp_path) is None


def checks(text):
    """Parse the output of doctor: the mark, the message and the cure of each check, by name."""
    found, lines = {}, text.splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith(" "):
            mark, name, text = re.fullmatch(r"(\w+) +(\w+): (.*)", line).groups()
            found[name] = (mark, text, after.strip() if after.startswith(" ") else "")
    return found


def test_doctor_finds_nothing_where_all_is_well(output_lines):
    found = checks("\n".join(output_lines("doctor")))
    assert list(found) == list(DOCTOR)
    assert {(mark, cure) for mark, _, cure in found.values()} == {("ok", "")}


def test_doctor_sees_a_full_disk(north, monkeypatch, capsys):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 3 * 10**6))
    assert main.main(["doctor"]) == 1
    found = checks(capsys.readouterr().out)
    assert found["disk"] == (
        "problem",
        f"Only 3 MB are free for {local_home.home()}.",
        "Free some space, or set AERO_HOME.",
    )
    assert found["server"][0] == "ok"


def test_doctor_sees_a_service_of_another_version(north, aero_home, capsys):
    state = local_home.state_file(aero_home)
    before = state.read_text()
    state.write_text(json.dumps({**json.loads(before), "version": "0.0.1"}))
    try:
        assert main.main(["doctor"]) == 1
    finally:
        state.write_text(before)
    mark, text, cure = checks(capsys.readouterr().out)["versions"]
    assert mark == "problem"
    assert text.startswith("The local AERO is 0.0.1, this package ")
    assert cure == "Run: aero-jupyter local stop"


def test_doctor_names_a_misspelt_setting(north, monkeypatch, capsys):
    monkeypatch.setenv("AERO_LOCAL_TIMOUT", "60")
    assert main.main(["doctor"]) == 1
    assert checks(capsys.readouterr().out)["settings"] == (
        "problem",
        "AERO_LOCAL_TIMOUT is set but is not a setting, so it is ignored. Did you mean AERO_LOCAL_TIMEOUT?",
        "Correct the names, or unset the variables.",
    )


def test_doctor_sees_a_server_that_is_down_and_still_looks_at_the_rest():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = command("doctor", AERO_SERVER=f"http://127.0.0.1:{taken.getsockname()[1]}/")
    found = checks(done.stdout.decode())
    assert (done.returncode, done.stderr) == (1, b"")
    assert list(found) == list(DOCTOR)
    assert found["server"][0] == "problem"
    assert found["server"][2]
    assert found["disk"][0] == "ok"
    assert found["clock"] == ("problem", "The server sent no Date header.", "Read the line of the check server above.")


class Late(http.server.BaseHTTPRequestHandler):
    """A server whose clock stands an hour behind, as much of it as doctor asks."""

    def do_GET(self):
        body = json.dumps({"paths": {"/data/source": {}}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        import time

        return super().date_time_string(time.time() - 3600)

    def log_message(self, *_):
        pass


def test_doctor_sees_clocks_apart_and_that_nobody_is_logged_in():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    done = command("doctor", AERO_SERVER=f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    thread.join()
    server.server_close()
    found = checks(done.stdout.decode())
    assert done.returncode == 1
    assert found["server"][0] == "ok"
    mark, text, cure = found["clock"]
    assert (mark, cure) == ("problem", "Set this machine's clock.")
    assert re.fullmatch(r"This clock and the server's are 3[56]\d\d s apart\.", text)
    assert found["endpoint"][0] == "problem"
    assert "client_uuid" in found["endpoint"][2]


def test_the_demo_runs_a_notebook_and_ends_with_its_counts(tmp_path, capsys):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os; assert os.environ['AERO_HOME']")])
    path = tmp_path / "small.ipynb"
    nbformat.write(book, path)
    assert main.main(["demo", "--notebook", str(path)]) == 0
    counts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(counts) == {"data", "versions", "runs", "provenance", "seconds"}
    book.cells[0].source = "1 / 0"
    nbformat.write(book, path)
    assert main.main(["demo", "--notebook", str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
