"""What can stand at a place of a line of ours, as the magic's own arguments say."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from aero_jupyter.core.models import RUN_STATES
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.columns import COLUMNS
from aero_jupyter.notebook.typed import Fragment, Typed

_TIMES = ("30s", "5m", "1h", "6h", "1d", "1w")


#: A search reads its line itself, for the quotes of the query.
_SEARCH = argparse.ArgumentParser(add_help=False)
_SEARCH.add_argument("query")
_SEARCH.add_argument("--limit")
_SEARCH.add_argument("--scan", action="store_true")


class Id(str):
    """An id, which is also found by a name that it stands for."""

    name: str

    def __new__(cls, id: str, name: str = "") -> Id:
        """Make the id, and keep the name."""
        made = super().__new__(cls, id)
        made.name = name
        return made


class Place:
    """A place in a line of ours.

    Parameters
    ----------
    shell : InteractiveShell
        Whose magics are looked up.
    names : callable
        Gives the names of a kind, as `Names.of` does.

    Attributes
    ----------
    fragment : Fragment
        What stands there already.
    option, key : str or None
        The option whose value stands there; and of a value with a key before an =, the key.
    """

    def __init__(self, shell: Any, typed: Typed, names: Callable[[str], list[str]]) -> None:
        self._shell = shell
        self._typed = typed
        self.names = names
        self._actions = _actions(shell, typed)
        self._valued = {name for each in self._actions for name in each.option_strings if each.nargs != 0}
        self.option, self.fragment = self._option()
        self.key: str | None = None
        if self.option in _KEYED and (parts := self.fragment.after("=")):
            self.key, self.fragment = parts

    def offered(self) -> Iterable[str]:
        """Give what can stand there, whatever it begins with."""
        if self.fragment.meant.startswith("{"):
            hidden = self._shell.user_ns_hidden
            return [f"{{{name}}}" for name in self._shell.user_ns if name not in hidden and not name.startswith("_")]
        if self.option is not None:
            return _OF_OPTIONS.get(self.option, _nothing)(self)
        options = [name for each in self._actions for name in each.option_strings if name.startswith("--")]
        positional = self._positional()
        if positional is None:
            return options
        return [*options, *positional] if self.fragment.text.startswith("-") else positional

    @property
    def words(self) -> list[str]:
        """The words before it that are neither options nor their values."""
        words, before = [], iter(self._typed.before)
        for word in before:
            if word in self._valued:
                next(before, None)
            elif not word.startswith("-"):
                words.append(word)
        return words

    def versioned(self) -> Iterable[str]:
        """Give names of data; behind an @, the versions of the one before it."""
        name, at, _ = self.fragment.meant.rpartition("@")
        return [f"{name}@{number}" for number in self.names(f"versions:{name}")] if at else self.names("data")

    def _option(self) -> tuple[str | None, Fragment]:
        fragment, before = self._typed.fragment, self._typed.before
        if fragment.text.startswith("--") and (parts := fragment.after("=")):
            return parts
        return (before[-1] if before and before[-1] in self._valued else None), fragment

    def _positional(self) -> Iterable[str] | None:
        """Give what can stand there without an option; None where all of that is there already."""
        actions = [each for each in self._actions if not each.option_strings]
        left = actions[len(self.words) :]
        if not left:
            return None
        choices: Iterable[str] | None = left[0].choices
        return choices or _OF_MAGICS.get(self._typed.magic, _nothing)(self)


def _actions(shell: Any, typed: Typed) -> list[Any]:
    """Give the arguments of a magic, as argparse holds them."""
    known = shell.magics_manager.magics["cell" if typed.percent == "%%" else "line"].get(typed.magic)
    parser = _SEARCH if typed.magic == "aero_search" else getattr(known, "parser", None)
    return list(parser._actions) if parser is not None else []


def _nothing(_: Place) -> Iterable[str]:
    return ()


def _columns(place: Place) -> list[str]:
    kind = next(iter(place.words), "data")
    return [name for name, _, _ in COLUMNS.get(kind, ())]


def _sorts(place: Place) -> list[str]:
    columns = _columns(place)
    return [*columns, *(f"-{name}" for name in columns)]


def _conditions(place: Place) -> Iterable[str]:
    if place.key is None:
        return [f"{name}=" for name in _columns(place)]
    kind = next(iter(place.words), "data")
    if place.key == "name" and kind in ("data", "flow"):
        return _only_names(place.names(kind))
    if place.key in ("inputs", "outputs"):
        return _only_names(place.names("data"))
    return {"state": RUN_STATES, "policy": tuple(each.name.lower() for each in PolicyEnum)}.get(place.key, ())


def _only_names(known: Iterable[str]) -> list[str]:
    return [name for name in known if not isinstance(name, Id)]


def _versions(place: Place) -> list[str]:
    name = next(iter(place.words), "")
    return place.names(f"versions:{name}") if name else []


_KEYED = frozenset({"--input", "--where", "--kwarg", "--source"})
_OF_OPTIONS: dict[str, Callable[[Place], Iterable[str]]] = {
    "--endpoint": lambda place: place.names("endpoint"),
    "--input": lambda place: [] if place.key is None else place.versioned(),
    "--policy": lambda _: ("any", "all", "timer", "none", "event"),
    "--every": lambda _: _TIMES,
    "--since": lambda _: _TIMES,
    "--limit": lambda _: ("15", "50", "500"),
    "--sort": _sorts,
    "--where": _conditions,
    "--version": _versions,
}
_OF_MAGICS: dict[str, Callable[[Place], Iterable[str]]] = {
    "aero_get": lambda place: place.names("data"),
    "aero_versions": lambda place: place.names("data"),
    "aero_lineage": Place.versioned,
    "aero_run": lambda place: place.names("flow"),
}
