"""What a function hands back: one output, by name."""

from __future__ import annotations

from typing import Any


class AeroOutput:
    """One output of a function: the name the flow declares for it, and the file that holds it.

    Written out rather than a dataclass: on an endpoint the module this text runs in has no name to be found by.

    Parameters
    ----------
    name : str
        A name out of the flow's ``output_data``.
    path : str
        The file, relative to the working directory or absolute.
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
