"""The page of a list in a real IPython, in a real terminal of 60 columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

WIDTH = 60
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def typed_into_ipython(folder: Path, *lines: str) -> str:
    """Type lines into an IPython in a terminal, then `exit`; give all that the terminal was sent."""
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    env |= {"TERM": "xterm", "IPYTHONDIR": str(folder), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    ) as shell:
        os.close(theirs)
        try:
            os.write(mine, "".join(f"{line}\n" for line in (*lines, "exit")).encode())
            return read_all(mine, time.monotonic() + 120).replace("\r\n", "\n")
        finally:
            shell.kill()
            os.close(mine)


def read_all(terminal: int, until: float) -> str:
    """Read what comes until the other side hangs up."""
    parts = []
    while select.select([terminal], [], [], max(0.0, until - time.monotonic()))[0]:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)
    raise TimeoutError(b"".join(parts).decode(errors="replace"))


@pytest.fixture(scope="module")
def page(influent: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    return typed_into_ipython(
        tmp_path_factory.mktemp("ipython"), "%load_ext aero_jupyter", "%aero_list data --where name=influent --limit 1"
    )


def test_the_page_has_the_words_of_the_notebook_and_fits(page: str) -> None:
    lines = _COLOUR.sub("", page).splitlines()
    row = next(line for line in lines if line.startswith("influent "))
    head = lines[lines.index(row) - 1]
    assert "Inflow <b>north</b>" in row
    assert len(row) <= WIDTH
    assert len(head) <= WIDTH
    assert any(line.startswith("1 row · as of ") and line.endswith("UTC · local AERO") for line in lines)
    assert any(line.startswith("Too narrow for ") for line in lines)


def test_what_is_a_heading_is_bold_and_no_widget_is_written(page: str) -> None:
    assert re.search(r"\x1b\[1mname\s*\x1b\[0m", page)
    assert "VBox" not in page
    assert "<table" not in page
