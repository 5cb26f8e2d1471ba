"""The return value of a function: one output, by name."""

from __future__ import annotations

from typing import Any


class AeroOutput:
    """One output of a function: the name that the flow declares for it, and the file that holds it.

    Not a dataclass: those look up their module by name, and on an endpoint this code's module has none.

    Parameters
    ----------
    name : str
        One of the flow's output names.
    path : str
        The file, absolute or relative to the working directory.

    Examples
    --------
    >>> AeroOutput("sewage", "cleaned.csv")
    AeroOutput(name='sewage', path='cleaned.csv')
    """

    __slots__ = ("name", "path")
    name: str
    path: str

    def __init__(self, name: str, path: str) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "path", path)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of an AeroOutput cannot be changed; make a new one.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} of an AeroOutput cannot be deleted.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AeroOutput):
            return NotImplemented
        return (self.name, self.path) == (other.name, other.path)

    def __hash__(self) -> int:
        return hash((self.name, self.path))

    def __repr__(self) -> str:
        return f"AeroOutput(name={self.name!r}, path={self.path!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.path)
