"""The magics of sources: register them, list their types, report changes of their objects, delete their flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import magics_class

from aero_jupyter.notebook.magics.configuration import ConfigurableMagics
from aero_jupyter.notebook.magics.decorators import argument, line_magic, magic_arguments, source_arguments
from aero_jupyter.notebook.magics.line_parsing import arguments, whole

if TYPE_CHECKING:
    from aero_jupyter.notebook.panels.flow_deletion import FlowDeletion
    from aero_jupyter.notebook.tables.record_frame import RecordFrame
    from aero_jupyter.notebook.widgets.cards import Card
    from aero_jupyter.session.session import Session


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


@magics_class
class SourceMagics(ConfigurableMagics):
    """The magics of sources and their types."""

    @magic_arguments("aero_register")
    @argument("--file", default=None, metavar="FILE", help="A YAML file that describes sources and flows.")
    @argument("--dry-run", action="store_true", help="With --file: show what would change; register nothing.")
    @source_arguments
    @argument("--endpoint", default="local", metavar="NAME", help="The endpoint: a name or an id.")
    @line_magic("aero_register")
    def aero_register_line(self, line: str) -> RecordFrame | Card:
        """Register a source without a function, or the sources and flows of a file.

        %%aero_register registers the function of its cell.
        """
        from aero_jupyter.notebook.magics.source_commands import register_file, register_source

        args = arguments(self.aero_register_line, line, self._names)
        return register_file(_session(), args) if args.file is not None else register_source(_session(), args)

    @magic_arguments()
    @argument("name", nargs="?", default=None, help="The type; by default all types.")
    @argument("--add-url", default=None, metavar="URL", help="Add a URL or a pattern to the type.")
    @argument("--remove-url", default=None, metavar="URL", help="Remove a URL or a pattern from the type.")
    @line_magic()
    def aero_types(self, line: str) -> RecordFrame | Card:
        """List the source types with their URLs and patterns, or change the URLs of one."""
        from aero_jupyter.notebook.magics.source_commands import change_types

        return change_types(_session().client, arguments(self.aero_types, line, self._names))

    @magic_arguments()
    @argument("id", help="Name or id of the dataset of the source.")
    @argument("--key", default=None, metavar="KEY", help="The object that changed, such as bucket/folder/file.csv.")
    @argument("--url", default=None, metavar="URL", help="The URL of the object, also a signed one.")
    @argument("--etag", default=None, metavar="ETAG", help="The object's ETag; by default AERO requests it.")
    @argument("--size", type=whole, default=None, metavar="BYTES", help="The object's size.")
    @argument("--force", action="store_true", help="Make a version even if the object is unchanged.")
    @line_magic()
    def aero_notify(self, line: str) -> Card:
        """Report that an object of a source changed, as the source itself would."""
        from aero_jupyter.notebook.magics.source_commands import notify

        return notify(_session().client, arguments(self.aero_notify, line, self._names))

    @magic_arguments()
    @argument("id", help="Name or id of a dataset.")
    @line_magic()
    def aero_delete_flows(self, line: str) -> FlowDeletion:
        """Delete the flows that make or read a dataset, after a button was pressed; the dataset stays."""
        from aero_jupyter.notebook.panels.flow_deletion import deletion_in

        return deletion_in(_session(), arguments(self.aero_delete_flows, line, self._names).id)
