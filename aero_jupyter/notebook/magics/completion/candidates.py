"""Completion candidates for a position in a magic's line, from the magic's own arguments."""

from __future__ import annotations

import argparse
import contextlib
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any  # IPython's objects, which have no types

from aero_jupyter.core.columns import column_names
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.run_states import RUN_STATES
from aero_jupyter.core.version_ref import typed_name
from aero_jupyter.notebook.magics.completion.cursor import CursorLine, Fragment
from aero_jupyter.notebook.magics.parsers import declares_arguments, parser_of

#: Files of a folder that are looked at.
_MAX_FILES = 1_000
_TIMES = ("30s", "5m", "1h", "6h", "1d", "1w")


#: The arguments of a search, whose line is parsed without argparse to keep the quotes of the query.
_SEARCH = argparse.ArgumentParser(add_help=False)
_SEARCH.add_argument("query")
_SEARCH.add_argument("--limit")
_SEARCH.add_argument("--scan", action="store_true")


class Id(str):
    """An id that is also completed by the name that it replaces."""

    name: str

    def __new__(cls, id: str, name: str = "") -> Id:
        """Build the id with its name."""
        made = super().__new__(cls, id)
        made.name = name
        return made


class CursorContext:
    """A position in the line of a magic.

    Parameters
    ----------
    shell : InteractiveShell
        The shell that has the magics.
    names : callable
        Returns the names of a kind, as `NameCache.names` does.

    Attributes
    ----------
    fragment : Fragment
        The word at the cursor.
    option, key : str or None
        The option whose value is typed; and the key before the = of that value, if there is one.
    """

    def __init__(self, shell: Any, typed: CursorLine, names: Callable[[str], list[str]]) -> None:
        self._shell = shell
        self._typed = typed
        self.names = names
        self._actions = _actions(shell, typed)
        self._valued = {name for each in self._actions for name in each.option_strings if each.nargs != 0}
        self.option, self.fragment = self._option()
        self.key: str | None = None
        if self.option in _OPTIONS_WITH_KEYS and (parts := self.fragment.after("=")):
            self.key, self.fragment = parts

    def candidates(self) -> Iterable[str]:
        """Return all candidates for this position, whether or not they match the typed prefix."""
        if self.fragment.value.startswith("{"):
            hidden = self._shell.user_ns_hidden
            return [f"{{{name}}}" for name in self._shell.user_ns if name not in hidden and not name.startswith("_")]
        if self.option is not None:
            return self._option_choices() or _OPTION_VALUES.get(self.option, _nothing)(self)
        options = [name for each in self._actions for name in each.option_strings if name.startswith("--")]
        positional = self._positional()
        if positional is None:
            return options
        return [*options, *positional] if self.fragment.text.startswith("-") else positional

    @property
    def words(self) -> list[str]:
        """The positional words before the cursor."""
        words, before = [], iter(self._typed.before)
        for word in before:
            if word in self._valued:
                next(before, None)
            elif not word.startswith("-"):
                words.append(word)
        return words

    def typed_inputs(self) -> Iterable[str]:
        """Return the parameters of the inputs that are typed before the cursor."""
        words = self._typed.before
        pairs = [
            value if word == "--input" else word.removeprefix("--input=")
            for word, value in zip(words, (*words[1:], ""), strict=True)
            if word == "--input" or word.startswith("--input=")
        ]
        return [pair.partition("=")[0] for pair in pairs]

    def dataset_versions(self) -> Iterable[str]:
        """Return names of datasets; after an @, the versions of the dataset before it."""
        text = self.fragment.value
        name = typed_name(text)
        return self.names("data") if name == text else [f"{name}@{number}" for number in self.names(f"versions:{name}")]

    def _option(self) -> tuple[str | None, Fragment]:
        fragment, before = self._typed.fragment, self._typed.before
        if fragment.text.startswith("--") and (parts := fragment.after("=")):
            return parts
        return (before[-1] if before and before[-1] in self._valued else None), fragment

    def _option_choices(self) -> Iterable[str]:
        return next((each.choices or () for each in self._actions if self.option in each.option_strings), ())

    def _positional(self) -> Iterable[str] | None:
        """Return the candidates for positional arguments; None if all of them are present."""
        actions = [each for each in self._actions if not each.option_strings]
        missing = actions[len(self.words) :]
        if not missing:
            return None
        choices: Iterable[str] | None = missing[0].choices
        return choices or _POSITIONAL_VALUES.get(self._typed.magic, _nothing)(self)


