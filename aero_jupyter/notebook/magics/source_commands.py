"""Work of the magics of sources."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from IPython.display import display

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.globs import is_source_pattern
from aero_jupyter.core.name_rules import dataset_name
from aero_jupyter.core.policy import DOWNLOADING, PolicyEnum, policy_from, seconds_from, timer_for
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.notebook.magics.register_cell import expect_outputs
from aero_jupyter.notebook.panels.flow_card import FlowCard
from aero_jupyter.notebook.registration.pairs import pair_of
from aero_jupyter.notebook.source_facts import objects_of, type_rows
from aero_jupyter.notebook.tables.record_frame import RecordFrame
from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.session.argument_checks import validate_promise
from aero_jupyter.session.retention import keep_outputs, validate_retention

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

_NO_TYPES = "There are no source types."
_FIRST_TYPE = "Create one with %aero_register --source NAME=URL --type TYPE"


def register_file(session: Session, args: argparse.Namespace) -> RecordFrame:
    """Register the sources and flows of a YAML file; return a row for each of them.

    Raises
    ------
    InvalidArgument
        If the file cannot be read or describes something that cannot be registered, with the line; or if other
        options are given.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session.flow_files import read_definitions
    from aero_jupyter.session.registered_files import register_definitions

    if args.source is not None:
        raise InvalidArgument("--file and --source were given.", "Describe the source in the file, or leave one out.")
    if args.check:
        raise InvalidArgument("--file and --check were given.", "Register a source with checks by --source NAME=URL.")
    definitions = read_definitions(args.file)
    outcomes, error = register_definitions(session, definitions, dry_run=args.dry_run)
    frame = _frame(("kind", "name", "state", "data", "flow"), [each.row() for each in outcomes])
    if error is not None:
        if outcomes and not args.dry_run:
            # What is registered is shown: the file can be registered again.
            display(frame)
        raise error
    return frame


def register_source(session: Session, args: argparse.Namespace) -> Card:
    """Register a source: as a flow that stores its files unchanged, or as a dataset without copies.

    Raises
    ------
    InvalidArgument
        If no source is given, or the options contradict each other.
    ClientError
        If the server refuses or does not answer.
    """
    if args.source is None or args.dry_run:
        text = "--dry-run needs --file." if args.dry_run else "There is no source and no file to register."
        raise InvalidArgument(text, "Write --source NAME=URL or --file FILE; %%aero_register registers a function.")
    name, url = pair_of(args.source, "--source", "NAME=URL")
    name = dataset_name(name)
    if args.no_copy:
        return _register_uncopied(session, name, url, args)
    from aero_jupyter import jobs
    from aero_jupyter.compute.portable_function import portable_from
    from aero_jupyter.session.check_files import read_checks
    from aero_jupyter.session.flow_request import FlowOptions

    validate_promise(args.expect, [name])
    validate_retention(session, args.keep, [name])
    checks = read_checks([text for text in args.check if text != "none"], [name])
    policy = _policy(args, url)
    timer = seconds_from(args.every) if args.every is not None else None
    flow = session.register(
        portable_from(jobs.stage, checks),
        outputs=[name],
        source=url,
        policy=policy,
        timer=timer_for(policy, timer),
        endpoint=args.endpoint,
        description=args.description,
        check="none" if "none" in args.check else None,
        options=FlowOptions(source_type=args.type),
    )
    expect_outputs(flow, args.expect)
    keep_outputs(session, flow.outputs, args.keep)
    return FlowCard(session, session.client.get_flow(flow.id))


def _policy(args: argparse.Namespace, url: str) -> PolicyEnum:
    is_notified = args.every is None and (args.type is not None or is_source_pattern(url))
    default = PolicyEnum.INGESTION_EVENT if is_notified else PolicyEnum.INGESTION
    if args.policy is None:
        return default
    policy = policy_from("ingestion_event" if args.policy == "event" else args.policy)
    if policy not in DOWNLOADING:
        raise InvalidArgument(f"Policy {args.policy} downloads no source.", "Write --policy event, or leave it out.")
    return policy


def _register_uncopied(session: Session, name: str, url: str, args: argparse.Namespace) -> Card:
    from aero_jupyter.session.sources import find_or_add_uncopied

    unused = {
        "--every": args.every,
        "--policy": args.policy,
        "--expect": args.expect,
        "--keep": args.keep,
        "--check": args.check or None,
    }
    option = next((option for option, value in unused.items() if value is not None), None)
    if option is not None:
        raise InvalidArgument(f"{option} is for a download, and --no-copy downloads nothing.", f"Leave {option} out.")
    data = find_or_add_uncopied(session, name, url, args.type)
    return Card(
        f"✓ {data.name}    dataset {data.id[:8]} · no copies",
        f"A notification makes a version: %aero_notify {data.name}",
    )


def change_types(client: AeroClient, args: argparse.Namespace) -> RecordFrame | Card:
    """List source types; add a URL to one, or remove a URL from one.

    Raises
    ------
    InvalidArgument
        If there is no such type, or no type is named.
    ClientError
        If the server refuses or does not answer.
    """
    if args.add_url is not None and args.remove_url is not None:
        raise InvalidArgument("--add-url and --remove-url were given.", "Leave one out.")
    types = client.source_types()
    if args.name is None and (args.add_url or args.remove_url):
        raise InvalidArgument("The type of the URL is missing.", "Write %aero_types TYPE --add-url URL")
    names = [str(each["name"]) for each in types]
    if args.name is not None and args.name not in names:
        cure = suggest(args.name, names) if names else _FIRST_TYPE
        raise InvalidArgument(f"There is no source type {args.name!r}.", cure)
    if args.add_url:
        types = [client.add_type_url(args.name, args.add_url)]
    elif args.remove_url:
        types = [client.delete_type_url(args.name, args.remove_url)]
    elif not types:
        return Card(_NO_TYPES, _FIRST_TYPE)
    shown = [each for each in types if args.name in (None, each["name"])]
    rows = [row for each in shown for row in type_rows(each, objects_of(client, str(each["data_id"])))]
    return _frame(("name", "stores", "url", "objects", "newest object", "data"), rows)


def _frame(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> RecordFrame:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return RecordFrame({name: list(column) for name, column in zip(names, columns, strict=True)})


def notify(client: AeroClient, args: argparse.Namespace) -> Card:
    """Send a notification for a dataset, and describe what follows.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    ClientError
        If the server refuses or does not answer.
    """
    data = client.resolve_data(args.id)
    event = {"key": args.key, "url": args.url, "etag": args.etag, "size": args.size}
    answer = client.notify(data.id, **event, dedup=False if args.force else None)
    status, key = str(answer.get("status")), redact_url(str(answer.get("source_key") or args.key or args.url or ""))
    if status == "version created":
        return Card(f"✓ Version {answer.get('version')} of {data.name}", key, "The flows that read the dataset run.")
    if status == "unchanged":
        return Card(f"= No new version of {data.name}: the object is unchanged.", key)
    flow = str(answer.get("flow_id") or "")
    return Card(f"✓ {data.name} is downloaded    flow {flow[:8]}", key, "See its run with %aero_panel runs")
