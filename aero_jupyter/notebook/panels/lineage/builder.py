"""The boxes and lines of a lineage: sources, versions and flows, and what is stale or failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aero_jupyter.client.lineage import Lineage, Link, has_failed, newest_version_of
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.formatting import ago, elide_middle
from aero_jupyter.notebook.panels.lineage.graph import NOTHING, SOURCE, Box, Graph, Line
from aero_jupyter.notebook.record_facts import changed_sources

_HERE_NOTE = "you are here"
_FAILED_NOTE = "last run failed"
#: Characters of a URL that are shown.
_MAX_URL_CHARS = 60


def graph_of(lineage: Lineage) -> Graph:
    """Build the graph of a lineage: each flow is a line from its inputs to its outputs."""
    builder = _GraphBuilder(lineage)
    for link in lineage.links:
        builder.add_link(link)
    builder.add_box(_subject_of(lineage))
    for link in lineage.links:
        builder.add_notes(link)
    return Graph(builder.boxes, tuple(builder.lines))


class _GraphBuilder:
    """Builder of the boxes and lines of a lineage."""

    def __init__(self, lineage: Lineage) -> None:
        self.boxes: dict[str, Box] = {}
        self.lines: dict[Line, None] = {}
        self._lineage = lineage
        self._starts_of: dict[str, set[str]] = {}

    def add_box(self, end: Data | Version) -> Box:
        made = _box(end, self._lineage)
        return self.boxes.setdefault(made.id, made)

    def add_link(self, link: Link) -> None:
        starts = [self.add_box(used) for used in link.used] or self._add_sources(link)
        ends = [self.add_box(made) for made in link.made] or [self._add_missing_end(link, "no output")]
        for start in starts:
            for end in ends:
                self.lines[Line(start.id, end.id, _flow_label(link), link.flow_id)] = None
                self._starts_of.setdefault(end.id, set()).add(start.id)

    def _add_sources(self, link: Link) -> list[Box]:
        urls = dict.fromkeys(url for made in link.made if (url := _url(made)))
        if not urls:
            return [self._add_missing_end(link, "no input")]
        boxes = (Box(f"source:{url}", elide_middle(url, _MAX_URL_CHARS), kind=SOURCE) for url in urls)
        return [self.boxes.setdefault(box.id, box) for box in boxes]

    def _add_missing_end(self, link: Link, text: str) -> Box:
        box = Box(f"{text}:{link.flow_id}", text, kind=NOTHING)
        return self.boxes.setdefault(box.id, box)

    def add_notes(self, link: Link) -> None:
        ends = [_id(made) for made in link.made] or [f"no output:{link.flow_id}"]
        newest = [_id(made) for made in link.made if _is_newest(made)] if link.made else ends
        for id in newest if has_failed(link.flow) else ():
            self._add_note(id, _FAILED_NOTE, failed=True)
        if link.run and not has_failed(link.flow):
            for id in ends:
                self._add_note(id, f"run {link.run.id[:8]} {link.run.state}", failed=link.run.state == "failed")
        for id in ends if link.mixed else ():
            self._add_note(id, f"mixed inputs: {link.mixed}")
        changes = changed_sources(link.flow) if link.flow else []
        for id, text in ((id, text) for id in newest for text in changes):
            self._add_note(id, f"{text[:1].lower()}{text[1:].rstrip('.')}")
        for used, id in self._stale_inputs(link, ends):
            newer = f"v{newest_version_of(used)} exists"
            self._add_note(_id(used), f"v{used.version} used, {newer}", stale=True)
            self._add_note(id, f"made from {_name(used)} v{used.version}, {newer}", stale=True)

    def _stale_inputs(self, link: Link, ends: Sequence[str]) -> Iterator[tuple[Version, str]]:
        """Yield used versions that have a newer one, unless the newest is an input of the same result, too."""
        for used in link.used:
            if isinstance(used, Version) and newest_version_of(used) > used.version:
                newest = f"{used.data_id}:{newest_version_of(used)}"
                yield from ((used, id) for id in ends if newest not in self._starts_of[id])

    def _add_note(self, id: str, text: str, *, stale: bool = False, failed: bool = False) -> None:
        box = self.boxes[id]
        notes = box.notes if text in box.notes else (*box.notes, text)
        is_stale, has_run_failed = box.is_stale or stale, box.has_failed or failed
        self.boxes[id] = replace(box, notes=notes, is_stale=is_stale, has_failed=has_run_failed)


def _subject_of(lineage: Lineage) -> Data | Version:
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
    # The dataset's source may have changed since the version was downloaded, and a pattern has several objects.
    own = end.trigger_url if isinstance(end, Version) else None
    return redact_url(own or (data.url if data else None) or "")


def _box(end: Data | Version, lineage: Lineage) -> Box:
    version = end.version if isinstance(end, Version) else None
    is_here = ((end.data_id if isinstance(end, Version) else end.id), version) == (lineage.data.id, lineage.version)
    notes = (*((_HERE_NOTE,) if is_here else ()), *_source_notes(end))
    return Box(_id(end), _name(end), _version_label(end, lineage), notes, is_here)


def _source_notes(end: Data | Version) -> list[str]:
    """Return the object from which a version was made, and whether AERO stores no copy of it."""
    data = end.data if isinstance(end, Version) else end
    key = end.source_key if isinstance(end, Version) else None
    notes = [f"object {elide_middle(redact_url(key), _MAX_URL_CHARS)}"] if key else []
    return [*notes, "no copy"] if data is not None and data.no_copy else notes


def _version_label(end: Data | Version, lineage: Lineage) -> str:
    if isinstance(end, Version):
        return f"v{end.version}{f', {ago(end.created_at)}' if end.created_at else ''}"
    if end.has_versions is False:
        return "no version yet"
    return "no new version" if lineage.by_version else ""


def _is_newest(made: Data | Version) -> bool:
    return isinstance(made, Data) or made.data is None or made.data.newest_version == made.version


def _flow_label(link: Link) -> str:
    named = link.flow and (link.flow.function_name or link.flow.description)
    return named or f"flow {link.flow_id[:8]}{'' if link.flow else ' (deleted)'}"
