"""The commands that cite, export and keep versions."""

from __future__ import annotations

import argparse
from pathlib import Path

from aero_jupyter.cli.catalogue_commands import Add
from aero_jupyter.cli.output import print_escaped


def add_commands(add: Add) -> None:
    """Add the commands ``cite``, ``export`` and ``keep`` to the command line."""
    cite = add("cite", print_citation, "print the citation of a version")
    cite.add_argument("id", help="the dataset, by id or name, with @N or @DATE for a version")
    forms = ("text", "bibtex", "cff", "datacite")
    cite.add_argument("--as", dest="form", choices=forms, default="text", help="the form (text)")
    cite.add_argument("--author", action="append", default=[], metavar="NAME", help="an author; may be repeated")
    keep = add("keep", store_policy, "choose which versions of a dataset keep their content")
    keep.add_argument("id", help="the dataset, by id or name")
    keep.add_argument("policy", nargs="?", help='such as "all 30d, weekly 1y, monthly"; without it, all versions')
    export = add("export", write_export, "write a version and what it was made from to a ZIP file")
    export.add_argument("id", help="the dataset, by id or name, with @N or @DATE for a version")
    export.add_argument("path", type=Path, help="the ZIP file")
    exports = ("ro-crate", "prov", "croissant")
    export.add_argument("--as", dest="form", choices=exports, default="ro-crate", help="the form (ro-crate)")
    export.add_argument("--one-run", action="store_true", help="export only the run that made the version")
    export.add_argument("--license", metavar="URL", help="the license; without it, it is not known")
    export.add_argument("--author", action="append", default=[], metavar="NAME", help="an author; may be repeated")


def write_export(args: argparse.Namespace) -> None:
    """Write a version and what it was made from to a ZIP file, and print its path."""
    from aero_jupyter.session import export

    options = {"license": args.license, "authors": args.author}
    print_escaped(str(export(args.id, args.path, args.form, lineage=not args.one_run, **options)))


def store_policy(args: argparse.Namespace) -> None:
    """Store the retention policy of a dataset, and print it."""
    from aero_jupyter.session import keep

    print_escaped(f"{args.id} keeps: {keep(args.id, args.policy) or 'all versions'}")


def print_citation(args: argparse.Namespace) -> None:
    """Print the citation of a version."""
    from aero_jupyter.session import cite

    print_escaped(str(cite(args.id, args.form, authors=args.author)))
