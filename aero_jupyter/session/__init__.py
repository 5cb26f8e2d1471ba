"""Sessions: the connection that a notebook or script works with, and the registration of flows through it.

Session code may import auth, client, compute, jobs and core, but neither the notebook nor the service's internals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.lazy_names import lazy_names

if TYPE_CHECKING:
    from aero_jupyter.session.archives import archive, revisions
    from aero_jupyter.session.citing import cite
    from aero_jupyter.session.connections import connect, current, in_use, local, login, logout
    from aero_jupyter.session.descriptions import describe
    from aero_jupyter.session.exporting import export
    from aero_jupyter.session.lock_check import check_lock
    from aero_jupyter.session.locking import lock
    from aero_jupyter.session.promises import expect, freshness
    from aero_jupyter.session.reading import read, read_options
    from aero_jupyter.session.replaying import replay
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

_HOME = {
    "Session": "session",
    "archive": "archives",
    "check_lock": "lock_check",
    "cite": "citing",
    "connect": "connections",
    "current": "connections",
    "describe": "descriptions",
    "diff": "version_diff",
    "expect": "promises",
    "export": "exporting",
    "freshness": "promises",
    "in_use": "connections",
    "keep": "retention",
    "local": "connections",
    "lock": "locking",
    "login": "connections",
    "logout": "connections",
    "read": "reading",
    "read_options": "reading",
    "replay": "replaying",
    "revisions": "archives",
}

__getattr__ = lazy_names(__name__, _HOME)
