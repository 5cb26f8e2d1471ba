"""The boxes and lines of a lineage: sources, versions and flows, and what is stale or failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aero_jupyter.client.lineage import Lineage, Link, has_failed, newest_of
from aero_jupyter.core.models import Data, Version
from aero_jupyter.notebook.panels.graph import NOTHING, SOURCE, Box, Graph, Line
from aero_jupyter.notebook.words import ago, shortened

_HERE = "you are here"
_FAILED = "last run failed"
#: Characters of an address that are shown.
_LONGEST = 60


def graph_of(lineage: Lineage) -> Graph:
    """Draw the boxes and lines of a lineage: each flow stands between what it reads and what it makes."""
    drawn = _Drawn(lineage)
    for link in lineage.links:
        drawn.add(link)
    drawn.box(_asked(lineage))
    for link in lineage.links:
        drawn.mark(link)
    return Graph(drawn.boxes, tuple(drawn.lines))


class _Drawn:
    """Boxes and lines while they are put together."""

    def __init__(self, lineage: Lineage) -> None:
        self.boxes: dict[str, Box] = {}
        self.lines: dict[Line, None] = {}
        self._lineage = lineage
        self._used: dict[str, set[str]] = {}

    def box(self, end: Data | Version) -> Box:
        made = _box(end, self._lineage)
        return self.boxes.setdefault(made.id, made)

    def add(self, link: Link) -> None:
        starts = [self.box(used) for used in link.used] or self._sources(link)
        ends = [self.box(made) for made in link.made] or [self._nothing(link, "no output")]
        for start in starts:
            for end in ends:
                self.lines[Line(start.id, end.id, _flow(link), link.flow_id)] = None
                self._used.setdefault(end.id, set()).add(start.id)

    def _sources(self, link: Link) -> list[Box]:
        urls = dict.fromkeys(url for made in link.made if (url := _url(made)))
        if not urls:
            return [self._nothing(link, "no input")]
        boxes = (Box(f"source:{url}", shortened(url, _LONGEST), kind=SOURCE) for url in urls)
        return [self.boxes.setdefault(box.id, box) for box in boxes]

    def _nothing(self, link: Link, words: str) -> Box:
        box = Box(f"{words}:{link.flow_id}", words, kind=NOTHING)
        return self.boxes.setdefault(box.id, box)

    def mark(self, link: Link) -> None:
        ends = [_id(made) for made in link.made] or [f"no output:{link.flow_id}"]
        newest = [_id(made) for made in link.made if _is_newest(made)] if link.made else ends
        for id in newest if has_failed(link.flow) else ():
            self._note(id, _FAILED, failed=True)
        if link.run and not has_failed(link.flow):
            for id in ends:
                self._note(id, f"run {link.run.id[:8]} {link.run.state}", failed=link.run.state == "failed")
        for used, id in self._stale(link, ends):
            newer = f"v{newest_of(used)} exists"
            self._note(_id(used), f"v{used.version} used, {newer}", stale=True)
            self._note(id, f"made from {_name(used)} v{used.version}, {newer}", stale=True)

    def _stale(self, link: Link, ends: Sequence[str]) -> Iterator[tuple[Version, str]]:
        """Give what was used though newer exists, unless the newest was found to make the same."""
        for used in link.used:
            if isinstance(used, Version) and newest_of(used) > used.version:
                newest = f"{used.data_id}:{newest_of(used)}"
                yield from ((used, id) for id in ends if newest not in self._used[id])

    def _note(self, id: str, words: str, *, stale: bool = False, failed: bool = False) -> None:
        box = self.boxes[id]
        notes = box.notes if words in box.notes else (*box.notes, words)
        is_stale, has_failed = box.is_stale or stale, box.has_failed or failed
        self.boxes[id] = replace(box, notes=notes, is_stale=is_stale, has_failed=has_failed)


def _asked(lineage: Lineage) -> Data | Version:
    ends: Iterable[Data | Version] = [each for link in lineage.links for each in (*link.made, *link.used)]
    for each in ends:
        if isinstance(each, Version) and (each.data_id, each.version) == (lineage.data.id, lineage.version):
            return each
    if lineage.version is None:
        return lineage.data
    return Version("", lineage.data.id, lineage.version, data=lineage.data)


def _id(end: Data | Version) -> str:
    return f"{end.data_id}:{end.version}" if isinstance(end, Version) else end.id


def _name(end: Data | Version) -> str:
    data = end.data if isinstance(end, Version) else end
    return (data.name if data else "") or (end.data_id if isinstance(end, Version) else end.id)[:8]


def _url(end: Data | Version) -> str:
    data = end.data if isinstance(end, Version) else end
    return (data.url if data else None) or ""


def _box(end: Data | Version, lineage: Lineage) -> Box:
    version = end.version if isinstance(end, Version) else None
    is_here = ((end.data_id if isinstance(end, Version) else end.id), version) == (lineage.data.id, lineage.version)
    return Box(_id(end), _name(end), _about(end, lineage), (_HERE,) * is_here, is_here)


def _about(end: Data | Version, lineage: Lineage) -> str:
    if isinstance(end, Version):
        return f"v{end.version}{f', {ago(end.created_at)}' if end.created_at else ''}"
    if "newest_version" in end.raw and not end.raw["newest_version"]:
        return "no version yet"
    return "no new version" if lineage.by_version else ""


def _is_newest(made: Data | Version) -> bool:
    return isinstance(made, Data) or made.data is None or made.data.raw.get("newest_version") == made.version


def _flow(link: Link) -> str:
    named = link.flow and (link.flow.function_name or link.flow.description)
    return named or f"flow {link.flow_id[:8]}{'' if link.flow else ' (deleted)'}"
