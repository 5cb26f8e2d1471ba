"""The ``aero-jupyter`` command."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import AeroError, InvalidArgument, MissingExtra
from aero_jupyter.core.policy import in_words
from aero_jupyter.service import daemon

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.catalogue import Kind
    from aero_jupyter.session import Session

_COUNTED = ("data", "versions", "runs", "provenance")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of this process.
    """
    args = _parser().parse_args(argv)
    try:
        return int(args.do(args) or 0)
    except AeroError as error:
        print(error, file=sys.stderr)
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
        command.set_defaults(do=do)
        return command

    add("demo", _demo, "run the quickstart on a local AERO of its own").add_argument("--notebook", type=Path)
    local = add("local", _local, "the local AERO of this user")
    local.add_argument("what", choices=("start", "stop", "status", "logs"))
    add("status", _status, "which AERO is in use")
    listing = add("list", _list, "list data, flows, provenance or runs")
    listing.add_argument("kind", choices=tuple(_ROWS))
    listing.add_argument("--limit", type=int, default=50)
    search = add("search", _search, "search the catalogue")
    search.add_argument("query", nargs="+")
    search.add_argument("--limit", type=int, default=50)
    add("versions", _versions, "list the versions of a data").add_argument("id")
    get = add("get", _get, "write the bytes of a version")
    get.add_argument("id")
    get.add_argument("--version", type=int)
    get.add_argument("-o", "--output", type=Path, metavar="FILE")
    login = add("login", _login, "log in to the AERO server with Globus")
    login.add_argument("--code", help="the code that the login page has shown; - reads it from the standard input")
    login.add_argument("--force", action="store_true", help="log in although somebody is")
    add("logout", _logout, "forget who is logged in, and revoke the tokens at Globus")
    add("doctor", _doctor, "check that everything works, and say what to do where it does not")
    return parser


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


def _client() -> AeroClient:
    client: AeroClient = _session().client
    return client


def _local(args: argparse.Namespace) -> int:
    home = daemon.home()
    if args.what == "logs":
        log = daemon.log_file(home)
        print(log.read_text(errors="replace") if log.exists() else f"There is no log yet; it will be {log}.")
    elif args.what == "stop":
        print("The local AERO is stopped." if daemon.stop(home) else "The local AERO was not running.")
    else:
        state = daemon.ensure(home) if args.what == "start" else daemon.running(home)
        if state is None:
            print("The local AERO is not running. Start it with: aero-jupyter local start")
            return 1
        print(f"The local AERO {state.version} runs at {state.url} (process {state.pid}, folder {home}).")
    return 0


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


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    cells = [tuple(head), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _list(args: argparse.Namespace) -> None:
    head, read = _ROWS[args.kind]
    rows: Any = _client().list(args.kind)
    _table(head, map(read, islice(rows, max(0, args.limit))))


def _search(args: argparse.Namespace) -> None:
    rows = islice(_client().search(" ".join(args.query)), max(0, args.limit))
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
        if args.output is None:
            for chunk in reader.chunks():
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            return
        try:
            # Whole or not at all: a broken download must not stand under the name of a good one.
            part = args.output.with_name(args.output.name + ".part")
            with part.open("wb") as file:
                shutil.copyfileobj(reader, file)
            part.replace(args.output)
        except OSError as error:
            raise InvalidArgument(f"{args.output} cannot be written: {error.strerror}.", "Name another file.") from None


def _login(args: argparse.Namespace) -> None:
    from aero_jupyter import signin

    for line in signin.log_in(args.code, args.force):
        print(line, flush=True)


def _logout(_: argparse.Namespace) -> None:
    from aero_jupyter.session import logout

    print(logout())


def _doctor(_: argparse.Namespace) -> int:
    from aero_jupyter.doctor import findings

    found = list(findings())
    for finding in found:
        print(f"{'ok' if finding.ok else 'problem':8} {finding.name}: {finding.said}")
        if finding.cure:
            print(f"{'':8} {finding.cure}")
    return 0 if all(finding.ok for finding in found) else 1


def _quickstart() -> Path:
    package = Path(__file__).parent
    places = (package.parent / "notebooks" / "01-quickstart.ipynb", package / "01-quickstart.ipynb")
    return next((place for place in places if place.exists()), places[-1])


def _demo(args: argparse.Namespace) -> None:
    notebook = (args.notebook or _quickstart()).resolve()
    if not notebook.is_file():
        raise InvalidArgument(f"There is no notebook {notebook}.", "Name one with --notebook.")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aero-demo-") as folder:
        home = Path(folder) / "aero"
        print(f"Running {notebook.name} on a local AERO of its own.", flush=True)
        try:
            cells = _execute(notebook, Path(folder), home)
            counts = _counts(home)
        finally:
            stopped = daemon.stop(home)
    seconds = round(time.monotonic() - begin, 1)
    print(f"All {cells} code cells ran.")
    print(
        "It made {data} data with {versions} versions in {runs} runs; {provenance} provenance records.".format(**counts)
    )
    if stopped:
        print("The local AERO is stopped and its folder removed.")
    print(json.dumps({**counts, "seconds": seconds}))


def _execute(path: Path, folder: Path, home: Path) -> int:
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError:
        raise MissingExtra("The demo needs nbclient.", "Run: pip install 'aero-jupyter[lab,local]'") from None
    read: Any = nbformat.read
    book = read(path, as_version=4)
    kept = {key: value for key, value in os.environ.items() if key not in ("AERO_SERVER", "AERO_PROFILE")}
    env = {**kept, "AERO_HOME": str(home), "AERO_CONFIG_FILE": str(folder / "none.toml")}
    client = NotebookClient(book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    try:
        client.execute(env=env)
    except CellExecutionError as error:
        why = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise AeroError(f"The notebook stopped at {why}", "Open it in JupyterLab and run it there.") from None
    return sum(cell.cell_type == "code" for cell in book.cells)


def _counts(home: Path) -> dict[str, int]:
    import requests

    state = daemon.running(home)
    if state is None:
        return dict.fromkeys(_COUNTED, 0)
    answer = requests.get(f"{state.url}status", headers={"Authorization": f"Bearer {state.token}"}, timeout=10)
    counts = answer.json()["counts"]
    return {word: int(counts[word]) for word in _COUNTED}
