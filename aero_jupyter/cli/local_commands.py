"""The ``aero-jupyter local`` commands: the service of this user, its store and its backups."""

from __future__ import annotations

import argparse
from pathlib import Path

from aero_jupyter.cli.output import print_escaped
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.service import daemon, local_home


def run_local(args: argparse.Namespace) -> int:
    """Run one of the commands on the local AERO; return the exit code."""
    from aero_jupyter.service.maintenance.integrity import violations

    home = local_home.home()
    local_home.require_own(home)
    if args.what == "logs":
        log = local_home.log_file(home)
        print_escaped(log.read_text(errors="replace") if log.exists() else f"There is no log yet; it will be {log}.")
    elif args.what == "check":
        problems = violations(home)
        print_escaped("\n".join(problems) or f"No problem found in {home}.")
        return int(bool(problems))
    elif args.what in ("backup", "restore", "rebuild", "gc"):
        print_escaped(_maintain(args.what, home, args.file))
    elif args.what == "stop":
        print_escaped("The local AERO is stopped." if daemon.stop(home) else "The local AERO was not running.")
    else:
        state = daemon.ensure(home) if args.what == "start" else daemon.find_running(home)
        if state is None and (holder := daemon.find_holder(home)) is not None:
            raise daemon.not_responding_error(holder)
        if state is None:
            print_escaped("The local AERO is not running. Start it with: aero-jupyter local start")
            return 1
        print_escaped(f"The local AERO {state.version} runs at {state.url} (process {state.pid}, folder {home}).")
    return 0


def _maintain(what: str, home: Path, file: Path | None) -> str:
    from aero_jupyter.service.maintenance import backup, garbage

    if what == "gc":
        count, size = garbage.gc(home)
        return f"{count} contents removed that no version points to, {size:,} bytes."
    if what == "rebuild":
        from aero_jupyter.service.maintenance.rebuild import rebuild

        return str(rebuild(home))
    if file is None:
        raise InvalidArgument(f"local {what} needs a file.", f"Write: aero-jupyter local {what} FILE")
    if what == "backup":
        return f"{backup.backup(home, file)} contents and the store are in {file}."
    return f"{backup.restore(home, file)} contents and the store are back in {home}."
