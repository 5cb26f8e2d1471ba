"""The ``aero-jupyter`` command."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.policy import in_words
from aero_jupyter.service import daemon

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.catalogue import Kind
    from aero_jupyter.client.content import VersionReader
    from aero_jupyter.session import Session

_MAGIC = re.compile(r"%aero_(\w+)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of this process.
    """
    args = _parser().parse_args(argv)
    try:
        code = int(args.do(args) or 0)
        sys.stdout.flush()
        return code
    except AeroError as error:
        print(_in_commands(str(error), args.commands), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not trip over it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("aero-jupyter", description="AERO in the notebook, from the command line.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, do: Callable[[argparse.Namespace], int | None], about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(do=do, commands=commands.choices)
        return command

    add("demo", _demo, "run the quickstart on a local AERO of its own").add_argument("--notebook", type=Path)
    local = add("local", _local, "the local AERO of this user")
    local.add_argument("what", choices=("start", "stop", "status", "logs", "check", "backup", "restore", "gc"))
    local.add_argument("file", nargs="?", type=Path, help="what a backup is written to, or brought back from")
    add("status", _status, "which AERO is in use")
    listing = add("list", _list, "list data, flows, provenance or runs")
    listing.add_argument("kind", choices=tuple(_ROWS))
    listing.add_argument("--limit", type=_whole, default=50)
    search = add("search", _search, "search the catalogue")
    search.add_argument("query", nargs="+")
    search.add_argument("--limit", type=_whole, default=50)
    search.add_argument("--scan", action="store_true", help="read the whole catalogue, and search it here")
    add("versions", _versions, "list the versions of a data").add_argument("id")
    get = add("get", _get, "write the bytes of a version")
    get.add_argument("id")
    get.add_argument("--version", type=_whole)
    get.add_argument("-o", "--output", type=Path, metavar="FILE", help="- is the standard output")
    login = add("login", _login, "log in to the AERO server with Globus")
    login.add_argument("--code", help="the code that the login page has shown; - reads it from the standard input")
    login.add_argument("--force", action="store_true", help="log in although somebody is")
    add("logout", _logout, "forget who is logged in, and revoke the tokens at Globus")
    add("doctor", _doctor, "check that everything works, and say what to do where it does not")
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _in_commands(text: str, commands: Container[str]) -> str:
    """Name the command where a message names the magic."""
    return _MAGIC.sub(lambda magic: f"aero-jupyter {magic[1]}" if magic[1] in commands else magic[0], text)


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


def _client() -> AeroClient:
    client: AeroClient = _session().client
    return client


def _local(args: argparse.Namespace) -> int:
    from aero_jupyter.service.check import violations

    home = daemon.home()
    if args.what == "logs":
        log = daemon.log_file(home)
        print(log.read_text(errors="replace") if log.exists() else f"There is no log yet; it will be {log}.")
    elif args.what == "check":
        found = violations(home)
        print("\n".join(found) or f"All that must hold of {home} holds.")
        return int(bool(found))
    elif args.what in ("backup", "restore", "gc"):
        print(_kept(args.what, home, args.file))
    elif args.what == "stop":
        print("The local AERO is stopped." if daemon.stop(home) else "The local AERO was not running.")
    else:
        state = daemon.ensure(home) if args.what == "start" else daemon.running(home)
        if state is None:
            print("The local AERO is not running. Start it with: aero-jupyter local start")
            return 1
        print(f"The local AERO {state.version} runs at {state.url} (process {state.pid}, folder {home}).")
    return 0


def _kept(what: str, home: Path, file: Path | None) -> str:
    from aero_jupyter.service import keeping

    if what == "gc":
        count, size = keeping.gc(home)
        return f"{count} contents removed that no version points to, {size:,} bytes."
    if file is None:
        raise InvalidArgument(f"local {what} needs a file.", f"Write: aero-jupyter local {what} FILE")
    if what == "backup":
        return f"{keeping.backup(home, file)} contents and the store are in {file}."
    if daemon.running(home) is not None:
        raise InvalidArgument("The local AERO runs.", "Stop it with: aero-jupyter local stop")
    return f"{keeping.restore(home, file)} contents and the store are back in {home}."


def _status(_: argparse.Namespace) -> None:
    session = _session()
    print(f"{session.name} answers at {session.client.base_url} ({session.client.dialect.name} dialect).")
    kinds: tuple[Kind, ...] = (
        ("data", "flow", "prov", "run") if session.client.dialect.runs else ("data", "flow", "prov")
    )
    for kind in kinds:
        pages: Any = session.client.list(kind)
        shown = len(pages.page(1))
        print(f"{kind}: {f'{shown}+' if pages.total is None else pages.total}")


def _time(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}Z" if when else ""


def _names(several: Iterable[Any] | None) -> str:
    return ", ".join(f"{each.data.name if each.data else each.data_id[:8]} v{each.version}" for each in several or ())


def _flow(row: Any) -> tuple[str, ...]:
    made = ", ".join(each.name for each in row.outputs)
    return row.function_name or "", made, in_words(row.policy, row.timer), row.id


_ROWS: dict[str, tuple[tuple[str, ...], Callable[[Any], tuple[object, ...]]]] = {
    "data": (("name", "description", "url", "id"), lambda row: (row.name, row.description, row.url, row.id)),
    "flow": (("function", "outputs", "runs", "id"), _flow),
    "prov": (
        ("created", "used", "made", "id"),
        lambda row: (_time(row.created_at), _names(row.used), _names(row.made), row.id),
    ),
    "run": (
        ("state", "trigger", "created", "made", "error", "id"),
        lambda row: (row.state, row.trigger, _time(row.created_at), _names(row.made), row.error, row.id),
    ),
}


def _shown(cell: object) -> str:
    # What somebody called a data must not move the cursor of whoever lists it.
    text = "" if cell is None else str(cell)
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    cells = [tuple(head), *(tuple(map(_shown, row)) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _list(args: argparse.Namespace) -> None:
    head, read = _ROWS[args.kind]
    rows: Any = _client().list(args.kind)
    _table(head, map(read, islice(rows, args.limit)))


def _search(args: argparse.Namespace) -> None:
    client, query = _client(), " ".join(args.query)
    rows = islice(client.scan(query) if args.scan else client.search(query), args.limit)
    found = (
        (row.get("name"), row.get("description"), row.get("url"), row.get("data_id", row.get("id"))) for row in rows
    )
    _table(("name", "description", "url", "id"), found)


def _versions(args: argparse.Namespace) -> None:
    client = _client()
    rows = client.versions(client.resolve_data(args.id).id)
    read = ((v.version, _time(v.created_at), v.file.size if v.file else None, v.checksum, v.id) for v in rows)
    _table(("version", "created", "bytes", "checksum", "id"), read)


def _get(args: argparse.Namespace) -> None:
    client = _client()
    with client.open_version(client.resolve_data(args.id).id, args.version) as reader:
        if args.output in (None, Path("-")):
            shutil.copyfileobj(reader, sys.stdout.buffer)
            return
        try:
            _keep(reader, args.output)
        except OSError as error:
            raise InvalidArgument(f"{args.output} cannot be written: {error.strerror}.", "Name another file.") from None


def _login(args: argparse.Namespace) -> None:
    from aero_jupyter import signin

    for line in signin.log_in(args.code, args.force):
        print(line, flush=True)


def _logout(_: argparse.Namespace) -> None:
    from aero_jupyter.session import logout

    print(logout())


def _keep(reader: VersionReader, path: Path) -> None:
    if path.exists() and not path.is_file():
        # A pipe or a device is written to; only a file can be replaced.
        with path.open("wb") as file:
            shutil.copyfileobj(reader, file)
        return
    # Whole or not at all: a broken download must not stand under the name of a good one.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            shutil.copyfileobj(reader, file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _doctor(args: argparse.Namespace) -> int:
    from aero_jupyter.doctor import findings

    found = list(findings())
    for finding in found:
        print(f"{'ok' if finding.ok else 'problem':8} {finding.name}: {finding.said}")
        if finding.cure:
            print(f"{'':8} {_in_commands(finding.cure, args.commands)}")
    return 0 if all(finding.ok for finding in found) else 1


def _demo(args: argparse.Namespace) -> None:
    from aero_jupyter import quickstart

    for line in quickstart.run(args.notebook):
        print(line, flush=True)
