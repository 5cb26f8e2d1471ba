"""``aero-jupyter completion``: the script with which a shell completes the commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any  # argparse has no type for the choices of subcommands

#: The shells that shtab knows.
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def print_completion(shell: str, build_parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Print the completion script of a shell.

    Parameters
    ----------
    shell : str
        One of `SHELLS`.
    build_parser : callable
        Builds the parser of the command line.
    """
    import shtab

    parser = build_parser()
    for action in _actions(parser):
        if action.type is Path:
            # shtab reads this attribute: names of files are completed.
            vars(action)["complete"] = shtab.FILE
    sys.stdout.write(shtab.complete(parser, shell=shell) + "\n")


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        commands: Any = action.choices
        if isinstance(commands, dict):
            for command in commands.values():
                yield from _actions(command)
