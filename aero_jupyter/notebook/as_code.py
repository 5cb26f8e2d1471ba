"""Python code that makes a panel, a frame or a card again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


_OMITTED: tuple[object, ...] = (None, "", (), {}, False)


def session_code(session: Session) -> str:
    """Return the Python code that connects to the session's server."""
    profile = session.profile.name if session.profile else "default"
    profile_argument = f", profile={profile!r}" if profile != "default" else ""
    connection = "aero.local()" if session.is_local else f"aero.connect({session.client.base_url!r}{profile_argument})"
    return f"import aero_jupyter as aero\n\n{connection}\n"


def called(name: str, *arguments: object, **named: object) -> str:
    """Return a call; named arguments that are None or empty are omitted."""
    return call_of(name, *map(repr, arguments), **named)


def call_of(name: str, /, *written: str, **named: object) -> str:
    """Return a call whose positional arguments are Python code already."""
    return call_with(name, *written, **{key: value for key, value in named.items() if value not in _OMITTED})


def call_with(name: str, /, *written: str, **named: object) -> str:
    """Return a call with all named arguments, also those that are empty."""
    return f"aero.{name}({', '.join([*written, *(f'{key}={value!r}' for key, value in named.items())])})"
