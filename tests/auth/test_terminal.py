"""Logging in from a terminal, which prompts for the code, and without one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from aero_jupyter.cli import main
from aero_jupyter.testing import local_aero


def aero_jupyter(*arguments, **options):
    command = [sys.executable, "-m", "aero_jupyter", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def link_in(text, auth):
    return next(word for word in text.split() if word.startswith(auth.url))


def test_without_a_terminal_the_command_shows_the_link_and_the_next_one_brings_the_code(configured_server, auth):
    begun = aero_jupyter("login", input="")
    assert begun.returncode == 0, begun.stderr
    assert "aero-jupyter login --code" in begun.stdout
    done = aero_jupyter("login", "--code", "-", input=auth.log_in(link_in(begun.stdout, auth)) + "\n")
    assert "Logged in as vh@example.edu" in done.stdout
    again = aero_jupyter("login", input="")
    assert "Logged in as vh@example.edu" in again.stdout
    left = aero_jupyter("logout")
    assert "revoked at Globus" in left.stdout
    shown = "".join(each.stdout + each.stderr for each in (begun, done, again, left))
    assert [secret for secret in auth.secrets if secret in shown] == []


def test_on_a_terminal_the_code_is_asked_for(configured_server, auth):
    mine, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "aero_jupyter", "login"], stdin=theirs, stdout=subprocess.PIPE, text=True
    ) as command:
        os.close(theirs)
        link = next(line.strip() for line in command.stdout if line.startswith(auth.url))
        os.write(mine, auth.log_in(link).encode() + b"\n")
        output = command.stdout.read()
        command.wait(180)
    os.close(mine)
    assert "Code: " in output
    assert "Logged in as vh@example.edu" in output
    assert command.returncode == 0


def test_a_refused_code_is_two_lines(configured_server, auth, capsys):
    main.main(["login"])
    assert main.main(["login", "--code", "wrong"]) == 1
    assert capsys.readouterr().err.splitlines()[0] == "Globus did not accept this code."


def test_a_server_without_a_globus_client_says_so(capsys, monkeypatch):
    monkeypatch.setenv("AERO_SERVER", "http://127.0.0.1:9/")
    monkeypatch.setattr("aero_jupyter.session.connections._current", None)
    assert main.main(["login"]) == 1
    assert "no Globus client is configured for it" in capsys.readouterr().err


LOOK = """
def look(n=1):
    import os
    import pathlib

    lines = [open(f"/proc/{each}/cmdline").read() for each in ("self", os.getppid())]
    seen = repr(dict(os.environ)) + open("/proc/self/environ").read() + repr(lines)
    pathlib.Path("seen.txt").write_text(seen)
    return pathlib.Path("seen.txt")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="needs /proc")
def test_a_function_finds_no_secret_in_its_surroundings(monkeypatch, tmp_path):
    from aero_jupyter.compute.portable_function import portable
    from aero_jupyter.session import connections as session

    secrets = {
        "AERO_ACCESS_TOKEN": "an-access-token",
        "AERO_CLIENT_SECRET": "a-client-secret",
        "GLOBUS_COMPUTE_CLIENT_SECRET": "a-compute-secret",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "aero"))
    monkeypatch.setattr(session, "_current", None)
    with local_aero(tmp_path / "aero") as state:
        here = session.local()
        flow = here.register(portable(LOOK), outputs=["seen"])
        run = here.client.wait_for_run(here.client.run_flow(flow.id).id, 180)
        assert run.state == "done", run.error
        with here.client.open_version(flow.outputs[0].id) as reader:
            text = reader.read().decode()
    assert "PATH" in text
    assert [value for value in (*secrets.values(), state.token) if value in text] == []
