"""The commands that read the catalogue: status, list, search, versions and get."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any  # records of any kind

from aero_jupyter.cli.output import print_escaped, print_json, print_table
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import in_words
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.version_ref import version_named

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.content import VersionReader
    from aero_jupyter.client.methods.records import Kind
    from aero_jupyter.session.session import Session


Add = Callable[[str, Callable[[argparse.Namespace], int | None], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the commands ``status``, ``list``, ``search``, ``versions`` and ``get`` to the command line."""
    _add_json(add("status", print_status, "show the server in use"))
    listing = add("list", print_list, "list data, flows, provenance or runs, or the versions of a dataset")
    what = listing.add_mutually_exclusive_group()
    what.add_argument("kind", nargs="?", choices=tuple(LIST_COLUMNS), help="data by default")
    what.add_argument("-t", "--type", choices=tuple(LIST_COLUMNS), help="the same as KIND")
    what.add_argument("-i", "--id", help="list the versions of this dataset, by id or name")
    _add_limit(listing)
    search = add("search", print_search, "search the catalogue")
    search.add_argument("query", nargs="+")
    search.add_argument("--scan", action="store_true", help="read the whole catalogue and search it on this machine")
    _add_limit(search)
    versions = add("versions", print_versions, "list the versions of a dataset")
    versions.add_argument("id", help="the dataset, by id or name")
    _add_json(versions)
    get = add("get", write_version, "write the bytes of a version")
    get.add_argument("id", help="the dataset, by id or name")
    get.add_argument("--version", type=_whole_number)
    get.add_argument("-o", "--output", type=Path, metavar="FILE", help="- is the standard output")


def _add_limit(command: argparse.ArgumentParser) -> None:
    command.add_argument("--limit", type=_row_limit, default=50, help="the number of rows (50)")
    _add_json(command)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="write JSON: the server's records")


def _whole_number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _row_limit(text: str) -> int:
    if not _whole_number(text):
        raise argparse.ArgumentTypeError("at least one row is listed")
    return int(text)


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


def _client() -> AeroClient:
    client: AeroClient = _session().client
    return client


def print_status(args: argparse.Namespace) -> None:
    """Print the server in use and the number of its records."""
    from aero_jupyter.session.retention import space_line

    session = _session()
    dialect = session.client.dialect
    kinds: tuple[Kind, ...] = ("data", "flow", "prov", "run") if dialect.runs else ("data", "flow", "prov")
    counts = {kind: _count(session, kind) for kind in kinds}
    if args.json:
        about = {"name": session.name, "server": session.client.base_url, "dialect": dialect.name, "records": counts}
        print_json({**about, "space": session.client.space()})
        return
    print_escaped(f"{session.name} answers at {session.client.base_url} ({dialect.name} dialect).")
    for kind, count in counts.items():
        print_escaped(f"{kind}: {count}")
    if line := space_line(session):
        print_escaped(f"space: {line}")


def _count(session: Session, kind: Kind) -> int | str:
    """Return the number of records, or "N+" where the server does not report it."""
    pages: Any = session.client.list(kind)
    shown = len(pages.page(1))
    return f"{shown}+" if pages.total is None else int(pages.total)


def _format_time(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}Z" if when else ""


def _version_names(several: Iterable[Any] | None) -> str:
    return ", ".join(f"{each.data.name if each.data else each.data_id[:8]} v{each.version}" for each in several or ())


def _flow_row(row: Any) -> tuple[str, ...]:
    made = ", ".join(each.name for each in row.outputs)
    return row.function_name or "", made, in_words(row.policy, row.timer), row.id


LIST_COLUMNS: dict[str, tuple[tuple[str, ...], Callable[[Any], tuple[object, ...]]]] = {
    "data": (
        ("name", "description", "url", "id"),
        lambda row: (row.name, row.description, redact_url(row.url or ""), row.id),
    ),
    "flow": (("function", "outputs", "runs", "id"), _flow_row),
    "prov": (
        ("created", "used", "made", "id"),
        lambda row: (_format_time(row.created_at), _version_names(row.used), _version_names(row.made), row.id),
    ),
    "run": (
        ("state", "trigger", "created", "made", "error", "id"),
        lambda row: (row.state, row.trigger, _format_time(row.created_at), _version_names(row.made), row.error, row.id),
    ),
}


