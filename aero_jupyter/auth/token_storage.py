"""The token storage of a profile: one private file, shared by all kernels of this user."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from globus_sdk.token_storage import TokenStorage, TokenStorageData

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.safe_parsing import parse_json

_log = logging.getLogger("aero_jupyter")


class TokenStore(TokenStorage):
    """Tokens by resource server, in a JSON file that is written atomically.

    Parameters
    ----------
    path : Path
        The token file; its folder is made private.
    upstream : Path, optional
        The token file of the AERO client; read until `path` exists, and never changed.
    """

    def __init__(self, path: Path, upstream: Path | None = None) -> None:
        super().__init__()
        self.path = path
        self._upstream = upstream
        self._threads = threading.RLock()
        self._depth = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the token file for other threads and processes; may be nested."""
        with self._threads, contextlib.ExitStack() as stack:
            if not self._depth:
                self._make_private()
                lock = stack.enter_context(self.path.with_suffix(".lock").open("w"))
                # Some cluster file systems have no locks; the atomic write has to suffice there.
                with contextlib.suppress(OSError):
                    fcntl.flock(lock, fcntl.LOCK_EX)
            self._depth += 1
            stack.callback(self._leave)
            yield

    def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Return all tokens, by resource server."""
        return {server: TokenStorageData.from_dict(each) for server, each in self._read()["tokens"].items()}

    def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Store tokens; those of another user are removed."""
        with self.locked():
            kept = self._read()
            new = {server: each.to_dict() for server, each in token_data_by_resource_server.items()}
            owners = {each.identity_id for each in token_data_by_resource_server.values() if each.identity_id}
            same = {
                key: each for key, each in kept["tokens"].items() if not owners or each.get("identity_id") in owners
            }
            self._write({**kept, "tokens": {**same, **new}})

    def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens of one resource server; return False if there were none."""
        with self.locked():
            kept = self._read()
            found = kept["tokens"].pop(resource_server, None)
            self._write(kept)
        return found is not None

    def adopt(self) -> None:
        """Copy the tokens of upstream's client, once."""
        if self._upstream is None or self.path.exists() or not self._upstream.exists():
            return
        # A read-only folder must not prevent reading.
        with contextlib.suppress(InvalidArgument), self.locked():
            self._write(self._read())

    def clear(self) -> list[TokenStorageData]:
        """Remove all tokens; return them for revocation."""
        with self.locked():
            try:
                old = list(self.get_token_data_by_resource_server().values())
            except InvalidArgument:
                old = []
            # The file stays: it records that upstream's tokens were adopted.
            self._write(_empty())
        return old

    @property
    def name(self) -> str | None:
        """The name of the user who owns the tokens, if it is known."""
        name = self._read().get("name")
        return name if isinstance(name, str) else None

    @name.setter
    def name(self, name: str | None) -> None:
        self._put("name", name)

    @property
    def pending(self) -> dict[str, Any] | None:
        """The pending login, which another process may finish."""
        pending = self._read().get("pending")
        return pending if isinstance(pending, dict) else None

    @pending.setter
    def pending(self, pending: Mapping[str, Any] | None) -> None:
        self._put("pending", pending)

    def _leave(self) -> None:
        self._depth -= 1

    def _put(self, key: str, value: object) -> None:
        with self.locked():
            self._write({**self._read(), key: value})

    def _make_private(self) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        except OSError as error:
            raise InvalidArgument(
                f"Tokens cannot be stored in {folder}: {error.strerror}.", "Set another cache_dir in the configuration."
            ) from None

    def _read(self) -> dict[str, Any]:
        try:
            document = parse_json(self.path.read_text("utf-8"))
            for each in document["tokens"].values():
                TokenStorageData.from_dict(each)
        except FileNotFoundError:
            return {**_empty(), "tokens": _upstream(self._upstream)}
        except (AttributeError, KeyError, OSError, TypeError, ValueError):
            # The message leaves out the content of the file, which may be part of a token.
            raise InvalidArgument(
                f"The token file {self.path} cannot be read.", "Delete it with %aero_logout, then log in again."
            ) from None
        return dict(document)

    def _write(self, document: Mapping[str, Any]) -> None:
        part = self.path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(document, file)
        part.replace(self.path)


def _empty() -> dict[str, Any]:
    return {"format": 1, "name": None, "pending": None, "tokens": {}}


def _upstream(path: Path | None) -> dict[str, dict[str, Any]]:
    """Read the tokens of upstream's client, stored as the Globus SDK's by_resource_server."""
    if path is None or not path.exists():
        return {}
    try:
        stored = parse_json(path.read_text("utf-8"))
        return {
            server: TokenStorageData(
                resource_server=server,
                identity_id=None,
                scope=each["scope"],
                access_token=each["access_token"],
                refresh_token=each.get("refresh_token"),
                expires_at_seconds=int(each["expires_at_seconds"]),
                token_type="Bearer",  # noqa: S106
            ).to_dict()
            for server, each in stored.items()
        }
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        _log.warning("The token file %s cannot be read and is ignored.", path)
        return {}


def store_in(cache_dir: str, profile: str) -> TokenStore:
    """Return the token storage of a profile, in the folder of upstream's token file."""
    cache = Path(cache_dir).expanduser()
    return TokenStore(cache / "aero_jupyter" / f"{quote(profile, safe='')}.json", cache / "client_tokens.json")
