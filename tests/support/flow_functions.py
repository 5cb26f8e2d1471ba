"""Functions that the tests of the surfaces register, by their source."""

from __future__ import annotations

from typing import Any


def keep(**inputs: Any) -> Any:
    """Store the download as it is."""
    return next(iter(inputs.values()))


def describe(obs: Any, obs_url: Any = None, obs_signed_url: Any = None, obs_version: Any = None) -> str:
    """Write what the run received of its input."""
    with open(obs) as file:
        text = file.read().strip()
    with open("described.txt", "w") as file:
        file.write(f"{text}|{obs_url}|{obs_signed_url}|{obs_version}")
    return "described.txt"


def name_only(obs: Any = None, obs_url: Any = None, obs_version: Any = None) -> str:
    """Write what the run received of an input that is not downloaded."""
    with open("named.txt", "w") as file:
        file.write(f"{obs}|{obs_url}|{obs_version}")
    return "named.txt"


def count(step: int = 0) -> str:
    """Write the argument."""
    with open("counted.txt", "w") as file:
        file.write(f"{step}")
    return "counted.txt"
