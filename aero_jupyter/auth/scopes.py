"""The scopes of a login, with descriptions in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from globus_sdk.scopes import ComputeScopes, FlowsScopes, SearchScopes, TimersScopes, TransferScopes

#: The resource server that identifies users.
AUTH = "auth.globus.org"


@dataclass(frozen=True)
class Permission:
    """The permission to use one service.

    Attributes
    ----------
    server : str
        The name of the resource server.
    scopes : tuple of str
    words : str
        The purpose of the permission.
    """

    server: str
    scopes: tuple[str, ...]
    words: str


def action_all(portal: str) -> str:
    """Return the scope of an AERO server."""
    return f"https://auth.globus.org/scopes/{portal}/action_all"


def https(collection: str) -> str:
    """Return the scope for reading the files of a collection."""
    return f"https://auth.globus.org/scopes/{collection}/https"


def wanted(portal: str, collections: Iterable[str] = ()) -> tuple[Permission, ...]:
    """Return every permission that AERO's functions can need, so that one consent covers all.

    Parameters
    ----------
    portal : str
        The Globus client of the AERO server.
    collections : iterable of str
        Ids of the collections whose files are read.
    """
    # Read-only: the server runs flows, and this package only reads their state.
    flows = (str(FlowsScopes.view_flows), str(FlowsScopes.run_status))
    return (
        Permission(portal, (action_all(portal),), "register flows and read metadata (AERO)"),
        Permission(ComputeScopes.resource_server, (str(ComputeScopes.all),), "run functions (Compute)"),
        Permission(FlowsScopes.resource_server, flows, "see how flows run (Flows)"),
        Permission(TimersScopes.resource_server, (str(TimersScopes.timer),), "see and set timers (Timers)"),
        Permission(SearchScopes.resource_server, (str(SearchScopes.search),), "search the catalogue (Search)"),
        Permission(TransferScopes.resource_server, (str(TransferScopes.all),), "read your collections (Transfer)"),
        *(
            Permission(each, (https(each),), f"read files of collection {each[:8]}")
            for each in dict.fromkeys(collections)
        ),
        Permission(AUTH, ("openid", "profile", "email"), "read your name (Auth)"),
    )
