"""The configuration file and the settings of its profiles."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aero_jupyter.core import config
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument

if TYPE_CHECKING:
    from aero_jupyter.client.reader_options import OptionsFile


def ca_bundle_of(profile: Profile) -> str | None:
    """Return the file of the certificate authorities that a profile trusts; None if it names none.

    Raises
    ------
    InvalidArgument
        If there is no such file.
    """
    if profile.ca_bundle is None:
        return None
    path = Path(profile.ca_bundle).expanduser()
    if not path.is_file():
        raise InvalidArgument(
            f"There is no ca_bundle {path}.", f"Correct profile {profile.name!r} of the configuration."
        )
    return str(path)


def options_file_of(profile: Profile) -> OptionsFile:
    """Return the file that stores the reader options of a profile."""
    from aero_jupyter.client.reader_options import OptionsFile

    return OptionsFile(_config_path().parent / "read_options" / f"{quote(profile.name, safe='')}.json")


def descriptions_file_of(profile: Profile | None) -> OptionsFile:
    """Return the file that stores the descriptions of datasets; None is the local AERO."""
    from aero_jupyter.client.reader_options import OptionsFile

    name = "local AERO" if profile is None else profile.name
    return OptionsFile(_config_path().parent / "descriptions" / f"{quote(name, safe='')}.json")


def _config_path() -> Path:
    return Path(os.environ.get("AERO_CONFIG_FILE") or Path.home() / config.CONFIG_FILE).expanduser()


def read_config(path: Path | None = None) -> dict[str, Any]:
    """Read the configuration file; an empty document if there is none.

    Parameters
    ----------
    path : Path, optional
        Another file than the one in use.

    Raises
    ------
    InvalidArgument
        If the file cannot be read.
    """
    path = path or _config_path()
    if not path.exists():
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"The configuration file cannot be read: {error}.", "Correct it.") from None


def use_config_file(path: Path, profile: str | None = None) -> Profile:
    """Copy a configuration file to its place, after it was validated.

    Parameters
    ----------
    path : Path
    profile : str, optional
        The profile to validate; by default ``default``.

    Returns
    -------
    Profile

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or the profile is not in it.
    """
    if not path.is_file():
        raise InvalidArgument(f"There is no file {path}.", "Name a config.toml.")
    chosen = config.profile_from(read_config(path), {}, name=profile)
    if chosen is None:
        raise InvalidArgument("The local AERO needs no configuration file.", "Name another profile.")
    target = _config_path()
    if path.resolve() != target.resolve():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        part.write_bytes(path.read_bytes())
        part.chmod(0o600)
        part.replace(target)
    return chosen
