"""Completion of the lines of AERO's magics: options, and names that the server knows."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from IPython.core.completer import SimpleCompletion

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.name_rules import normal_name
from aero_jupyter.notebook.formatting import elide_middle, printable
from aero_jupyter.notebook.magics.completion.candidates import CursorContext, Id
from aero_jupyter.notebook.magics.completion.cursor import Fragment, parse_line
from aero_jupyter.notebook.magics.line_parsing import expanded
from aero_jupyter.notebook.widgets.background import submit

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Seconds that a Tab waits for names.
TAB_WAIT_SECONDS = 0.1
#: Seconds after which cached names are fetched again.
NAMES_TTL_SECONDS = 20.0
#: Maximum number of completions.
_MAX_COMPLETIONS = 200
# An @ precedes a version; the other characters end a line, or cannot be typed.
_NOT_TYPABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd@]|^-|^$")


class NameCache:
    """Names that a server knows, cached so that a Tab does not wait for the server."""

    def __init__(self, session: Callable[[], Session | None]) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._names: dict[tuple[str, str], list[str]] = {}
        self._fetches: dict[tuple[str, str], tuple[float, Future[None]]] = {}

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind.

        A kind is "data", "flow", "endpoint" or "type"; "versions:" or "objects:" and the name of a dataset; or
        "type urls:" and the name of a type. Names that do not arrive within `TAB_WAIT_SECONDS` are missing.
        """
        session = self._session()
        if session is None:
            return []
        key = (session.client.base_url, kind)
        with self._lock:
            started, fetch = self._fetches.get(key, (0.0, None))
            if fetch is None or time.monotonic() - started > NAMES_TTL_SECONDS:
                fetch = submit(lambda: self._fetch(session, key), "aero-names")
                self._fetches[key] = (time.monotonic(), fetch)
        wait([fetch], TAB_WAIT_SECONDS)
        return self._names.get(key, [])

    def _fetch(self, session: Session, key: tuple[str, str]) -> None:
        kind, _, name = key[1].partition(":")
        try:
            self._names[key] = list(dict.fromkeys(_READERS[kind](session, *([name] if name else []))))
        except AeroError:
            # A Tab cannot show an error: without an answer there are no names, and the next Tab asks again.
            with self._lock:
                self._fetches.pop(key, None)


def _data(session: Session) -> Iterable[str]:
    return _completable_names((row.name, row.id) for row in session.client.list("data").all())


def _flows(session: Session) -> Iterable[str]:
    rows = session.client.list("flow").all()
    return _completable_names(
        (row.function_name or next((each.name for each in row.outputs), ""), row.id) for row in rows
    )


def _endpoints(session: Session) -> Iterable[str]:
    return [str(row["name"]) for row in session.endpoints()]


def _versions(session: Session, name: str) -> Iterable[str]:
    client = session.client
    return [str(version.version) for version in reversed(client.versions(client.resolve_data(name).id))]


def _types(session: Session) -> Iterable[str]:
    return [str(each["name"]) for each in session.client.source_types()]


def _type_urls(session: Session, name: str) -> Iterable[str]:
    found = session.client.source_type(name) or {}
    return [str(each["url"]) for each in found.get("urls", ())]


def _objects(session: Session, name: str) -> Iterable[str]:
    from aero_jupyter.notebook.source_facts import objects_of

    return objects_of(session.client, session.client.resolve_data(name).id)


_READERS: dict[str, Callable[..., Iterable[str]]] = {
    "data": _data,
    "flow": _flows,
    "endpoint": _endpoints,
    "versions": _versions,
    "type": _types,
    "type urls": _type_urls,
    "objects": _objects,
}


def _completable_names(named: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield names and ids; an id replaces a name that cannot be typed."""
    pairs = list(named)
    counts = Counter(name for name, _ in pairs)
    yield from (name if counts[name] == 1 and _is_typable(name) else Id(id, name) for name, id in pairs)
    yield from (Id(id) for _, id in pairs)


def _is_typable(name: str) -> bool:
    """Return whether a name can be typed into a magic, where it has no other meaning."""
    try:
        return expanded(name, {}) == name and _NOT_TYPABLE.search(name) is None
    except InvalidArgument:
        return False


def _current_session() -> Session | None:
    from aero_jupyter.session import in_use

    return in_use()


class _NoCompletions:
    """An empty result that IPython takes for a result, so that its own matchers stay silent."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[SimpleCompletion]:
        return iter(())


class LineMatcher:
    """Completes the lines of AERO's magics.

    Parameters
    ----------
    shell : InteractiveShell
        The shell that has the magics.
    """

    def __init__(self, shell: Any, names: NameCache | None = None) -> None:
        self._shell = shell
        self._name_cache = names or NameCache(_current_session)

    def match(self, context: Any) -> dict[str, Any]:
        """Return the completions at the cursor, as IPython's completer expects them."""
        typed = parse_line(context.text_until_cursor)
        if typed is None:
            return {"completions": [], "suppress": False}
        position = CursorContext(self._shell, typed, self._name_cache.names)
        prefix = normal_name(position.fragment.value).casefold()
        matching = [
            text for text in position.candidates() if any(each.startswith(prefix) for each in _search_keys(text))
        ]
        completions = [_completion(position.fragment, text) for text in matching[:_MAX_COMPLETIONS]]
        return {
            "completions": completions or _NoCompletions(),
            "suppress": True,
            "matched_fragment": position.fragment.text,
        }


def _search_keys(text: str) -> tuple[str, ...]:
    return tuple(normal_name(each).casefold() for each in ((text, text.name) if isinstance(text, Id) else (text,)))


def _completion(fragment: Fragment, text: str) -> SimpleCompletion:
    kind = elide_middle(printable(text.name)) if isinstance(text, Id) and text.name else "aero"
    # The value of a column follows its =, so that the quotation stays open.
    return SimpleCompletion(text=fragment.completed(text, closed=not text.endswith("=")), type=kind)
