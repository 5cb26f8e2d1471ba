"""The commands that create sources, register flows from files, and manage types and the flows of a dataset."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter.cli.catalogue_commands import Add
from aero_jupyter.cli.output import print_escaped, print_json, print_summary, show_progress
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum

if TYPE_CHECKING:
    from aero_jupyter.session.flow_files import Definition
    from aero_jupyter.session.registered_files import Outcome


def add_commands(add: Add) -> None:
    """Add the commands ``create``, ``register``, ``types`` and ``delete-flows`` to the command line."""
    create = add("create", _create, "register a source, from options or from a YAML file")
    _add_file(create)
    create.add_argument("-n", "--name", help="the dataset; the function receives the file as an argument of this name")
    create.add_argument("-u", "--url", help="the source; a pattern in quotes where --type is given")
    create.add_argument("-c", "--collection-url", help="the URL of the Globus collection of the copies")
    create.add_argument("-C", "--collection-uuid", help="the id of the Globus collection of the copies")
    create.add_argument("-g", "--endpoint-uuid", help="the Globus Compute endpoint that downloads")
    create.add_argument("-t", "--timer", type=int, help="seconds between downloads, with --policy INGESTION")
    create.add_argument("-p", "--policy", help="INGESTION_EVENT (default) or INGESTION")
    create.add_argument("-v", "--verifier", help="the function that checks or changes the file")
    create.add_argument("--type", help="the type that shares one dataset between several URLs")
    create.add_argument("--no-copy", action="store_true", default=None, help="record changes, and store no copies")
    create.add_argument("-m", "--modifier", help="accepted for scripts; AERO does not use it")
    create.add_argument("-e", "--email", help="accepted for scripts; AERO does not use it")
    create.add_argument("--keep", metavar="POLICY", help='the versions to keep: "all 30d, weekly 1y, monthly"')
    _add_common(create)
    register = add("register", _register, "register flows, from a YAML file and options")
    _add_file(register)
    register.add_argument("-e", "--endpoint-uuid", help="the Globus Compute endpoint that runs the function")
    register.add_argument("-u", "--function-uuid", help="the registered function")
    register.add_argument("-p", "--policy", help="ANY (default), ALL, TIMER, NONE or a number")
    register.add_argument("--keep", metavar="POLICY", help='the versions to keep: "all 30d, weekly 1y, monthly"')
    _add_common(register)
    types = add("types", _types, "list source types, or add or remove a URL")
    types.add_argument("name", nargs="?", help="show this type only")
    change = types.add_mutually_exclusive_group()
    change.add_argument("--add-url", metavar="URL", help="add a URL or a pattern to the type")
    change.add_argument("--remove-url", metavar="URL", help="remove a URL or a pattern from the type")
    types.add_argument("--json", action="store_true", help="write JSON")
    delete = add("delete-flows", _delete_flows, "delete the flows that make or read a dataset")
    delete.add_argument("data_id", help="the dataset, by id or name")
    delete.add_argument("-y", "--yes", action="store_true", help="delete without asking")
    delete.add_argument("--json", action="store_true", help="write JSON")
    configure = add("configure", _configure, "use a configuration file, and show its profile")
    configure.add_argument("-f", "--file", type=Path, required=True, help="the config.toml")
    configure.add_argument("-p", "--profile", help="the profile; by default AERO_PROFILE, then default")


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("-f", "--file", type=Path, help="a YAML file; options replace its values")
    command.add_argument("--dry-run", action="store_true", help="show what would change, and send nothing")
    command.add_argument("--json", action="store_true", help="write JSON")


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("-d", "--description", help="shown in lists")
    command.add_argument(
        "-k", "--kwargs", metavar="KEY=VALUE", nargs="+", help="arguments of the function, as text; the file has types"
    )


def _create(args: argparse.Namespace) -> int:
    return _apply(args, "source", _source_overrides(args))


def _source_overrides(args: argparse.Namespace) -> dict[str, Any]:
    keys = ("name", "url", "collection_url", "collection_uuid", "endpoint_uuid", "timer", "type", "no_copy")
    return {key: getattr(args, key) for key in (*keys, "verifier", "description", "keep")}


def _register(args: argparse.Namespace) -> int:
    keys = ("endpoint_uuid", "function_uuid", "description", "keep")
    if args.file is None:
        raise InvalidArgument("The inputs and outputs of a flow need a file.", "Write: aero-jupyter register -f FILE")
    return _apply(args, "flow", {key: getattr(args, key) for key in keys})


def _apply(args: argparse.Namespace, kind: str, overrides: dict[str, Any]) -> int:
    from aero_jupyter.session import current
    from aero_jupyter.session.flow_files import definition_of, read_definitions
    from aero_jupyter.session.registered_files import register_definitions

    overrides["policy"] = args.policy
    overrides["kwargs"] = dict(_pair(each) for each in args.kwargs or ())
    definitions = read_definitions(args.file, **overrides) if args.file else [definition_of(overrides)]
    wrong = next((each for each in definitions if kind == "source" and each.kind != kind), None)
    if wrong is not None:
        text = f"{wrong.file}, line {wrong.line}: this is a flow, and create registers sources."
        raise InvalidArgument(text, "Write: aero-jupyter register -f FILE")
    with show_progress(len(definitions)) as begin:
        outcomes, error = register_definitions(current(), definitions, dry_run=args.dry_run, begin=begin)
    if args.json:
        print_json([vars(each) for each in outcomes])
    elif outcomes:
        print_summary(("what", "name", "state", "dataset", "flow"), [each.row() for each in outcomes])
        _print_addresses(definitions, outcomes)
    if error is not None:
        if outcomes and not args.dry_run:
            text = f"{len(outcomes)} of {len(definitions)} are registered; the file can be registered again."
            print_escaped(text, file=sys.stderr)
        raise error
    return 0


def _print_addresses(definitions: Sequence[Definition], outcomes: Sequence[Outcome]) -> None:
    """Print where each source that waits for notifications is notified."""
    from aero_jupyter.session import current

    for definition, outcome in zip(definitions, outcomes, strict=False):
        if definition.policy is PolicyEnum.INGESTION_EVENT and outcome.data_id:
            from aero_jupyter.core.wire import NOTIFY

            url = current().client.base_url + NOTIFY.url(id=outcome.data_id)
            print_escaped(f"Report a change of {outcome.name} with: POST {url}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InvalidArgument(f"{text!r} is not an argument.", "Write -k NAME=VALUE")
    return name, value


def _types(args: argparse.Namespace) -> int:
    from aero_jupyter.core.suggestions import suggest
    from aero_jupyter.session import current

    client = current().client
    change = args.add_url or args.remove_url
    if change and args.name is None:
        raise InvalidArgument("The type of the URL is missing.", "Write: aero-jupyter types NAME --add-url URL")
    if args.add_url:
        found = [client.add_type_url(args.name, args.add_url)]
    elif args.remove_url:
        found = [client.delete_type_url(args.name, args.remove_url)]
    else:
        types = client.source_types()
        found = [each for each in types if args.name in (None, each["name"])]
        if args.name is not None and not found:
            cure = suggest(args.name, [each["name"] for each in types])
            raise InvalidArgument(f"There is no source type {args.name!r}.", cure)
    if args.json:
        print_json(found)
    elif not found:
        print_escaped(
            "There are no source types. Create one with: aero-jupyter create --type TYPE --name NAME --url URL"
        )
    else:
        rows = [
            (each["name"], "no copies" if each.get("no_copy") else "copies", url, each["data_id"])
            for each in found
            for url in [part["url"] for part in each.get("urls", ())] or ["no URL: no notification reaches this type"]
        ]
        print_summary(("type", "stores", "url or pattern", "dataset"), rows)
    return 0


def _delete_flows(args: argparse.Namespace) -> int:
    from aero_jupyter.session import current

    client = current().client
    data = client.resolve_data(args.data_id)
    attached = client.flows_of(data.id)
    if not attached:
        print_json([]) if args.json else print_escaped(f"No flow makes or reads {data.name}.")
        return 0
    rows = [(each["role"], each["flow_id"], _policy(each), each.get("description")) for each in attached]
    if not args.yes:
        print_summary(("role", "flow", "policy", "description"), rows)
        if not sys.stdin.isatty():
            raise InvalidArgument("This session cannot ask for a confirmation, so nothing was deleted.", "Add --yes")
        print_escaped("Their provenance goes too. The dataset, its versions and its type stay.")
        print_escaped(f"Delete {len(attached)} flows? [y/N]", flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print_escaped("Nothing was deleted.")
            return 1
    deleted = client.delete_flows_of(data.id)
    if args.json:
        print_json(deleted)
    else:
        head = ("role", "flow", "provenance records", "timer")
        print_summary(head, [(e["role"], e["flow_id"], e["provenance_deleted"], e.get("timer")) for e in deleted])
    return 0


def _policy(row: Mapping[str, Any]) -> str:
    try:
        return PolicyEnum(row["policy"]).name
    except (KeyError, ValueError):
        return str(row.get("policy"))


def _configure(args: argparse.Namespace) -> int:
    from aero_jupyter.session.profiles import use_config_file

    profile = use_config_file(args.file, args.profile or os.environ.get("AERO_PROFILE"))
    print_json({name: value for name, value in vars(profile).items() if value not in (None, (), {})})
    return 0
