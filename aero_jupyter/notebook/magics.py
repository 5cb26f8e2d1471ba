"""The magics: what was typed goes to the session in use, and what comes back is shown."""

from __future__ import annotations

import getpass
import sys
import zoneinfo
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, magics_class, no_var_expand
from traitlets import Bool, CaselessStrEnum, Enum, Float, Int, TraitError, Unicode, observe, validate

from aero_jupyter.notebook.arguments import age, arguments, pairs_from, search_arguments, seconds, whole
from aero_jupyter.notebook.completion import Matcher
from aero_jupyter.notebook.decorators import argument, cell_magic, line_magic, magic_arguments
from aero_jupyter.notebook.errors import ended_well, story
from aero_jupyter.notebook.options import options

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client.catalogue import Kind
    from aero_jupyter.notebook.frames import AeroFrame
    from aero_jupyter.notebook.login import Panel
    from aero_jupyter.notebook.panels.bench import Workbench
    from aero_jupyter.notebook.panels.lineage import LineageView
    from aero_jupyter.notebook.views import Card, RunCard, Who
    from aero_jupyter.session import Session


#: Rows of what no server lists by pages.
_ALL = sys.maxsize


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


@magics_class
class AeroMagics(Magics):
    """AERO's magics; ``%config AeroMagics`` lists what can be set."""

    limit = Int(50, min=1, help="Rows that frames begin with when --limit is not given.").tag(config=True)
    page_size = Enum((15, 30, 60), 15, help="Rows a page of the live table.").tag(config=True)
    max_rows = Int(60, min=1, help="Rows that a frame shows where no table is live.").tag(config=True)
    time_zone = Unicode("UTC", help="The zone of clock times, such as Europe/Berlin.").tag(config=True)
    theme = CaselessStrEnum(("auto", "light", "dark"), "auto", help="auto follows the front end.").tag(config=True)
    plain = Bool(False, help="Show frames as static tables only.").tag(config=True)
    timeout = Float(300.0, min=0, help="Seconds to wait for a run when --timeout is not given.").tag(config=True)

    def __init__(self, shell: Any = None, **kwargs: Any) -> None:
        super().__init__(shell=shell, **kwargs)
        # What was set before loading is heard of here; what is set later, by `_set`.
        vars(options).update({name: getattr(self, name) for name in vars(options)})
        self.matcher = Matcher(shell)

    @observe("page_size", "max_rows", "time_zone", "theme", "plain")
    def _set(self, change: Any) -> None:
        setattr(options, change["name"], change["new"])

    @validate("time_zone")
    def _known_zone(self, proposal: Any) -> str:
        name = str(proposal["value"])
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise TraitError(f"There is no time zone {name!r}. Write it as Europe/Berlin.") from None
        return name

    @no_var_expand
    @magic_arguments()
    @argument("--code", default=None, metavar="CODE", help="The code that the login page has shown.")
    @argument("--force", action="store_true", help="Log in anew, by a fresh link; the local AERO needs no login.")
    @line_magic()
    def aero_login(self, line: str) -> Card | Panel:
        """Log in, and say who and where."""
        from aero_jupyter.notebook.views import Who

        args = arguments(self.aero_login, line, self._names)
        session = _session()
        if session.is_local:
            return Who(f"Logged in to the local AERO on this machine as {getpass.getuser()}.")
        from aero_jupyter.notebook.login import log_in

        return log_in(session, args.code, args.force)

    @no_var_expand
    @magic_arguments()
    @line_magic()
    def aero_logout(self, line: str) -> Who:
        """Log out: forget the tokens, and revoke them at Globus."""
        from aero_jupyter import session as sessions
        from aero_jupyter.notebook.views import Who

        arguments(self.aero_logout, line, self._names)
        return Who(sessions.logout())

    @no_var_expand
    @magic_arguments()
    @line_magic()
    def aero_status(self, line: str) -> Card:
        """Show which AERO is in use and what it holds."""
        from aero_jupyter.notebook.views import Card

        arguments(self.aero_status, line, self._names)
        session = _session()
        kinds: tuple[Kind, ...] = ("data", "flow", "run") if session.client.dialect.runs else ("data", "flow")
        counts = []
        for kind in kinds:
            pages: Any = session.client.list(kind)
            shown = len(pages.page(1))
            counts.append(f"{kind}: {f'{shown}+' if pages.total is None else pages.total}")
        return Card(f"✓ {session.name} answers at {session.client.base_url}", " · ".join(counts))

    @no_var_expand
    @line_magic()
    def aero_search(self, line: str) -> AeroFrame:
        """Search the catalogue: %aero_search QUERY [--limit N] [--scan].

        The query goes to the server as it stands, with its quotes: words, "quoted phrases", AND OR NOT,
        field:value, and a trailing *. {name} stands for the notebook's value. --scan reads the whole catalogue
        and searches it here, for a server whose search is broken.
        """
        query, limit, scan = search_arguments(line, self._names)
        return self._frame("data", query, limit, scan=scan)

    @no_var_expand
    @magic_arguments()
    @argument("kind", choices=("data", "flow", "prov", "run"), help="What to list.")
    @argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help="Only these; * stands for anything.")
    @argument("--text", default="", metavar="TEXT", help="Only these: one of the columns holds the text.")
    @argument("--since", type=age, default=None, metavar="TIME", help="Only what is newer: 30s, 5m, 6h, 7d or 2w.")
    @argument("--sort", default=None, metavar="COLUMN", help="Sort by a column; downwards with a - before it.")
    @argument("--limit", type=whole, default=None, metavar="N", help="Rows to begin with; 50 by default.")
    @line_magic()
    def aero_list(self, line: str) -> AeroFrame:
        """List data, flows, provenance or runs."""
        args = arguments(self.aero_list, line, self._names)
        where = tuple(pairs_from(args.where))
        return self._frame(args.kind, None, args.limit, where=where, since=args.since, sort=args.sort, text=args.text)

    @no_var_expand
    @magic_arguments()
    @argument("--all", action="store_true", help="Those of others too, where you may run on them.")
    @line_magic()
    def aero_endpoints(self, line: str) -> AeroFrame:
        """List where functions can run; a name here can be given to --endpoint."""
        args = arguments(self.aero_endpoints, line, self._names)
        return self._frame("endpoint", None, None, everyones=args.all)

    @no_var_expand
    @magic_arguments()
    @argument("id", help="Name or id of a data.")
    @line_magic()
    def aero_versions(self, line: str) -> AeroFrame:
        """List the versions of a data, oldest first."""
        args = arguments(self.aero_versions, line, self._names)
        return self._frame("version", args.id, _ALL)

    @no_var_expand
    @magic_arguments()
    @argument("id", help="Name or id of a data, with @N for a version; of a flow; or a variable with what AERO gave.")
    @line_magic()
    def aero_lineage(self, line: str) -> LineageView:
        """Show where a data came from, and what was made of it."""
        from aero_jupyter.notebook.panels.lineage import view_in

        args = arguments(self.aero_lineage, line, self._names)
        return view_in(_session(), args.id, self._names)

    @no_var_expand
    @magic_arguments()
    @argument("tab", nargs="?", default="browse", choices=("browse", "register", "runs", "lineage"), help="Which tab.")
    @line_magic()
    def aero_panel(self, line: str) -> Workbench:
        """Show the workbench: browse, register, watch and trace with the mouse."""
        from aero_jupyter.notebook.panels.bench import panel

        return panel(arguments(self.aero_panel, line, self._names).tab)

    @no_var_expand
    @magic_arguments()
    @argument("id", help="Name or id of a data.")
    @argument("--version", type=whole, default=None, metavar="N", help="Which version; the newest by default.")
    @argument("--wait", type=seconds, default=None, metavar="SECONDS", help="Wait that long for the version to exist.")
    @line_magic()
    def aero_get(self, line: str) -> pd.DataFrame:
        """Read a version as a DataFrame; its attrs["aero"] say where it came from."""
        args = arguments(self.aero_get, line, self._names)
        client = _session().client
        data = client.resolve_data(args.id)
        if args.wait is not None:
            client.wait_for_version(data.id, args.version or 1, args.wait)
        return client.read(data.id, args.version)

    @no_var_expand
    @magic_arguments()
    @argument("flow", help="A flow's id, its function's name, an output's name or its description.")
    @argument("--no-wait", action="store_true", help="Return as soon as the run is queued.")
    @argument(
        "--timeout", type=seconds, default=None, metavar="SECONDS", help="Wait that long at most; 300 by default."
    )
    @line_magic()
    def aero_run(self, line: str) -> RunCard | AeroFrame:
        """Run a flow now, wait until it has ended, and show the run.

        A real AERO server starts runs itself; there, the flow's newest runs are listed instead.
        """
        from aero_jupyter.notebook.views import RunCard

        args = arguments(self.aero_run, line, self._names)
        session = _session()
        client = session.client
        flow = client.resolve_flow(args.flow)
        if not client.dialect.runs:
            return self._frame("run", flow.id, None)
        name = flow.function_name or args.flow
        run = client.run_flow(flow.id)
        if not args.no_wait:
            run = client.wait_for_run(run.id, self.timeout if args.timeout is None else args.timeout)
        return RunCard(ended_well(run, name), name)

    @no_var_expand
    @magic_arguments("aero_run")
    @argument("--endpoint", default="local", metavar="NAME", help="Where it runs: a name or an id.")
    @argument("--input", action="append", default=[], metavar="P=DATA", help="Parameter=name[@version]; may repeat.")
    @argument("--kwarg", action="append", default=[], metavar="K=V", help="A value, as JSON or text; may repeat.")
    @argument("--name", default=None, metavar="FN", help="Which function, where the cell has several.")
    @argument("--timeout", type=seconds, default=None, metavar="SECONDS", help="Wait that long; 300 by default.")
    @cell_magic("aero_run")
    def aero_run_cell(self, line: str, cell: str) -> Any:
        """Run the function of this cell once on an endpoint, and give what it returns.

        The cell does not run here, and nothing is registered as a flow; what it returns must be JSON.
        """
        from aero_jupyter.notebook.run import run

        args = arguments(self.aero_run_cell, line, self._names)
        return run(_session(), cell, args, self._names, self.timeout if args.timeout is None else args.timeout)

    @no_var_expand
    @magic_arguments()
    @line_magic()
    def aero_traceback(self, line: str) -> Card:
        """Show the last error in full, with the traceback of the endpoint where there is one."""
        from aero_jupyter.notebook.views import Card

        arguments(self.aero_traceback, line, self._names)
        return Card("", pre=story())

    @no_var_expand
    @magic_arguments()
    @argument("--input", action="append", default=[], metavar="P=DATA", help="Parameter=name or id; may repeat.")
    @argument("--output", action="append", default=[], metavar="NAME", help="A data it makes; may repeat.")
    @argument("--source", default=None, metavar="NAME=URL", help="Pull this url, and give the file to the function.")
    @argument("--every", default=None, metavar="TIME", help="How often: 30s, 5m, 6h, 1d or 2w.")
    @argument("--policy", default=None, help="any, all, timer, none or event; chosen from the rest by default.")
    @argument("--endpoint", default="local", metavar="NAME", help="Where it runs: a name or an id.")
    @argument("--description", default=None, metavar="TEXT", help="By default, the function's docstring.")
    @argument("--kwarg", action="append", default=[], metavar="K=V", help="A value, as JSON or text; may repeat.")
    @argument("--name", default=None, metavar="FN", help="Which function, where the cell has several.")
    @argument("--dry-run", action="store_true", help="Run it once here on the latest input; register nothing.")
    @argument("--timeout", type=seconds, default=None, metavar="SECONDS", help="Stop a dry run after that long.")
    @argument("--replace", action="store_true", help="Continue the data of the flow that is there with this text.")
    @cell_magic()
    def aero_register(self, line: str, cell: str) -> Card:
        """Register the function of this cell as a flow; the cell also runs here."""
        from aero_jupyter.notebook import register
        from aero_jupyter.notebook.wishes import wish_from

        args = arguments(self.aero_register, line, self._names)
        wish = wish_from(args)
        function = register.function_from(cell, args.name, wish, self._names)
        register.run_cell(self._shell, cell)
        session = _session()
        if args.dry_run:
            timeout = self.timeout if args.timeout is None else args.timeout
            return register.try_out(session, function, wish, timeout)
        return register.register(session, function, wish, args)

    def _frame(self, kind: str, query: str | None, limit: int | None, **options: Any) -> AeroFrame:
        from aero_jupyter.notebook.frames import frame_of
        from aero_jupyter.notebook.listing import Question

        return frame_of(_session(), Question(kind, query, **options), self.limit if limit is None else limit)

    @property
    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = self._shell.user_ns
        return names

    @property
    def _shell(self) -> Any:
        return self.shell
