"""AERO in the notebook: versioned data sources, self-refreshing analyses and their provenance."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any  # the public names, which __init__.pyi types

from aero_jupyter._version import __version__ as __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_HOME = {
    "AeroError": "core.errors",
    "AeroOutput": "jobs",
    "ClientError": "core.errors",
    "PolicyEnum": "core.policy",
    "api": "",
    "archive": "session",
    "browse": "notebook.panels.catalogue",
    "check_lock": "session",
    "cite": "session",
    "config": "",
    "connect": "session",
    "current": "session",
    "dataset": "notebook.panels.dataset.factory",
    "delete_flows": "notebook.panels.flow_deletion",
    "demo": "",
    "describe": "session",
    "diff": "session",
    "error": "",
    "expect": "session",
    "export": "session",
    "flow": "notebook.panels.flow_card",
    "frame": "notebook.tables.frame",
    "freshness": "session",
    "keep": "session",
    "lineage": "notebook.panels.lineage.factory",
    "get_flow": "api",
    "globus_logout": "api",
    "jobs": "",
    "list_metadata": "api",
    "list_versions": "api",
    "local": "session",
    "lock": "session",
    "monitor": "notebook.panels.runs.panel",
    "panel": "notebook.panels.workbench.factory",
    "read": "session",
    "read_options": "session",
    "register_flow": "api",
    "register_form": "notebook.panels.register.factory",
    "register_function": "api",
    "replay": "session",
    "revisions": "session",
    "run": "notebook.panels.runs.page",
    "search_sources": "api",
    "utils": "",
    "vintages": "",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Find a public name in its room, at its first use: importing this package imports nothing else."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME[name]
    module = importlib.import_module(f"{__name__}.{home or name}")
    value = getattr(module, name) if home else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Add the magics: ``%load_ext aero_jupyter``."""
    from aero_jupyter.core.garbage import collection_paused

    with collection_paused():
        from aero_jupyter.notebook.extension import load

        load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take the magics away again: ``%unload_ext aero_jupyter``."""
    from aero_jupyter.notebook.extension import unload

    unload(ipython)
