"""What is shown, written as the Python that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aero_jupyter.session import Session


_LEFT_OUT: tuple[object, ...] = (None, "", (), {}, False)


def where_code(session: Session) -> str:
    """Write the Python that begins as a session did."""
    where = "aero.local()" if session.is_local else f"aero.connect({session.client.base_url!r})"
    return f"import aero_jupyter as aero\n\n{where}\n"


def called(name: str, *arguments: object, **named: object) -> str:
    """Write a call; what is None or empty is left out of the named arguments."""
    return call_of(name, *map(repr, arguments), **named)


def call_of(name: str, /, *written: str, **named: object) -> str:
    """Write a call whose first arguments are Python already."""
    return call_with(name, *written, **{key: value for key, value in named.items() if value not in _LEFT_OUT})


def call_with(name: str, /, *written: str, **named: object) -> str:
    """Write a call with all of its named arguments, also those that are empty."""
    return f"aero.{name}({', '.join([*written, *(f'{key}={value!r}' for key, value in named.items())])})"