def _actions(shell: Any, typed: CursorLine) -> list[Any]:
    """Return the arguments of a magic, as argparse holds them."""
    known = shell.magics_manager.magics["cell" if typed.percent == "%%" else "line"].get(typed.magic)
    if typed.magic == "aero_search":
        return list(_SEARCH._actions)
    return list(parser_of(known)._actions) if declares_arguments(known) else []


def _nothing(_: CursorContext) -> Iterable[str]:
    return ()


def _columns(position: CursorContext) -> list[str]:
    kind = next(iter(position.words), "data")
    return column_names(kind)


def _sorts(position: CursorContext) -> list[str]:
    columns = _columns(position)
    return [*columns, *(f"-{name}" for name in columns)]


def _conditions(position: CursorContext) -> Iterable[str]:
    if position.key is None:
        return [f"{name}=" for name in _columns(position)]
    kind = next(iter(position.words), "data")
    if position.key == "name" and kind in ("data", "flow"):
        return _only_names(position.names(kind))
    if position.key in ("inputs", "outputs"):
        return _only_names(position.names("data"))
    return {"state": RUN_STATES, "policy": tuple(each.name.lower() for each in PolicyEnum)}.get(position.key, ())


def _only_names(known: Iterable[str]) -> list[str]:
    return [name for name in known if not isinstance(name, Id)]


def _type_urls(position: CursorContext) -> list[str]:
    name = next(iter(position.words), "")
    return position.names(f"type urls:{name}") if name else []


def _objects(position: CursorContext) -> list[str]:
    name = next(iter(position.words), "")
    return position.names(f"objects:{name}") if name else []


def _yaml_files(position: CursorContext) -> list[str]:
    """Return the YAML and JSON files, and the folders, of the folder that is typed."""
    folder = Path(position.fragment.value).parent if position.fragment.value else Path()
    with contextlib.suppress(OSError):
        found = sorted(itertools.islice(folder.iterdir(), _MAX_FILES))
        return [
            f"{each}/" if each.is_dir() else str(each)
            for each in found
            if each.is_dir() or each.suffix in (".yaml", ".yml", ".json")
        ]
    return []


def _versions(position: CursorContext) -> list[str]:
    name = next(iter(position.words), "")
    return position.names(f"versions:{name}") if name else []


_OPTIONS_WITH_KEYS = frozenset({"--input", "--where", "--kwarg", "--source"})
_OPTION_VALUES: dict[str, Callable[[CursorContext], Iterable[str]]] = {
    "--endpoint": lambda position: position.names("endpoint"),
    "--input": lambda position: [] if position.key is None else position.dataset_versions(),
    "--policy": lambda _: ("any", "all", "timer", "none", "event"),
    "--check": lambda _: ("none",),
    "--every": lambda _: _TIMES,
    "--since": lambda _: _TIMES,
    "--limit": lambda _: ("15", "50", "500"),
    "--sort": _sorts,
    "--where": _conditions,
    "--version": _versions,
    "--type": lambda position: position.names("type"),
    "--update": lambda position: position.names("data"),
    "--add-url": _nothing,
    "--remove-url": _type_urls,
    "--no-fetch": CursorContext.typed_inputs,
    "--key": _objects,
    "--file": _yaml_files,
    "--kwargs-file": _yaml_files,
}
_POSITIONAL_VALUES: dict[str, Callable[[CursorContext], Iterable[str]]] = {
    "aero_get": CursorContext.dataset_versions,
    "aero_diff": CursorContext.dataset_versions,
    "aero_replay": lambda position: (*position.names("flow"), *position.names("data")),
    "aero_cite": CursorContext.dataset_versions,
    "aero_export": lambda position: [] if position.words else position.dataset_versions(),
    "aero_revisions": lambda position: position.names("data"),
    "aero_versions": lambda position: position.names("data"),
    "aero_lineage": CursorContext.dataset_versions,
    "aero_run": lambda position: position.names("flow"),
    "aero_types": lambda position: position.names("type"),
    "aero_notify": lambda position: position.names("data"),
    "aero_delete_flows": lambda position: position.names("data"),
}
