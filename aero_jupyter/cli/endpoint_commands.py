"""The ``aero-jupyter endpoint`` commands: clusters on which the local AERO runs functions."""

from __future__ import annotations

import argparse
from pathlib import Path

from aero_jupyter.cli.catalogue_commands import Add
from aero_jupyter.cli.output import print_escaped, print_json, print_table
from aero_jupyter.service import local_home
from aero_jupyter.service.clusters import registry


def add_commands(add: Add) -> None:
    """Add the command ``endpoint`` to the command line."""
    endpoint = add("endpoint", print_clusters, "the clusters on which the local AERO runs functions, by Parsl")
    endpoint.set_defaults(json=False)
    actions = endpoint.add_subparsers(metavar="ACTION", required=True)
    added = actions.add_parser("add", help="add a cluster, or replace the one of this name")
    added.add_argument("name", help="the name of the endpoint, as in %%%%aero_register --endpoint NAME")
    added.add_argument(
        "--parsl", type=Path, required=True, metavar="FILE", help="a Python file with one parsl.config.Config"
    )
    added.add_argument(
        "--folder", type=Path, help="a folder that this machine and the nodes reach by the same path (in AERO_HOME)"
    )
    added.set_defaults(run=add_cluster)
    listed = actions.add_parser("list", help="list the clusters")
    listed.add_argument("--json", action="store_true", help="write JSON")
    listed.set_defaults(run=print_clusters)
    removed = actions.add_parser("remove", help="remove a cluster; flows that use it fail until it is added again")
    removed.add_argument("name")
    removed.set_defaults(run=remove_cluster)


def add_cluster(args: argparse.Namespace) -> None:
    """Add a cluster, and print how a notebook uses it."""
    home = local_home.home()
    local_home.require_own(home)
    made = registry.add_cluster(home, args.name, args.parsl, args.folder)
    print_escaped(
        f"The local AERO runs functions on {made.name} by {made.parsl}, with the shared folder {made.folder}."
    )
    print_escaped(f"In a notebook: %%aero_register --endpoint {made.name} …")


def print_clusters(args: argparse.Namespace) -> None:
    """Print the clusters of this user."""
    home = local_home.home()
    local_home.require_own(home)
    clusters = registry.read_clusters(home)
    if args.json:
        print_json([{"id": each.id, **vars(each)} for each in clusters])
    elif clusters:
        print_table(("name", "parsl", "folder"), [(each.name, each.parsl, each.folder) for each in clusters])
    else:
        print_escaped("There is no cluster. Add one with: aero-jupyter endpoint add NAME --parsl FILE")


def remove_cluster(args: argparse.Namespace) -> None:
    """Remove a cluster from the list."""
    home = local_home.home()
    local_home.require_own(home)
    registry.remove_cluster(home, args.name)
    print_escaped(f"The cluster {args.name} is removed. Flows on it fail until it is added again.")
