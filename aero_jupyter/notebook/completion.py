"""Tab after our magics: their options, and the names that the server knows. Everywhere else nothing is touched."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.notebook.arguments import expanded
from aero_jupyter.notebook.offers import Id, Place
from aero_jupyter.notebook.typed import Fragment, typed_in
from aero_jupyter.notebook.words import printable, shortened

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: Seconds that a Tab waits for names, and after which they are asked for again.
PATIENCE, FRESH = 0.1, 20.0
#: What is offered at most.
_MOST = 200
#: Before all of IPython's own.
_FIRST = 1_000
# An @ begins a version; the others end a line, or cannot be written into one.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd@]|^-|^$")


class Names:
    """Names that a server knows, remembered so that a Tab does not wait for it."""

    def __init__(self, session: Callable[[], Session | None]) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], list[str]] = {}
        self._asked: dict[tuple[str, str], tuple[float, threading.Event]] = {}

    def of(self, kind: str) -> list[str]:
        """Give the names of a kind: "data", "flow", "endpoint", or "versions:" and the name of a data.

        What is not here within the patience is left out.
        """
        session = self._session()
        if session is None:
            return []
        key = (session.client.base_url, kind)
        with self._lock:
            asked, there = self._asked.get(key, (0.0, threading.Event()))
            if time.monotonic() - asked > FRESH or not asked:
                there = threading.Event()
                self._asked[key] = (time.monotonic(), there)
                threading.Thread(target=self._ask, args=(session, key, there), name="aero-names", daemon=True).start()
        there.wait(PATIENCE)
        return self._known.get(key, [])

    def _ask(self, session: Session, key: tuple[str, str], there: threading.Event) -> None:
        # Nobody waits for an explanation at a Tab: without an answer there are no names.
        try:
            kind, _, name = key[1].partition(":")
            self._known[key] = list(dict.fromkeys(_READERS[kind](session, *([name] if name else []))))
        except AeroError:
            self._asked.pop(key, None)
        finally:
            there.set()


def _data(session: Session) -> Iterable[str]:
    return _known((row.name, row.id) for row in session.client.list("data").all())


def _flows(session: Session) -> Iterable[str]:
    rows = session.client.list("flow").all()
    return _known((row.function_name or next((each.name for each in row.outputs), ""), row.id) for row in rows)


def _endpoints(session: Session) -> Iterable[str]:
    return [str(row["name"]) for row in session.endpoints()]


def _versions(session: Session, name: str) -> Iterable[str]:
    client = session.client
    return [str(version.version) for version in reversed(client.versions(client.resolve_data(name).id))]


_READERS: dict[str, Callable[..., Iterable[str]]] = {
    "data": _data,
    "flow": _flows,
    "endpoint": _endpoints,
    "versions": _versions,
}


def _known(named: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Give names and ids; where a name would not do, its id stands for it."""
    pairs = list(named)
    counts = Counter(name for name, _ in pairs)
    yield from (name if counts[name] == 1 and _means_itself(name) else Id(id, name) for name, id in pairs)
    yield from (Id(id) for _, id in pairs)


def _means_itself(name: str) -> bool:
    """Whether a name can be typed into a magic, and stands for nothing else there."""
    try:
        return expanded(name, {}) == name and _UNWRITABLE.search(name) is None
    except InvalidArgument:
        return False


def _in_use() -> Session | None:
    from aero_jupyter.session import in_use

    return in_use()


class _Nothing:
    """No completions, of which IPython believes that there are some: else it would let the others offer theirs."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[SimpleCompletion]:
        return iter(())


class Matcher:
    """Offers what can stand at the cursor of a line of ours.

    Parameters
    ----------
    shell : InteractiveShell
        Whose magics are looked up.
    """

    def __init__(self, shell: Any, names: Names | None = None) -> None:
        self._shell = shell
        self._names = names or Names(_in_use)
        decorate = context_matcher(identifier="aero_jupyter", priority=_FIRST)
        self._decorated = decorate(lambda context: self._matched(context))

    def add(self) -> None:
        """Let the shell ask."""
        self._shell.Completer.custom_matchers.append(self._decorated)

    def remove(self) -> None:
        """Let it ask no more."""
        if self._decorated in self._shell.Completer.custom_matchers:
            self._shell.Completer.custom_matchers.remove(self._decorated)

    def _matched(self, context: Any) -> dict[str, Any]:
        typed = typed_in(context.text_until_cursor)
        if typed is None:
            return {"completions": [], "suppress": False}
        at = Place(self._shell, typed, self._names.of)
        begun = at.fragment.meant.casefold()
        matching = [text for text in at.offered() if any(each.casefold().startswith(begun) for each in _found_by(text))]
        completions = [_completion(at.fragment, text) for text in matching[:_MOST]]
        return {"completions": completions or _Nothing(), "suppress": True, "matched_fragment": at.fragment.text}


def _found_by(text: str) -> tuple[str, ...]:
    return (text, text.name) if isinstance(text, Id) else (text,)


def _completion(fragment: Fragment, text: str) -> SimpleCompletion:
    kind = shortened(printable(text.name)) if isinstance(text, Id) and text.name else "aero"
    # A column goes on with its value.
    return SimpleCompletion(text=fragment.completed(text, closed=not text.endswith("=")), type=kind)
