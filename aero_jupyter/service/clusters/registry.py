"""The clusters that this user has added, in a file of the local AERO's folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from aero_jupyter.core import config, file_ownership
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.suggestions import suggest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Cluster:
    """A cluster on which functions run.

    Attributes
    ----------
    name : str
    parsl : str
        The path of the Python file that defines the Parsl configuration.
    folder : str
        A folder that this machine and the nodes reach by the same path.
    """

    name: str
    parsl: str
    folder: str

    @property
    def id(self) -> str:
        """The id of the endpoint; the same for each cluster of this name, so that flows survive adding it anew."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"aero cluster {self.name}"))


def clusters_folder(home: Path) -> Path:
    """Return the folder in which each cluster has a folder for the logs of Parsl."""
    return home / "clusters"


def read_clusters(home: Path) -> list[Cluster]:
    """Return the clusters that were added, by name.

    Raises
    ------
    InvalidArgument
        If the list cannot be read.
    """
    file = registry_file(home)
    try:
        return [Cluster(**each) for each in parse_json(file_ownership.read_private(file))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        cure = f"Delete the list with: rm {shlex.quote(str(file))}; then add each cluster again."
        raise InvalidArgument(f"The list of clusters cannot be read: {error}.", cure) from None


def add_cluster(home: Path, name: str, parsl: Path, folder: Path | None = None) -> Cluster:
    """Add a cluster, or replace the one of this name.

    Raises
    ------
    InvalidArgument
        If the name or the file cannot be used.
    """
    if not _NAME.fullmatch(name) or name == config.LOCAL or _is_id(name):
        cure = "Choose a name of at most 64 letters, digits, dots, hyphens and underscores."
        raise InvalidArgument(f"An endpoint cannot be called {name!r}.", cure)
    file = parsl.expanduser().absolute()
    if not file.is_file():
        raise InvalidArgument(f"There is no file {parsl}.", "Write the Parsl configuration first; see docs/scaling.md.")
    shared = folder.expanduser().absolute() if folder else clusters_folder(home) / name / "shared"
    made = Cluster(name, str(file), str(shared))
    _write(home, [*(each for each in read_clusters(home) if each.name != name), made])
    return made


def remove_cluster(home: Path, name: str) -> None:
    """Remove a cluster from the list; its folders stay.

    Raises
    ------
    UnknownName
        If there is no such cluster.
    """
    clusters = read_clusters(home)
    names = tuple(each.name for each in clusters)
    if name not in names:
        cure = f"{suggest(name, names)} List them with: aero-jupyter endpoint list".strip()
        raise UnknownName(f"There is no cluster {name!r}.", cure, candidates=names)
    _write(home, [each for each in clusters if each.name != name])


def registry_file(home: Path) -> Path:
    """Return the file that lists the clusters."""
    return home / "clusters.json"


def _write(home: Path, clusters: list[Cluster]) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = home / f"clusters.{os.getpid()}"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump([asdict(each) for each in sorted(clusters, key=lambda each: each.name)], file)
    part.replace(registry_file(home))


def _is_id(name: str) -> bool:
    try:
        return bool(uuid.UUID(name))
    except ValueError:
        return False
