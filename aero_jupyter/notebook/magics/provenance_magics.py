"""The magics that cite, lock and hand over what a notebook used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from IPython.core.magic import magics_class

from aero_jupyter.core.errors import NotFound, UnknownName
from aero_jupyter.notebook.magics.configuration import ConfigurableMagics
from aero_jupyter.notebook.magics.decorators import argument, line_magic, magic_arguments
from aero_jupyter.notebook.magics.line_parsing import arguments

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from aero_jupyter.provenance import Citation
    from aero_jupyter.session.locking import WrittenLock

Result = TypeVar("Result")


@magics_class
class ProvenanceMagics(ConfigurableMagics):
    """The part of `AeroMagics` that cites, locks and exports versions."""

    @magic_arguments()
    @argument("id", help="Name or id of a dataset, with @N or @DATE for a version; or a variable read from one.")
    @argument(
        "--as", dest="form", default="text", choices=("text", "bibtex", "cff", "datacite"),
        help="The form of the citation; text by default.",
    )  # fmt: skip
    @argument("--author", action="append", default=[], metavar="NAME", help="An author; may be repeated.")
    @line_magic()
    def aero_cite(self, line: str) -> Citation:
        """Cite a version: name, number, checksum, time and URL, and everything it was made from."""
        from aero_jupyter.session import cite

        args = arguments(self.aero_cite, line, self._names)
        return self._of_name_or_table(args.id, lambda x: cite(x, args.form, authors=args.author))

    @magic_arguments()
    @argument("path", nargs="?", default=None, help="The file or its folder; aero.lock beside the notebook by default.")
    @argument("--update", action="append", default=[], metavar="NAME", help="Lock the newest version of this dataset.")
    @argument("--update-all", action="store_true", help="Lock the newest version of every dataset.")
    @line_magic()
    def aero_lock(self, line: str) -> WrittenLock:
        """Write aero.lock: the datasets, functions and packages used since the kernel began."""
        from aero_jupyter.session import lock

        args = arguments(self.aero_lock, line, self._names)
        return lock(args.path, update=args.update_all or args.update)

    @magic_arguments()
    @line_magic()
    def aero_check(self, line: str) -> pd.DataFrame:
        """List what differs from aero.lock, and whether the bytes of the locked versions are still there."""
        from aero_jupyter.session import check_lock

        arguments(self.aero_check, line, self._names)
        return check_lock()

    @magic_arguments()
    @argument("id", help="Name or id of a dataset, with @N or @DATE for a version; or a variable read from one.")
    @argument("path", help="The ZIP file to write.")
    @argument(
        "--as", dest="form", default="ro-crate", choices=("ro-crate", "prov", "croissant"),
        help="The form of the export; ro-crate by default.",
    )  # fmt: skip
    @argument("--one-run", action="store_true", help="Export only the run that made the version, not its lineage.")
    @argument("--license", default=None, metavar="URL", help="The license; without it, it is not known.")
    @argument("--author", action="append", default=[], metavar="NAME", help="An author; may be repeated.")
    @line_magic()
    def aero_export(self, line: str) -> Path:
        """Write a version and what it was made from to a ZIP file: RO-Crate, PROV or Croissant."""
        from aero_jupyter.session import export

        args = arguments(self.aero_export, line, self._names)

        def write(x: object) -> Path:
            options = {"license": args.license, "authors": args.author}
            return export(x, args.path, args.form, lineage=not args.one_run, **options)

        return self._of_name_or_table(args.id, write)

    def _of_name_or_table(self, name: str, action: Callable[[object], Result]) -> Result:
        """Call an action with a name on the server, else with the table that the variable of this name holds."""
        try:
            return action(name)
        except (UnknownName, NotFound):
            table = self._names.get(name)
            if not _was_read(table):
                raise
            return action(table)


def _was_read(x: object) -> bool:
    """Return whether a value is a table that was read from AERO."""
    attrs = getattr(x, "attrs", None)
    return isinstance(attrs, Mapping) and "aero" in attrs