#: The message of an empty list, with what to do next.
_EMPTY = {
    "data": "There are no datasets yet. Create one with: aero-jupyter create --name NAME --url URL",
    "flow": "There are no flows yet. Register those of a file with: aero-jupyter register -f FILE",
    "prov": "There is no provenance yet: no run has stored a version. See the flows with: aero-jupyter list flow",
    "run": "There are no runs yet. See the flows with: aero-jupyter list flow",
}


def print_list(args: argparse.Namespace) -> None:
    """Print a list of records, or the versions of a dataset."""
    if args.id is not None:
        print_versions(args)
        return
    kind: Any = args.kind or args.type or "data"
    head, read = LIST_COLUMNS[kind]
    rows = _first(_client().list(kind), args.limit)
    _print_rows(args, [dict(row.raw) for row in rows] if args.json else [], head, map(read, rows), _EMPTY[kind])


def _first(rows: Iterable[Any], limit: int) -> list[Any]:
    """Return the first rows; a note on the standard error says that there are more."""
    found = list(islice(rows, limit + 1))
    if len(found) > limit:
        print_escaped(f"There are more than {limit}; --limit NUMBER lists more.", file=sys.stderr)
    return found[:limit]


def _print_rows(
    args: argparse.Namespace,
    records: list[dict[str, Any]],
    head: tuple[str, ...],
    cells: Iterable[tuple[object, ...]],
    empty: str,
) -> None:
    if args.json:
        print_json(records)
        return
    table = list(cells)
    if table:
        print_table(head, table)
    else:
        print_escaped(empty)


def print_search(args: argparse.Namespace) -> None:
    """Print the results of a search."""
    client, query = _client(), " ".join(args.query)
    rows = _first(client.scan(query) if args.scan else client.search(query), args.limit)
    cells = [
        (row.get("name"), row.get("description"), row.get("url"), row.get("data_id", row.get("id"))) for row in rows
    ]
    empty = f"No dataset matches {query}. List all with: aero-jupyter list data"
    _print_rows(args, [dict(row) for row in rows], ("name", "description", "url", "id"), cells, empty)


def print_versions(args: argparse.Namespace) -> None:
    """Print the versions of a dataset."""
    client = _client()
    data = client.resolve_data(args.id)
    rows = client.versions(data.id)
    cells = [(v.version, _format_time(v.created_at), v.file.size if v.file else None, v.checksum, v.id) for v in rows]
    empty = f"{data.name} has no versions yet. See the flow that makes it with: aero-jupyter list flow"
    _print_rows(args, [dict(v.raw) for v in rows], ("version", "created", "bytes", "checksum", "id"), cells, empty)


def write_version(args: argparse.Namespace) -> None:
    """Write the bytes of a version to a file or the standard output."""
    from aero_jupyter.jobs.typed_csv import TYPED_CSV
    from aero_jupyter.session.reading import version_number

    client = _client()
    ref = version_named(args.id, args.version)
    name, data_id = ref.name, client.resolve_data(ref.name).id
    content = client.place(data_id, version_number(client, data_id, ref))
    if content.file_name.endswith(TYPED_CSV):
        print_escaped(f"The types of the columns are not in the file: aero.read({name!r}) reads them.", file=sys.stderr)
    with client.open_content(content) as reader:
        if args.output in (None, Path("-")):
            shutil.copyfileobj(reader, sys.stdout.buffer)
            return
        try:
            _write_atomically(reader, args.output)
        except OSError as error:
            raise InvalidArgument(
                f"{args.output} cannot be written: {error.strerror}.", "Choose another file."
            ) from None


def _write_atomically(reader: VersionReader, path: Path) -> None:
    if path.exists() and not path.is_file():
        # A pipe or a device is written in place; only a file can be replaced.
        with path.open("wb") as file:
            shutil.copyfileobj(reader, file)
        return
    # Atomic: a partial download must not have the name of a complete one.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            shutil.copyfileobj(reader, file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
