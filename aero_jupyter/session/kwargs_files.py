"""Files with several sets of fixed arguments of a function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.session.yaml_nodes import read_documents, read_kwargs

#: Maximum number of sets: the service runs as many tasks in each run.
_MAX_SETS = 1_000


def read_kwargs_sets(path: str | Path) -> list[dict[str, Any]]:
    """Read a list of sets of arguments from a YAML or JSON file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    list of dict
        Name to JSON value, for each set.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, is no list of mappings, or holds a value that is not JSON; with the line.
    """
    documents = read_documents(path)
    if len(documents) != 1 or not isinstance(documents[0].node, yaml.SequenceNode):
        text = f"{Path(path).name} is no list of arguments."
        raise InvalidArgument(text, "Write a list with a line for each call: - {NAME: VALUE}")
    entries = documents[0].elements()
    if not 0 < len(entries) <= _MAX_SETS:
        text = f"{Path(path).name} has {len(entries):,} sets of arguments."
        raise InvalidArgument(text, f"Write between 1 and {_MAX_SETS:,} of them.")
    return [read_kwargs(entry) for entry in entries]
