"""Loading and unloading of the IPython extension, without requests and without heavy imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from aero_jupyter.core.errors import LoginRequired
from aero_jupyter.notebook.magics.decorators import LAST_RESULT_NAME
from aero_jupyter.notebook.magics.magics import AeroMagics
from aero_jupyter.notebook.settings import reset
from aero_jupyter.notebook.tables.row_panels import row_panels

if TYPE_CHECKING:
    from aero_jupyter.notebook.tables.pager import Pager
    from aero_jupyter.notebook.tables.query import QueryResult


def load(shell: Any) -> None:
    """Add the magics to a shell; do nothing if they are loaded."""
    if _loaded_magics(shell):
        return
    magics = AeroMagics(shell=shell)
    shell.register_magics(magics)
    shell.configurables.append(magics)
    shell.events.register("post_run_cell", offer_login)
    magics.matcher.add()
    row_panels.display = _display_table


def unload(shell: Any) -> None:
    """Remove the magics from a shell."""
    for magics in _loaded_magics(shell):
        for kind, names in magics.magics.items():
            for name in names:
                shell.magics_manager.magics[kind].pop(name, None)
        shell.magics_manager.registry.pop(type(magics).__name__, None)
        shell.configurables.remove(magics)
        magics.matcher.remove()
        shell.user_ns.pop(LAST_RESULT_NAME, None)
    reset()
    for hook in list(shell.events.callbacks["post_run_cell"]):
        # The hooks of open panels are removed too.
        if (getattr(hook, "__module__", None) or "").startswith(f"{__package__}."):
            shell.events.unregister("post_run_cell", hook)


def offer_login(result: object) -> None:
    """Show the login below a cell that failed because it needs one."""
    error = getattr(result, "error_in_exec", None)
    if isinstance(error, LoginRequired):
        from aero_jupyter.notebook.panels.login import show_login_prompt

        show_login_prompt(error)


def _display_table(listing: QueryResult, code: Callable[[QueryResult], str]) -> Pager:
    """Display a query result with the pages of its rows below it; the panels are imported by the first one."""
    from aero_jupyter.notebook.panels import display_table

    return display_table(listing, code)


def _loaded_magics(shell: Any) -> list[AeroMagics]:
    # By name, because %reload_ext makes a new class.
    return [each for each in shell.configurables if type(each).__name__ == AeroMagics.__name__]
