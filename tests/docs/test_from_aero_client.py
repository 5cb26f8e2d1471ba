"""The page for users of ``aero_client``: its names are all there are, and its commands are accepted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from aero_jupyter import api, config, error, jobs, utils
from aero_jupyter.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "from_aero_client.md").read_text("utf-8")
MODULES = {"api": api, "utils": utils, "config": config, "error": error, "jobs": jobs}
_ROW = re.compile(r"^\| `(api|utils|config|error|jobs)`[^|]*\| (.*) \|$", re.MULTILINE)
LISTED = {name: set[str]() for name in MODULES}
for _module, _names in _ROW.findall(PAGE):
    LISTED[_module] |= set(re.findall(r"`(\w+)`", _names))
#: Names of ``api`` that the page lists with ``utils`` and ``error``, and a private name that scripts import.
_ELSEWHERE = {"AeroOutput", "ClientError", "PolicyEnum", "_client_auth"}


@pytest.mark.parametrize("module", MODULES)
def test_every_listed_name_exists(module: str) -> None:
    assert [name for name in LISTED[module] if not hasattr(MODULES[module], name)] == []


@pytest.mark.parametrize("module", ["api", "utils", "config", "error"])
def test_every_public_name_is_listed(module: str) -> None:
    assert set(MODULES[module].__all__) - LISTED[module] - _ELSEWHERE == set()


@pytest.mark.parametrize("line", re.findall(r"^aero-jupyter (.*)$", PAGE, re.MULTILINE))
def test_every_command_is_accepted(line: str) -> None:
    assert main._parser().parse_args(shlex.split(line.partition(" > ")[0]))
