"""The ``aero-jupyter endpoint`` commands: clusters on which the local AERO runs functions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter.cli.catalogue_commands import Add
from aero_jupyter.cli.output import print_escaped, print_json, print_table
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.service import local_home

if TYPE_CHECKING:
    from aero_jupyter.service.clusters.registry import Cluster

#: What a command lacks, and how to write it.
_MISSING = {
    "add": (
        "endpoint add needs a name and a Parsl configuration.",
        "Write: aero-jupyter endpoint add NAME --parsl FILE",
    ),
    "remove": ("endpoint remove needs a name.", "Write: aero-jupyter endpoint remove NAME"),
}


def add_commands(add: Add) -> None:
    """Add the command ``endpoint`` to the command line."""
    endpoint = add("endpoint", run_endpoint, "the clusters on which the local AERO runs functions, by Parsl")
    endpoint.add_argument("what", choices=("add", "list", "remove"))
    endpoint.add_argument("name", nargs="?", help="the name of the cluster, as a registration names its endpoint")
    endpoint.add_argument("--parsl", type=Path, metavar="FILE", help="a Python file with one parsl.config.Config")
    endpoint.add_argument(
        "--folder", type=Path, help="a folder that this machine and the nodes reach by the same path (in AERO_HOME)"
    )
    endpoint.add_argument("--json", action="store_true", help="write the list as JSON")


def run_endpoint(args: argparse.Namespace) -> None:
    """Run one of the commands on the list of clusters.

    Raises
    ------
    InvalidArgument
        If a name or a file is missing.
    """
    from aero_jupyter.service.clusters import registry

    home = local_home.home()
    local_home.require_own(home)
    if args.what == "list":
        _print_clusters(registry.read_clusters(home), args.json)
    elif args.name is None or (args.what == "add" and args.parsl is None):
        raise InvalidArgument(*_MISSING[args.what])
    elif args.what == "add":
        made = registry.add_cluster(home, args.name, args.parsl, args.folder)
        print_escaped(f"The cluster {made.name} is added: {made.parsl}, with the shared folder {made.folder}.")
        print_escaped(f"In a notebook: %%aero_register --endpoint {made.name} …")
    else:
        registry.remove_cluster(home, args.name)
        print_escaped(f"The cluster {args.name} is removed. Flows on it fail until it is added again.")


def _print_clusters(clusters: list[Cluster], as_json: bool) -> None:
    if as_json:
        print_json([{"id": each.id, **vars(each)} for each in clusters])
    elif clusters:
        print_table(("name", "parsl", "folder"), [(each.name, each.parsl, each.folder) for each in clusters])
    else:
        print_escaped("There is no cluster. Add one with: aero-jupyter endpoint add NAME --parsl FILE")
