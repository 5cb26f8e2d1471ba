"""References to a dataset or to one of its versions: ``cases``, ``cases@3`` or ``cases@2026-01-05``."""

from __future__ import annotations

import re
from typing import NamedTuple

from aero_jupyter.core.errors import InvalidArgument

_NUMBERED = re.compile(r"(.+)@v?([0-9]{1,9})", re.DOTALL)
_DATED = re.compile(
    r"(.+)@(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?)", re.DOTALL
)


class VersionRef(NamedTuple):
    """A dataset and one of its versions.

    Attributes
    ----------
    name : str
        Name or id of the dataset.
    version : int or None
        The number of the version; None means the newest, or that in force at `as_of`.
    as_of : str or None
        A date or a time.
    """

    name: str
    version: int | None = None
    as_of: str | None = None

    @classmethod
    def parse(cls, text: str) -> VersionRef:
        """Parse ``NAME``, ``NAME@N`` or ``NAME@DATE``; an @ before anything else is part of the name.

        Parameters
        ----------
        text : str

        Returns
        -------
        VersionRef

        Raises
        ------
        InvalidArgument
            If nothing follows the @, or nothing stands before it.

        Examples
        --------
        >>> VersionRef.parse("cases@3")
        VersionRef(name='cases', version=3, as_of=None)
        >>> VersionRef.parse("cases@2026-01-05")
        VersionRef(name='cases', version=None, as_of='2026-01-05')
        """
        found = _NUMBERED.fullmatch(text)
        if found:
            return cls(found[1], int(found[2]))
        if found := _DATED.fullmatch(text):
            return cls(found[1], as_of=found[2])
        if text.endswith("@") or text.startswith("@"):
            raise InvalidArgument(f"{text!r} names no version of a dataset.", "Write it as NAME@3.")
        return cls(text)

    def __str__(self) -> str:
        selected = self.as_of if self.version is None else self.version
        return self.name if selected is None else f"{self.name}@{selected}"


def typed_name(text: str) -> str:
    """Return the name in a reference that may be incomplete, such as ``cases@``.

    Examples
    --------
    >>> typed_name("cases@"), typed_name("cases@3"), typed_name("cases")
    ('cases', 'cases', 'cases')
    """
    try:
        return VersionRef.parse(text).name
    except InvalidArgument:
        return text.rstrip("@")


def version_named(text: str, number: int | None, as_of: str | None = None) -> VersionRef:
    """Combine ``NAME[@N]`` or ``NAME@DATE`` with a version, or a date, that is given separately.

    Raises
    ------
    InvalidArgument
        If they name different versions.
    """
    ref = VersionRef.parse(text)
    numbers = {each for each in (ref.version, number) if each is not None}
    dates = {each for each in (ref.as_of, as_of) if each is not None}
    if len(numbers) + len(dates) <= 1:
        return VersionRef(ref.name, next(iter(numbers), None), next(iter(dates), None))
    other = f"version {number}" if number is not None else f"as of {as_of}"
    raise InvalidArgument(f"{text} and {other} name two versions.", "Name one of them.")
