"""The state file of a local AERO, and the check that its folder belongs to this user."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from aero_jupyter.core import file_ownership
from aero_jupyter.core.errors import LocalServiceFailed
from aero_jupyter.core.safe_parsing import parse_json


@dataclass(frozen=True)
class State:
    """The location and the credentials of the running service.

    Attributes
    ----------
    url : str
        The base URL of the service; ends with a slash.
    token : str
        The bearer token; never shown.
    endpoint, collection : str
        Ids of the local endpoint and of the local collection.
    settings : dict or None
        The settings that the service was started with; None if they are not known.
    """

    url: str
    token: str = field(repr=False)
    pid: int
    version: str
    endpoint: str
    collection: str
    settings: dict[str, str] | None = field(default=None, compare=False)

    def write(self, path: Path) -> None:
        """Write the state atomically into a file that only this user can read."""
        part = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
        part.replace(path)


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the local AERO: ``AERO_HOME``, or else this user's data folder."""
    if environ.get("AERO_HOME"):
        try:
            return Path(environ["AERO_HOME"]).expanduser()
        except RuntimeError:
            text = f"AERO_HOME is {environ['AERO_HOME']}, and there is no such user."
            raise LocalServiceFailed(text, "Set AERO_HOME to a folder.") from None
    import platformdirs

    return Path(platformdirs.user_data_dir("aero_jupyter"))


def state_file(home: Path) -> Path:
    """Return the file in which a running service records its state."""
    return home / "state.json"


def require_own(home: Path) -> None:
    """Raise if the folder belongs to another user or others can write into it; nothing in it is read then.

    Raises
    ------
    LocalServiceFailed
        If the folder cannot be trusted, or the path is not a folder.
    """
    try:
        file = next((each for each in (home, *home.parents) if each.exists() and not each.is_dir()), None)
        if file is not None:
            raise LocalServiceFailed(f"{file} is a file, not a folder.", "Set AERO_HOME to a folder.")
        link = next((each for each in (home, *home.parents) if each.is_symlink() and not each.exists()), None)
        if link is not None:
            raise LocalServiceFailed(f"{link} is a broken link.", "Set AERO_HOME to a folder.")
        if (parent := file_ownership.parent_open_to_others(home)) is not None:
            raise LocalServiceFailed(
                f"Other users can replace the folder {home}: they can write into {parent}.",
                f"Run: chmod go-w {shlex.quote(str(parent))}; or set AERO_HOME to a folder elsewhere.",
            )
        if not home.exists():
            return
        if home.stat().st_uid != os.geteuid():
            raise LocalServiceFailed(
                f"The folder {home} belongs to another user.", "Set AERO_HOME to a folder of your own."
            )
        if not file_ownership.belongs_to_user(home.resolve()) and any(home.iterdir()):
            cure = f"Check what it contains; if it is yours, run: chmod 700 {shlex.quote(str(home))}"
            raise LocalServiceFailed(f"Other users can write into the folder {home}.", cure)
    except OSError as error:
        raise LocalServiceFailed(
            f"The folder of the local AERO cannot be used: {error}.", "Set AERO_HOME to another folder."
        ) from error


def port_file(home: Path) -> Path:
    """Return the file in which the service records its port, to reuse the port at the next start."""
    return home / "port"


def log_file(home: Path) -> Path:
    """Return the log file of the service."""
    return home / "service.log"


def read_state(home: Path) -> State | None:
    """Return the state that the service recorded last, whether the service responds or not."""
    require_own(home)
    try:
        return State(**parse_json(file_ownership.read_private(state_file(home))))
    except (OSError, ValueError, TypeError):
        return None


def _make_private(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.chmod(0o700)
    except OSError as error:
        raise LocalServiceFailed(
            f"The folder of the local AERO cannot be used: {error}.", "Set AERO_HOME to another folder."
        ) from error


def _open_private_file(path: Path) -> BinaryIO:
    """Open a file for appending that only this user can read, whatever the umask."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "ab")
