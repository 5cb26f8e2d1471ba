"""What a login asks for, all at once, in Globus's words and in ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from globus_sdk.scopes import ComputeScopes, FlowsScopes, SearchScopes, TimersScopes, TransferScopes

#: The resource server that tells who somebody is.
AUTH = "auth.globus.org"


@dataclass(frozen=True)
class Permission:
    """What one service may be asked to do.

    Attributes
    ----------
    server : str
        The resource server, as Globus calls it.
    scopes : tuple of str
    words : str
        What it is for.
    """

    server: str
    scopes: tuple[str, ...]
    words: str


def action_all(portal: str) -> str:
    """Give the scope of an AERO server."""
    return f"https://auth.globus.org/scopes/{portal}/action_all"


def wanted(portal: str, collections: Iterable[str] = ()) -> tuple[Permission, ...]:
    """List everything that AERO's functions can need: one consent then serves all.

    Parameters
    ----------
    portal : str
        The Globus client of the AERO server.
    collections : iterable of str
        Ids of the collections whose files are read.
    """
    # Read-only where it suffices: the server runs flows, this package looks at them.
    flows = (str(FlowsScopes.view_flows), str(FlowsScopes.run_status))
    return (
        Permission(portal, (action_all(portal),), "register flows and read metadata (AERO)"),
        Permission(ComputeScopes.resource_server, (str(ComputeScopes.all),), "run functions (Compute)"),
        Permission(FlowsScopes.resource_server, flows, "see how flows run (Flows)"),
        Permission(TimersScopes.resource_server, (str(TimersScopes.timer),), "see and set timers (Timers)"),
        Permission(SearchScopes.resource_server, (str(SearchScopes.search),), "search the catalogue (Search)"),
        Permission(TransferScopes.resource_server, (str(TransferScopes.all),), "read your collections (Transfer)"),
        *(
            Permission(each, (f"https://auth.globus.org/scopes/{each}/https",), f"read files of collection {each[:8]}")
            for each in dict.fromkeys(collections)
        ),
        Permission(AUTH, ("openid", "profile", "email"), "know your name (Auth)"),
    )
