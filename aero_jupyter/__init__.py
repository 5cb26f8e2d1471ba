"""AERO in the notebook: versioned data sources, self-refreshing analyses and their provenance."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from aero_jupyter._version import __version__ as __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_HOME = {
    "AeroError": "core.errors",
    "AeroOutput": "jobs",
    "ClientError": "core.errors",
    "PolicyEnum": "core.policy",
    "api": "",
    "browse": "notebook.panels.browse",
    "connect": "session",
    "current": "session",
    "demo": "",
    "flow": "notebook.card",
    "frame": "notebook.frames",
    "lineage": "notebook.panels.lineage",
    "get_flow": "api",
    "globus_logout": "api",
    "jobs": "",
    "list_metadata": "api",
    "list_versions": "api",
    "local": "session",
    "monitor": "notebook.panels.monitor",
    "panel": "notebook.panels.bench",
    "read": "session",
    "register_flow": "api",
    "register_form": "notebook.panels.registering",
    "register_function": "api",
    "search_sources": "api",
    "utils": "",
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
    from aero_jupyter.notebook.extension import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take the magics away again: ``%unload_ext aero_jupyter``."""
    from aero_jupyter.notebook.extension import unload

    unload(ipython)
