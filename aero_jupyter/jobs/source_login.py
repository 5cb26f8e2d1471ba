"""The credentials of a source: resolved on the machine that downloads, and never stored."""

from __future__ import annotations

import base64
import importlib
import os
import re
from collections.abc import Mapping
from typing import Any  # requests' and urllib3's objects, in the types of the overridden methods
from urllib.parse import urlsplit

from aero_jupyter.core.secret_references import SECRET_NAME, secret_names, split_auth
from aero_jupyter.jobs.request_errors import AeroJobError, origin

#: Shorter secrets are not removed from error texts.
_LEAST_SECRET = 4


class SourceLogin:
    """The headers for a source.

    Parameters
    ----------
    headers : mapping
        Names to values that include the secrets.
    secrets : iterable of str
        Texts to remove from errors.
    """

    def __init__(self, headers: Mapping[str, str], secrets: tuple[str, ...]) -> None:
        self._headers, self._secrets = dict(headers), secrets

    def __bool__(self) -> bool:
        return bool(self._headers)

    def sign(self, request: Any) -> Any:
        """Add the headers to a request; a redirect to another origin leaves them behind."""
        request.headers.update(self._headers)
        return request

    def without_secrets(self, error: AeroJobError) -> AeroJobError:
        """Return an error without the secrets, which a source may have sent back."""
        return AeroJobError(self._hidden(str(error)), error.status, self._hidden(error.detail))

    def _hidden(self, text: str) -> str:
        for secret in sorted((each for each in self._secrets if len(each) >= _LEAST_SECRET), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


def secrets_of(entry: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Resolve the secrets of an output's source, from the environment or the keyring.

    Raises
    ------
    AeroJobError
        If one is unset.
    """
    names = secret_names(entry.get("headers"), entry.get("auth"))
    return {name: _secret(SECRET_NAME.fullmatch(name), environ) for name in names}


def login_of(entry: Mapping[str, Any], url: str, given: Mapping[str, str] | None) -> SourceLogin:
    """Return the login of an output's source.

    Parameters
    ----------
    entry : mapping
        The output, with its ``url``, ``headers`` and ``auth``.
    url : str
        The URL to download; only the registered origin gets the secrets.
    given : mapping, optional
        The secrets by name, if a service has resolved them.

    Raises
    ------
    AeroJobError
        If a secret is not set, or cannot be sent in a header.
    """
    if not _is_same_origin(url, str(entry.get("url") or "")):
        return SourceLogin({}, ())
    secrets = secrets_of(entry, os.environ) if given is None else given
    headers = {name: _filled_in(str(value), secrets) for name, value in (entry.get("headers") or {}).items()}
    hidden = [*secrets.values()]
    pair = _pair_of(entry, secrets) or (None if "authorization" in map(str.lower, headers) else _pair_on_file(url))
    if pair:
        packed = base64.b64encode(":".join(pair).encode()).decode()
        headers["Authorization"] = f"Basic {packed}"
        hidden += [pair[1], packed]
    for name, value in headers.items():
        if re.search("[\x00-\x1f\x7f]|[^\x00-\xff]", value):
            raise AeroJobError(f"The secret of the header {name} has characters that are not allowed in a header.")
    return SourceLogin(headers, tuple(hidden))


def _is_same_origin(url: str, registered: str) -> bool:
    try:
        return origin(url) == origin(registered)
    except ValueError:
        # The download refuses an invalid URL.
        return False


def _pair_of(entry: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[str, str] | None:
    if not entry.get("auth"):
        return None
    user, password = split_auth(str(entry["auth"]))
    return _filled_in(user, secrets), _filled_in(password, secrets)


def _filled_in(text: str, secrets: Mapping[str, str]) -> str:
    return SECRET_NAME.sub(lambda found: secrets[found[0]], text)


def _secret(found: re.Match[str] | None, environ: Mapping[str, str]) -> str:
    assert found is not None
    if found["service"]:
        return _from_keyring(found["service"], found["user"])
    name = found["braced"] or found["plain"]
    value = environ.get(name, "").strip()
    if not value:
        raise AeroJobError(
            f"The source needs {name}, which is not set where the download runs. Set {name} there; for the local AERO "
            "set it in the notebook, then run: aero-jupyter local stop."
        )
    return value


def _from_keyring(service: str, user: str) -> str:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise AeroJobError(
            "The source needs a keyring entry, and the package keyring is not installed where the download runs. "
            "Run there: pip install 'aero-jupyter[secrets]'"
        ) from None
    try:
        value = keyring.get_password(service, user)
    except Exception as error:
        raise AeroJobError(f"The keyring cannot be read where the download runs ({type(error).__name__}).") from None
    if not value:
        raise AeroJobError(
            f"The keyring has no entry {service} for {user} where the download runs. "
            f"Run there: keyring set {service} {user}"
        )
    return str(value).strip()


def _pair_on_file(url: str) -> tuple[str, str] | None:
    """Return user and password of a host from ``<host>.yaml`` in the AERO folder, as on upstream's endpoints."""
    host = urlsplit(url).hostname or ""
    if not re.fullmatch(r"[\w.-]+", host) or urlsplit(url).username:
        return None
    folder = os.path.expanduser(os.environ.get("AERO_DIR") or "~/.aero")
    path = os.path.join(folder, f"{host}.yaml")
    if not os.path.isfile(path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            found = importlib.import_module("yaml").safe_load(file)
        return str(found["username"]), str(found["password"])
    except ImportError:
        raise AeroJobError(f"{host}.yaml cannot be read here. Run here: pip install pyyaml") from None
    except Exception:
        raise AeroJobError(
            f"The file {host}.yaml of the AERO folder is not readable. Write username: and password: into it."
        ) from None
