"""What is shown, written as the Python that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aero_jupyter.session import Session


def where_code(session: Session) -> str:
    """Write the Python that begins as a session did."""
    where = "aero.local()" if session.is_local else f"aero.connect({session.client.base_url!r})"
    return f"import aero_jupyter as aero\n\n{where}\n"


def called(name: str, *arguments: object, **named: object) -> str:
    """Write a call; what is None or empty is left out of the named arguments."""
    return call_of(name, *map(repr, arguments), **named)


def call_of(name: str, *written: str, **named: object) -> str:
    """Write a call whose first arguments are Python already."""
    rest = [f"{key}={value!r}" for key, value in named.items() if value not in (None, "", (), {}, False)]
    return f"aero.{name}({', '.join([*written, *rest])})"
