"""Adding the magics to a shell and taking them away. It reads nothing and imports nothing heavy."""

from __future__ import annotations

from typing import Any

from aero_jupyter.core.errors import LoginRequired
from aero_jupyter.notebook.decorators import LAST
from aero_jupyter.notebook.magics import AeroMagics
from aero_jupyter.notebook.options import reset


def load(shell: Any) -> None:
    """Add the magics to a shell; a second time it changes nothing."""
    if _loaded(shell):
        return
    magics = AeroMagics(shell=shell)
    shell.register_magics(magics)
    shell.configurables.append(magics)
    shell.events.register("post_run_cell", offer_login)
    magics.matcher.add()


def unload(shell: Any) -> None:
    """Take the magics away again."""
    for magics in _loaded(shell):
        for kind, names in magics.magics.items():
            for name in names:
                shell.magics_manager.magics[kind].pop(name, None)
        shell.magics_manager.registry.pop(type(magics).__name__, None)
        shell.configurables.remove(magics)
        magics.matcher.remove()
        shell.user_ns.pop(LAST, None)
    reset()
    for hook in list(shell.events.callbacks["post_run_cell"]):
        # That of a panel that is looked at is ours too.
        if (getattr(hook, "__module__", None) or "").startswith(f"{__package__}."):
            shell.events.unregister("post_run_cell", hook)


def offer_login(result: Any) -> None:
    """Show how to log in below a cell that failed for want of it."""
    error = getattr(result, "error_in_exec", None)
    if isinstance(error, LoginRequired):
        from aero_jupyter.notebook.login import offer

        offer(error)


def _loaded(shell: Any) -> list[AeroMagics]:
    # By name: %reload_ext makes the class anew.
    return [each for each in shell.configurables if type(each).__name__ == AeroMagics.__name__]
