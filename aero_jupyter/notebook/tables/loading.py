"""A version as a variable of the notebook."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from IPython import get_ipython

from aero_jupyter.core.models import Data
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.session.reading import read_version

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient


def load_into_notebook(client: AeroClient, data: Data, version: int | None = None) -> str:
    """Read a version of a dataset into a variable of the notebook; return a sentence about it.

    Raises
    ------
    Unreadable
        If the version is no table.
    ClientError
        If the server refuses or does not answer.
    """
    table = read_version(client, VersionRef(data.id, version), {})
    # IPython's types leave out the namespace.
    shell: Any = get_ipython()
    names: dict[str, object] = {} if shell is None else shell.user_ns
    name = free_name(data.name, names)
    names[name] = table
    rows, columns = table.shape
    return f"Loaded as {name}: version {table.attrs['aero']['version']}, {rows:,} rows, {columns} columns."


def free_name(text: str, names: Mapping[str, object]) -> str:
    """Return a variable name for a dataset that is not in use."""
    name = re.sub(r"\W", "_", text) or "data"
    name = f"data_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
    candidates = [name, *(f"{name}_{number}" for number in range(2, len(names) + 3))]
    return next(each for each in candidates if each not in names)
