"""Sessions: the connection that a notebook or script works with, and the registration of flows through it.

Session code may import auth, client, compute, jobs and core, but neither the notebook nor the service's internals.
"""

from __future__ import annotations

from aero_jupyter.session.archives import archive, revisions
from aero_jupyter.session.citing import cite
from aero_jupyter.session.connections import connect, current, in_use, local, login, logout
from aero_jupyter.session.descriptions import describe
from aero_jupyter.session.exporting import export
from aero_jupyter.session.freshness import expect, freshness
from aero_jupyter.session.lock_check import check_lock
from aero_jupyter.session.locking import lock
from aero_jupyter.session.reading import read, read_options
from aero_jupyter.session.replay import replay
from aero_jupyter.session.retention import keep
from aero_jupyter.session.session import Session
from aero_jupyter.session.version_diff import diff

__all__ = [
    "Session",
    "archive",
    "check_lock",
    "cite",
    "connect",
    "current",
    "describe",
    "diff",
    "expect",
    "export",
    "freshness",
    "in_use",
    "keep",
    "local",
    "lock",
    "login",
    "logout",
    "read",
    "read_options",
    "replay",
    "revisions",
]
