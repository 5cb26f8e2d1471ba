"""The configuration as scripts read it: server, Globus clients and the folder of the tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aero_jupyter.core.config import DEFAULT_SERVER, Profile, profile_from
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.session import current
from aero_jupyter.session.profiles import read_config, use_config_file

#: The name of the file of tokens in the folder of a profile, as AERO's client has it.
_TOKEN_FILE = "client_tokens.json"  # noqa: S105
_NAME_FILE = "Name a config.toml."


@dataclass
class ClientConf:
    """The configuration of a client.

    Attributes
    ----------
    client_uuid : str
        The Globus client that logs in; empty where none is configured.
    portal_client_id : str
        The server's Globus client; where none is configured, the name of the server. It is the key of the server's
        token in `load_tokens`.
    aero_dir : Path
        The folder in which tokens are stored; on the local AERO, its folder.
    token_file : str
        The name of the token file of AERO's client, relative to `aero_dir`.
    server_address, server_url : str
        The base URL of the server, with its path prefix and without a final slash.
    """

    client_uuid: str
    portal_client_id: str
    aero_dir: Path
    token_file: str = _TOKEN_FILE
    server_address: str = DEFAULT_SERVER
    server_url: str = DEFAULT_SERVER


def load_conf(
    conf_file: str | Path, update: bool = False, symlink: bool = True, profile: str = "default"
) -> ClientConf:
    """Read a configuration file.

    Parameters
    ----------
    conf_file : str or Path
        A ``config.toml``, with profiles or in the legacy format.
    update : bool
        Whether the file becomes the configuration in use, as ``aero-jupyter configure`` does.
    symlink : bool
        With False, the file is only read, whatever `update` is.
    profile : str
        The table of the file.

    Returns
    -------
    ClientConf

    Raises
    ------
    UnknownProfile
        If the file has no such profile; it is a KeyError.
    InvalidArgument
        If the file cannot be read, or if the profile lacks a key.

    Examples
    --------
    >>> from aero_jupyter import config
    >>> config.load_conf("config.toml", profile="testing").server_url  # doctest: +SKIP
    'http://127.0.0.1/aero-testing'
    """
    path = Path(conf_file).expanduser()
    if update and symlink:
        return _conf_of(use_config_file(path, profile))
    if not path.is_file():
        raise InvalidArgument(f"There is no file {path}.", _NAME_FILE)
    chosen = profile_from(read_config(path), {}, name=profile)
    if chosen is None:
        raise InvalidArgument("The local AERO has no configuration file.", "Name another profile.")
    return _conf_of(chosen)


def conf_in_use() -> ClientConf:
    """Return the configuration of the session in use; ``CONF`` of `aero_jupyter.utils`.

    Returns
    -------
    ClientConf
    """
    session = current()
    if session.profile is not None:
        return _conf_of(session.profile)
    url = session.client.base_url.rstrip("/")
    return ClientConf("", "local", session.home, server_address=url, server_url=url)


def _conf_of(profile: Profile) -> ClientConf:
    url = profile.server.rstrip("/")
    return ClientConf(
        profile.client_uuid or "",
        profile.portal_client_id or url.partition("://")[2],
        Path(profile.cache_dir or "~/.local/share/aero").expanduser().absolute(),
        server_address=url,
        server_url=url,
    )


def build_url(*parts: str, trailing_slash: bool = False) -> str:
    """Join the URL of the server with the parts of a path; the server's path prefix is kept.

    Parameters
    ----------
    *parts : str
        Parts of the path; slashes around them do not matter, empty ones are left out.
    trailing_slash : bool
        Whether the URL ends with a slash.

    Returns
    -------
    str

    Raises
    ------
    InvalidArgument
        If the configuration file cannot be read.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> utils.build_url("data", "/types/") == utils.CONF.server_url + "/data/types"
    True
    """
    stripped = [str(part).strip("/") for part in parts]
    url = "/".join([conf_in_use().server_url, *filter(None, stripped)])
    return f"{url}/" if trailing_slash else url
