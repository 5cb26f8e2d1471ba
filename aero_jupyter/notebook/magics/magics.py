"""The magics: each parses its line, calls the current session, and returns the object to show."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from IPython.core.magic import magics_class

from aero_jupyter.notebook.magics.completion.registered_matcher import RegisteredMatcher
from aero_jupyter.notebook.magics.decorators import (
    argument,
    cell_magic,
    function_arguments,
    line_magic,
    magic_arguments,
    no_var_expand,
    registration_arguments,
)
from aero_jupyter.notebook.magics.line_parsing import age, arguments, pairs_from, search_arguments, seconds, whole
from aero_jupyter.notebook.magics.provenance_magics import ProvenanceMagics
from aero_jupyter.notebook.magics.source_magics import SourceMagics
from aero_jupyter.notebook.magics.vintage_magics import VintageMagics

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.notebook.panels.lineage.panel import LineageView
    from aero_jupyter.notebook.panels.login_panel import LoginPanel
    from aero_jupyter.notebook.panels.workbench.panel import Workbench
    from aero_jupyter.notebook.tables.aero_frame import AeroFrame
    from aero_jupyter.notebook.widgets.cards import Card, LoginCard, RunCard
    from aero_jupyter.session.preview import Preview
    from aero_jupyter.session.session import Session


#: All rows: no server lists versions by pages.
_ALL = sys.maxsize


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


@magics_class
class AeroMagics(ProvenanceMagics, SourceMagics, VintageMagics):
    """AERO's magics; ``%config AeroMagics`` lists their settings."""

    def __init__(self, shell: object = None, **kwargs: Any) -> None:
        super().__init__(shell=shell, **kwargs)
        self.matcher = RegisteredMatcher(shell)

    @magic_arguments()
    @argument("--code", default=None, metavar="CODE", help="The code that the login page shows.")
    @argument("--force", action="store_true", help="Log in again with a new link; the local AERO needs no login.")
    @argument("--profile", default=None, metavar="NAME", help="The profile of the configuration file to connect to.")
    @line_magic()
    def aero_login(self, line: str) -> Card | LoginPanel:
        """Log in, and show the user and the server."""
        from aero_jupyter.notebook.magics.commands import log_in
        from aero_jupyter.session import connect

        args = arguments(self.aero_login, line, self._names)
        if args.profile:
            connect(profile=args.profile)
        return log_in(_session(), args.code, force=args.force)

    @magic_arguments()
    @line_magic()
    def aero_logout(self, line: str) -> LoginCard:
        """Log out: delete the stored tokens, and revoke them at Globus."""
        from aero_jupyter.notebook.widgets.cards import LoginCard
        from aero_jupyter.session import logout

        arguments(self.aero_logout, line, self._names)
        return LoginCard(logout())

    @magic_arguments()
    @line_magic()
    def aero_status(self, line: str) -> Card:
        """Show which AERO is in use and what it holds."""
        from aero_jupyter.notebook.magics.commands import status_card

        arguments(self.aero_status, line, self._names)
        return status_card(_session())

    @no_var_expand
    @line_magic()
    def aero_search(self, line: str) -> AeroFrame:
        """Search the catalogue: %aero_search QUERY [--limit N] [--scan].

        The query goes to the server as it stands, with its quotes: words, "quoted phrases", AND OR NOT,
        field:value, and a trailing *. {name} stands for the notebook's value. Options stand before or after the
        query. --scan reads the whole catalogue and searches it here, for a server whose search is broken.
        """
        query, limit, scan = search_arguments(line, self._names)
        return self._frame("data", query, limit, scan=scan)

    @magic_arguments()
    @argument("kind", choices=("data", "flow", "prov", "run"), help="The kind of records.")
    @argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help="Only these rows; * matches any.")
    @argument("--text", default="", metavar="TEXT", help="Only rows that contain the text in a column.")
    @argument("--since", type=age, default=None, metavar="TIME", help="Only newer rows: 30s, 5m, 6h, 7d or 2w.")
    @argument("--sort", default=None, metavar="COLUMN", help="Sort by a column; descending with a - before it.")
    @argument("--limit", type=whole, default=None, metavar="N", help="Rows to fetch first; 50 by default.")
    @line_magic()
    def aero_list(self, line: str) -> AeroFrame:
        """List datasets, flows, provenance or runs."""
        args = arguments(self.aero_list, line, self._names)
        where = tuple(pairs_from(args.where))
        return self._frame(args.kind, None, args.limit, where=where, since=args.since, sort=args.sort, text=args.text)

    @magic_arguments()
    @argument("--all", action="store_true", help="Include the endpoints of others on which you may run functions.")
    @line_magic()
    def aero_endpoints(self, line: str) -> AeroFrame:
        """List the endpoints that can run functions; --endpoint takes their names."""
        args = arguments(self.aero_endpoints, line, self._names)
        return self._frame("endpoint", None, None, everyones=args.all)

    @magic_arguments()
    @argument("id", help="Name or id of a dataset.")
    @line_magic()
    def aero_versions(self, line: str) -> AeroFrame:
        """List the versions of a dataset, oldest first."""
        args = arguments(self.aero_versions, line, self._names)
        return self._frame("version", args.id, _ALL)

    @magic_arguments()
    @argument("id", help="A dataset, with @N a version, or a flow; or a variable with a result of AERO.")
    @line_magic()
    def aero_lineage(self, line: str) -> LineageView:
        """Show the sources of a dataset, and the datasets made from it."""
        from aero_jupyter.notebook.panels.lineage.factory import view_in

        args = arguments(self.aero_lineage, line, self._names)
        return view_in(_session(), args.id, self._names)

    @magic_arguments()
    @argument("tab", nargs="?", default="browse", choices=("browse", "register", "runs", "lineage"), help="The tab.")
    @argument("--side", action="store_true", help="Show it in JupyterLab's side area; needs the package sidecar.")
    @line_magic()
    def aero_panel(self, line: str) -> Workbench | None:
        """Show the workbench: browse datasets, register flows, monitor runs and trace lineage."""
        from aero_jupyter.notebook.panels.workbench.factory import panel
        from aero_jupyter.notebook.panels.workbench.side_area import side_area

        args = arguments(self.aero_panel, line, self._names)
        return side_area.show(args.tab) if args.side else panel(args.tab)

    @magic_arguments()
    @argument("id", help="Name or id of a dataset, with @N or @DATE for a version.")
    @argument("--version", type=whole, default=None, metavar="N", help="The version; the newest by default.")
    @argument("--as-of", default=None, metavar="TIME", help="The version in force then; a date means its end.")
    @argument("--by", choices=("version", "source"), default="version", help="source: when it was last modified.")
    @argument("--wait", type=seconds, default=None, metavar="SECONDS", help="Wait this long until the version exists.")
    @argument(
        "--option", action="append", default=[], metavar="NAME=VALUE",
        help="A reader option: sheet_name=Data, skiprows=3, decimal=, …; may be repeated.",
    )  # fmt: skip
    @line_magic()
    def aero_get(self, line: str) -> pd.DataFrame:
        """Read a version as a DataFrame; its attrs["aero"] hold its origin."""
        from aero_jupyter.notebook.magics.commands import read_version

        return read_version(_session().client, arguments(self.aero_get, line, self._names), line)

    @magic_arguments()
    @argument("flow", help="The flow's id or description, or the name of its function or of an output.")
    @argument("--no-wait", action="store_true", help="Return when the run is queued.")
    @argument("--timeout", type=seconds, default=None, metavar="SECONDS", help="Wait this long; 300 by default.")
    @line_magic()
    def aero_run(self, line: str) -> RunCard | AeroFrame:
        """Run a flow now, wait until it has ended, and show the run.

        An AERO server elsewhere starts runs itself; then the flow's newest runs are listed.
        """
        from aero_jupyter.notebook.magics.commands import run_flow

        args = arguments(self.aero_run, line, self._names)
        client = _session().client
        flow = client.resolve_flow(args.flow)
        if not client.dialect.runs:
            return self._frame("run", flow.id, None)
        return run_flow(client, flow, flow.function_name or args.flow, None if args.no_wait else self._timeout(args))

    @magic_arguments("aero_run")
    @function_arguments
    @argument("--timeout", type=seconds, default=None, metavar="SECONDS", help="Wait this long; 300 by default.")
    @cell_magic("aero_run")
    def aero_run_cell(self, line: str, cell: str) -> Any:
        """Run the function of this cell once on an endpoint, and return its result.

        The cell does not run in this kernel, and no flow is registered. The result must be JSON.
        """
        from aero_jupyter.notebook.magics.run_cell import run

        args = arguments(self.aero_run_cell, line, self._names)
        return run(_session(), cell, args, self._names, self._timeout(args))

    @magic_arguments()
    @line_magic()
    def aero_traceback(self, line: str) -> Card:
        """Show the last error in full, with the traceback of the endpoint if there is one."""
        from aero_jupyter.notebook.widgets.cards import Card
        from aero_jupyter.notebook.widgets.error_text import story

        arguments(self.aero_traceback, line, self._names)
        return Card("", pre=story())

    @magic_arguments()
    @registration_arguments
    @cell_magic()
    def aero_register(self, line: str, cell: str) -> Card | Preview:
        """Register the function of this cell as a flow; the cell also runs here."""
        from aero_jupyter.notebook.magics import register_cell
        from aero_jupyter.notebook.registration.request import request_from

        args = arguments(self.aero_register, line, self._names)
        request = request_from(args)
        function = register_cell.function_from(cell, args.name, request, self._names)
        register_cell.run_cell(self._shell, cell)
        session = _session()
        request = register_cell.pinned(session, request)
        if args.dry_run:
            return register_cell.run_dry(session, function, request, self._timeout(args))
        if args.preview is not None:
            return register_cell.preview(session, function, request, args)
        return register_cell.register(session, function, request, args)

    def _timeout(self, args: argparse.Namespace) -> float:
        seconds: float = self.timeout if args.timeout is None else args.timeout
        return seconds

    def _frame(self, kind: str, query: str | None, limit: int | None, **options: Any) -> AeroFrame:
        from aero_jupyter.notebook.tables.frame import frame_of
        from aero_jupyter.notebook.tables.query import ListQuery

        return frame_of(_session(), ListQuery(kind, query, **options), self.limit if limit is None else limit)


# `magics_class` collects the magics of one class body only.
AeroMagics.magics = {
    kind: {**ProvenanceMagics.magics[kind], **SourceMagics.magics[kind], **VintageMagics.magics[kind], **magics}
    for kind, magics in AeroMagics.magics.items()
}
