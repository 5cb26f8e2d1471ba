"""The command that lists notices."""

from __future__ import annotations

import argparse

from aero_jupyter.cli.catalogue_commands import Add
from aero_jupyter.cli.output import print_escaped, print_json, print_table


def add_commands(add: Add) -> None:
    """Add the command ``notices`` to the command line."""
    notices = add("notices", print_notices, "list what the local AERO has reported about datasets, newest first")
    notices.add_argument("--limit", type=int, choices=range(1, 1_001), default=20, metavar="N", help="the number (20)")
    notices.add_argument("--json", action="store_true", help="write JSON")


def print_notices(args: argparse.Namespace) -> None:
    """Print the newest notices, and how many targets the configuration file names."""
    from aero_jupyter.core.notice_targets import notice_targets
    from aero_jupyter.session import current
    from aero_jupyter.session.profiles import read_config

    targets = notice_targets(read_config())
    notices = current().client.notices(args.limit)
    if args.json:
        print_json(notices)
        return
    if notices:
        rows = [(each["created_at"], each["event"], each["text"]) for each in notices]
        print_table(("time", "event", "notice"), rows)
    else:
        print_escaped("There is no notice yet.")
    if not targets:
        print_escaped("Notices are sent nowhere: the configuration file names no target under [[notices]].")
