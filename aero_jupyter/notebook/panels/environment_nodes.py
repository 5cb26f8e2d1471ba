"""The environment of a run: the versions of Python and of packages, on one line, and as a table if there are more."""

from __future__ import annotations

from collections.abc import Sequence

from aero_jupyter.core.models import Run
from aero_jupyter.core.run_environment import RunEnvironment
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.figures import table
from aero_jupyter.notebook.widgets.tree import Node

#: Packages on the line; the table has all of them.
_LINE_PACKAGES = 4


def last_environment(runs: Sequence[Run]) -> RunEnvironment | None:
    """Return the environment of the newest run that called its function; `runs` are newest first."""
    return next((run.environment for run in runs if run.environment is not None), None)


def environment_nodes(label: str, environment: RunEnvironment | None) -> list[Node]:
    """Build the line of an environment, with the table of its packages folded if the line has not all."""
    if environment is None:
        return []
    packages = [*environment.packages.items()]
    shown = ", ".join(
        f"{name} {version}" for name, version in (("Python", environment.python), *packages[:_LINE_PACKAGES])
    )
    more = len(packages) - _LINE_PACKAGES
    if more <= 0:
        return [trees.text(f"{label}: {shown}", "meta")]
    rows = [("Python", environment.python), *packages]
    listed = table("Environment", ("package", "version"), rows)
    return [trees.fold(f"{label}: {shown}, … {more} more", listed)]
