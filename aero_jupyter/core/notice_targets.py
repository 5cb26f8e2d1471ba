"""The targets of notices, as the configuration file names them."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.suggestions import suggest

#: What a notice can be about.
NOTICE_EVENTS = ("failed", "late", "drifted", "new version", "recovered")
_KEYS = ("webhook", "apprise", "events", "datasets")
_CURE = 'Write [[notices]] and below it webhook = "https://HOST/PATH", or apprise = "SCHEME://…".'


@dataclass(frozen=True)
class NoticeTarget:
    """A target of notices.

    Attributes
    ----------
    kind : {"webhook", "apprise"}
    url : str
        May hold a secret: it is neither stored nor shown.
    events : tuple of str
        Of `NOTICE_EVENTS`.
    datasets : tuple of str
        Names of datasets, with ``*`` for any text.
    """

    kind: str
    url: str
    events: tuple[str, ...] = NOTICE_EVENTS
    datasets: tuple[str, ...] = ("*",)

    def __repr__(self) -> str:
        return f"NoticeTarget({self.kind}, {self.events}, {self.datasets})"

    @property
    def id(self) -> str:
        """A digest that stands for the target in the store."""
        return hashlib.sha256(f"{self.kind} {self.url}".encode()).hexdigest()

    def wants(self, event: str, dataset: str) -> bool:
        """Return whether a notice is for this target."""
        return event in self.events and any(fnmatch.fnmatchcase(dataset, each) for each in self.datasets)


def notice_targets(document: Mapping[str, object]) -> list[NoticeTarget]:
    """Parse the tables ``[[notices]]`` of a configuration file.

    Raises
    ------
    InvalidArgument
        If a table has an unknown key or event, or no target.
    """
    tables = document.get("notices", [])
    if not isinstance(tables, list):
        raise InvalidArgument("The configuration file has notices that are no list of tables.", _CURE)
    return [_target_of(number, table) for number, table in enumerate(tables, 1)]


def _target_of(number: int, table: object) -> NoticeTarget:
    place = f"Table {number} of [[notices]]"
    if not isinstance(table, Mapping):
        raise InvalidArgument(f"{place} is no table.", _CURE)
    unknown = next((str(key) for key in table if key not in _KEYS), None)
    if unknown is not None:
        raise InvalidArgument(f"{place} has an unknown key {unknown}.", suggest(unknown, _KEYS))
    kinds = [kind for kind in ("webhook", "apprise") if kind in table]
    if len(kinds) != 1 or not isinstance(table[kinds[0]], str):
        raise InvalidArgument(f"{place} must name one webhook or one apprise URL.", _CURE)
    kind, url = kinds[0], str(table[kinds[0]])
    if kind == "webhook" and not _is_web_address(url):
        raise InvalidArgument(f"{place}: the webhook is no http or https URL.", _CURE)
    events = _texts(place, "events", table.get("events", list(NOTICE_EVENTS)))
    wrong = next((event for event in events if event not in NOTICE_EVENTS), None)
    if wrong is not None:
        raise InvalidArgument(f"{place}: there is no event {wrong!r}.", suggest(wrong, NOTICE_EVENTS))
    return NoticeTarget(kind, url, events, _texts(place, "datasets", table.get("datasets", ["*"])))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _texts(place: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise InvalidArgument(f"{place}: {key} must be a list of texts.", f'Write {key} = ["…"]')
    return tuple(value)
