"""Every command, option, setting and name that a message of the package tells to type is one that works."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from support.package_messages import messages

import aero_jupyter
from aero_jupyter.cli import main
from aero_jupyter.notebook.magics.line_parsing import search_arguments
from aero_jupyter.notebook.magics.magics import AeroMagics
from aero_jupyter.notebook.magics.parsers import declares_arguments, parser_of

ROOT = Path(aero_jupyter.__file__).parent
#: What ends a command within a sentence.
_END = r"(?=$|[.;,:)]?$|[.;,:)]\s|\s(?:and|or|in|as|to|shows|tells|lists|starts)\s)"
_MAGIC = re.compile(r"(%%?)(aero_\w+)(\??)(.*?)" + _END, re.DOTALL)
_COMMAND = re.compile(r"\baero-jupyter ([a-z].*?)" + _END, re.DOTALL)
_OPTION = re.compile(r"(?<![\w(-])--[a-z][a-z-]+")
_PYTHON = re.compile(r"(?<![\w./])(aero|aero_jupyter|client|session)\.([a-z_]\w*)")
_SETTING = re.compile(r"\bAERO_[A-Z_]+[A-Z]\b")
_EXTRA = re.compile(r"aero-jupyter\[([\w,]+)\]")
#: Modules whose names and files look like Python of a user's.
_NOT_NAMES = {"db", "csv", "tar", "toml", "example", "emews", "lock", "service"}


MESSAGES = list(messages())


def found(pattern: re.Pattern[str]) -> list[Any]:
    """Every match of a pattern in a message, as a parameter named after its place."""
    return [
        pytest.param(match, id=f"{place} {match[0]}") for place, text in MESSAGES for match in pattern.finditer(text)
    ]


def parser_of_line(magic: str, percents: str) -> Any:
    methods = {("%%", "aero_run"): "aero_run_cell", ("%", "aero_register"): "aero_register_line"}
    name = methods.get((percents, magic), magic)
    return parser_of(getattr(AeroMagics, name))


@pytest.mark.parametrize("match", found(_MAGIC))
def test_a_magic_that_a_message_names_takes_what_the_message_gives_it(match: re.Match[str]) -> None:
    percents, name, help_mark, rest = match.groups()
    assert hasattr(AeroMagics, name)
    if help_mark or percents == "%%":
        return
    if name == "aero_search":
        assert search_arguments(rest.strip(), {})
    else:
        parser_of_line(name, percents).parse_args(shlex.split(rest))


@pytest.mark.parametrize("match", found(_COMMAND))
def test_a_command_that_a_message_names_is_one_of_the_command_line(match: re.Match[str]) -> None:
    words = shlex.split(match[1].rstrip("."))
    if words[:2] == ["local", "data"]:
        words[1] = "backup"
    if words != ["data"]:
        main._parser().parse_args(words)


@pytest.mark.parametrize("match", found(_OPTION))
def test_an_option_that_a_message_names_exists(match: re.Match[str]) -> None:
    known = {"--scan", "--limit"}
    for name in dir(AeroMagics):
        magic = getattr(AeroMagics, name)
        actions = parser_of(magic)._actions if declares_arguments(magic) else ()
        known |= {option for action in actions for option in action.option_strings}
    commands: Any = next(action for action in main._parser()._actions if action.choices)
    for parser in commands.choices.values():
        known |= {option for action in parser._actions for option in action.option_strings}
    assert match[0] in known


@pytest.mark.parametrize("match", [m for m in found(_PYTHON) if m.values[0][2] not in _NOT_NAMES])
def test_python_that_a_message_shows_needs_only_the_package(match: re.Match[str]) -> None:
    assert match[1] in ("aero", "aero_jupyter"), f"{match[0]} is a NameError in a new notebook"
    assert match[2] in aero_jupyter.__all__


@pytest.mark.parametrize("match", found(_SETTING))
def test_a_setting_that_a_message_names_is_read_somewhere(match: re.Match[str]) -> None:
    whole = [source for path in ROOT.rglob("*.py") for source in re.findall(r'"(AERO_[A-Z_]+)"', path.read_text())]
    # The bounds of a download are read by a common beginning.
    assert match[0] in whole or match[0].startswith("AERO_LOCAL_PULL_")


@pytest.mark.parametrize("match", found(_EXTRA))
def test_an_extra_that_a_message_names_is_declared(match: re.Match[str]) -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    declared = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(match[1].split(",")) <= set(declared)


def test_messages_were_found() -> None:
    assert len(found(_MAGIC)) > 20
    assert len(found(_COMMAND)) > 10


def test_no_full_stop_follows_a_command_that_ends_a_message() -> None:
    typed_too = [f"{place}: {text}" for place, text in MESSAGES if re.search(r"%aero_\w+(?: --?\w+)?\.$", text)]
    assert typed_too == []
