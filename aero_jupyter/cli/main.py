"""The ``aero-jupyter`` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aero_jupyter._version import __version__
from aero_jupyter.cli import catalogue_commands, endpoint_commands, notice_commands, provenance_commands, sources
from aero_jupyter.cli.local_commands import run_local
from aero_jupyter.cli.log_level import log_to_stderr, read_level
from aero_jupyter.cli.output import print_escaped, print_json, with_commands
from aero_jupyter.cli.shell_completion import SHELLS, print_completion
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.redaction import redact_text

_EXIT_CODES = "exit codes: 0 done, 1 refused or failed, 2 no such command or option, 130 interrupted"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 refused or failed, 130 interrupted.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of the process.
    """
    args = _parser().parse_args(argv)
    if args.log:
        log_to_stderr(args.log)
    if args.profile_in_use:
        os.environ["AERO_PROFILE"] = args.profile_in_use
    try:
        code = int(args.run(args) or 0)
        sys.stdout.flush()
        return code
    except AeroError as error:
        print_escaped(redact_text(with_commands(str(error), args.commands)), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has closed the pipe; the interpreter must not fail on it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    description = "AERO in the notebook, from the command line."
    parser = argparse.ArgumentParser("aero-jupyter", description=description, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "-l", "--log", type=read_level, metavar="LEVEL", help="write log records from this level on: DEBUG, INFO, …"
    )
    parser.add_argument(
        "--profile",
        dest="profile_in_use",
        metavar="NAME",
        help="the table of the configuration file to use, as AERO_PROFILE names it",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int | None], description: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=description, description=description)
        command.set_defaults(run=run, commands=commands.choices)
        return command

    add("demo", _demo, "run the quickstart on a local AERO of its own").add_argument("--notebook", type=Path)
    local = add("local", run_local, "the local AERO of this user")
    local.add_argument(
        "what", choices=("start", "stop", "status", "logs", "check", "backup", "restore", "rebuild", "gc")
    )
    local.add_argument("file", nargs="?", type=Path, help="the file of a backup: written by backup, read by restore")
    catalogue_commands.add_commands(add)
    provenance_commands.add_commands(add)
    notice_commands.add_commands(add)
    endpoint_commands.add_commands(add)
    sources.add_commands(add)
    login = add("login", _login, "log in to the AERO server with Globus")
    login.add_argument("--code", help="the code that the login page shows; - reads it from the standard input")
    login.add_argument("--force", action="store_true", help="log in although a user is logged in")
    add("logout", _logout, "delete the stored tokens, and revoke them at Globus")
    doctor = add("doctor", _doctor, "check the installation, and print the remedy for each problem")
    doctor.add_argument("--json", action="store_true", help="write JSON")
    completion = add("completion", _completion, "print the script with which a shell completes the commands")
    completion.add_argument("shell", choices=SHELLS)
    return parser


def _completion(args: argparse.Namespace) -> None:
    print_completion(args.shell, _parser)


def _login(args: argparse.Namespace) -> None:
    from aero_jupyter.cli import login as terminal_login

    for line in terminal_login.log_in(args.code, args.force):
        print_escaped(line, flush=True)


def _logout(_: argparse.Namespace) -> None:
    from aero_jupyter.session import logout

    print_escaped(logout())


def _doctor(args: argparse.Namespace) -> int:
    from aero_jupyter.cli.doctor import run_checks

    results = list(run_checks())
    if args.json:
        print_json([vars(result) for result in results])
    for result in () if args.json else results:
        print_escaped(f"{'ok' if result.is_ok else 'problem':8} {result.name}: {redact_text(result.message)}")
        if result.cure:
            print_escaped(f"{'':8} {with_commands(result.cure, args.commands)}")
    return 0 if all(result.is_ok for result in results) else 1


def _demo(args: argparse.Namespace) -> None:
    from aero_jupyter.cli import demo

    for line in demo.run(args.notebook):
        print_escaped(line, flush=True)
