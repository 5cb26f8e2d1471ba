"""Actions of other processes on a token storage; a spawned process imports it by this module's name."""

from __future__ import annotations

from collections.abc import Iterable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from globus_sdk.token_storage import TokenStorageData

from aero_jupyter.auth.authorizers import UserAuthorizer
from aero_jupyter.auth.token_storage import TokenStore
from aero_jupyter.auth.user_login import UserLogin
from support.login_accounts import PORTAL


def token_data(server: str, token: str = "a-token", owner: str = "vera", **more: Any) -> dict[str, TokenStorageData]:
    """Build the stored token of a server, by its name."""
    made = {"resource_server": server, "identity_id": owner, "scope": "s", "access_token": token}
    rest = {"refresh_token": "r", "expires_at_seconds": 2_000_000_000, "token_type": "Bearer"}
    return {server: TokenStorageData(**{**made, **rest, **more})}


def store_tokens(path: Path, numbers: Iterable[int]) -> None:
    """Store a token for each number, one by one."""
    store = TokenStore(path)
    for number in numbers:
        store.store_token_data_by_resource_server(token_data(f"server-{number}"))


def put_header(path: Path, client_id: str, permissions: Any, barrier: Barrier, headers: Queue[str | None]) -> None:
    """Put the header that a kernel would send to the AERO server, at the same moment as other processes."""
    login = UserLogin("there", client_id, permissions, TokenStore(path))
    barrier.wait()
    headers.put(UserAuthorizer(login, PORTAL, optional=True).get_authorization_header())
