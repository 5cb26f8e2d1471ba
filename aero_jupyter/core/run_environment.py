"""The environment in which the function of a run was called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aero_jupyter.core.decode_values import record_from, text_from


@dataclass(frozen=True)
class RunEnvironment:
    """The versions of Python and of packages with which a function ran.

    Attributes
    ----------
    python : str
    packages : mapping of str to str
        Those that the function imports, and those that read and write tables: name to version.
    """

    python: str
    packages: Mapping[str, str]


def run_environment(value: object) -> RunEnvironment | None:
    """Parse the environment of a run; None if the server does not send one."""
    record = record_from(value)
    python = text_from(record.get("python"))
    packages = {name: str(version) for name, version in record_from(record.get("packages")).items()}
    return RunEnvironment(python, packages) if python else None
