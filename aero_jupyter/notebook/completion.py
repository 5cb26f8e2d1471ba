"""Tab after our magics: their options, and the names that the server knows. Everywhere else nothing is touched."""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from aero_jupyter.core.errors import AeroError

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: Seconds that a Tab waits for names, and after which they are asked for again.
PATIENCE, FRESH = 0.15, 20.0
_MAGIC = re.compile(r"^(?:\s*|.*=\s*)(%{1,2})(aero_\w+)\s(.*)$", re.DOTALL)
_POLICIES = ("any", "all", "timer", "none", "event")
_KINDS = ("data", "flow", "prov", "run")
_TIMES = ("30s", "5m", "1h", "6h", "1d", "1w")
#: What is offered at most.
_MOST = 200


class Names:
    """Names that a server knows, remembered so that a Tab does not wait for it."""

    def __init__(self, session: Callable[[], Session | None]) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], list[str]] = {}
        self._asked: dict[tuple[str, str], tuple[float, threading.Event]] = {}

    def of(self, kind: str) -> list[str]:
        """Give the names of a kind: "data", "flow" or "endpoint"; what is not here within the patience is left out."""
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
            self._known[key] = list(dict.fromkeys(_READERS[key[1]](session)))
        except AeroError:
            self._asked.pop(key, None)
        finally:
            there.set()


def _data(session: Session) -> Iterable[str]:
    rows = session.client.list("data").all()
    return [*(row.name for row in rows), *(row.id for row in rows)]


def _flows(session: Session) -> Iterable[str]:
    rows = session.client.list("flow").all()
    return [*(row.function_name for row in rows if row.function_name), *(row.id for row in rows)]


def _endpoints(session: Session) -> Iterable[str]:
    return [str(row["name"]) for row in session.endpoints()]


_READERS: dict[str, Callable[[Session], Iterable[str]]] = {"data": _data, "flow": _flows, "endpoint": _endpoints}


def _in_use() -> Session | None:
    from aero_jupyter.session import in_use

    return in_use()


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
        self._decorated = context_matcher(identifier="aero_jupyter")(lambda context: self._matched(context))

    def add(self) -> None:
        """Let the shell ask."""
        self._shell.Completer.custom_matchers.append(self._decorated)

    def remove(self) -> None:
        """Let it ask no more."""
        if self._decorated in self._shell.Completer.custom_matchers:
            self._shell.Completer.custom_matchers.remove(self._decorated)

    def _matched(self, context: Any) -> dict[str, Any]:
        found = _MAGIC.match(context.text_until_cursor)
        if found is None:
            return {"completions": [], "suppress": False}
        before, fragment = _split(found[3])
        offered = self._offered(found[1], found[2], before, fragment)
        fragment = fragment.partition("=")[2] if "=" in fragment else fragment
        matching = [text for text in offered if text.casefold().startswith(fragment.strip("\"'").casefold())][:_MOST]
        completions = [SimpleCompletion(text=_quoted(text), type="aero") for text in matching]
        return {"completions": completions, "suppress": True, "matched_fragment": fragment}

    def _offered(self, percent: str, magic: str, before: list[str], fragment: str) -> Iterable[str]:
        option = before[-1] if before and before[-1].startswith("--") else ""
        if fragment.startswith("--") and "=" in fragment:
            option = fragment.partition("=")[0]
        elif fragment.startswith("-"):
            return self._options(percent, magic)
        if option in ("--input", "--where") and "=" not in fragment:
            return []
        if option == "--where":
            return self._names.of("data") if fragment.startswith("name=") else []
        if option in _OF_OPTIONS:
            return _OF_OPTIONS[option](self._names)
        return [] if option in _TAKES_A_VALUE else self._first(magic, before)

    def _first(self, magic: str, before: list[str]) -> Iterable[str]:
        if any(not word.startswith("-") for word in before):
            return []
        kind = {"aero_get": "data", "aero_versions": "data", "aero_run": "flow"}.get(magic)
        if kind:
            return self._names.of(kind)
        return _KINDS if magic == "aero_list" else []

    def _options(self, percent: str, magic: str) -> list[str]:
        known = self._shell.magics_manager.magics["cell" if percent == "%%" else "line"].get(magic)
        parser = getattr(known, "parser", None)
        if parser is None:
            return ["--limit", "--scan"] if magic == "aero_search" else []
        return [name for action in parser._actions for name in action.option_strings if name.startswith("--")]


_OF_OPTIONS: dict[str, Callable[[Names], Iterable[str]]] = {
    "--endpoint": lambda names: names.of("endpoint"),
    "--input": lambda names: names.of("data"),
    "--policy": lambda _: _POLICIES,
    "--every": lambda _: _TIMES,
    "--since": lambda _: _TIMES,
    "--limit": lambda _: ("15", "50", "500"),
}
_TAKES_A_VALUE = frozenset(
    {"--code", "--version", "--wait", "--timeout", "--output", "--source", "--description", "--kwarg"}
    | {"--name", "--sort"}
)


def _split(text: str) -> tuple[list[str], str]:
    """Give the words before the cursor's, and that one as far as it is typed."""
    words = text.split()
    return (words, "") if not words or text[-1].isspace() else (words[:-1], words[-1])


def _quoted(text: str) -> str:
    return shlex.quote(text) if re.search(r"[\s'\"\\]", text) else text
