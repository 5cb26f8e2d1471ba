"""The parts of a dataset's page, as nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aero_jupyter.core.table_rows import TableRows
from aero_jupyter.core.table_summary import TableSummary, TimeSeries
from aero_jupyter.notebook.formatting import elide_middle, printable, size_of
from aero_jupyter.notebook.panels.dataset import summary_nodes, timeline
from aero_jupyter.notebook.panels.dataset.facts import DatasetFacts
from aero_jupyter.notebook.panels.dataset.state import DatasetPageState
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Versions that can be chosen from a list.
_MAX_CHOICES = 200


@dataclass(frozen=True)
class PageView:
    """Everything that the page shows at one moment."""

    session: Session
    facts: DatasetFacts
    state: DatasetPageState
    summary: TableSummary | None
    rows: TableRows | None
    changes: Mapping[int, tuple[int, str]]
    differences: str
    missing: str


def heading(view: PageView, note: str, page_code: str) -> list[Node | None]:
    """Build the name, the facts and the actions."""
    facts, version = view.facts, view.facts.version(view.state.version)
    name, has_version = facts.data.name or facts.data.id, version is not None
    title = f"{name} · version {version.version} of {len(facts.versions)}" if version else f"{name} · no version yet"
    return [
        trees.text(title, "strong"),
        *(trees.text(line) for line in facts.lines()),
        trees.text(f"id {facts.data.id}", "code"),
        trees.row(
            trees.button("Load", "load", can=has_version, primary=True),
            trees.button("Download", "download", can=has_version),
            trees.button("Use as input", "carry", what="use"),
            trees.button("Cite", "cite", can=has_version),
            trees.button("Lineage", "carry", what="lineage"),
            trees.button("Runs", "carry", what="runs"),
            trees.copy("Copy code", _reading_code(view), "the code that reads it"),
            trees.copy("Copy page as code", page_code, "the code"),
        ),
        trees.text(note, "meta") if note else None,
    ]


def citation(text: str) -> list[Node | None]:
    """Build the citation of the shown version, if it was requested."""
    return [trees.group("Citation", trees.pre(text), trees.copy("Copy citation", text, "the citation"))] if text else []


def _reading_code(view: PageView) -> str:
    """Return the line that reads the shown version."""
    number = f", version={view.state.version}" if view.state.version else ""
    name = " ".join(view.facts.data.name.split())
    return f"aero.read({view.facts.data.id!r}{number})  # {elide_middle(printable(name))}"


def content(view: PageView, *, is_reading: bool) -> list[Node | None]:
    """Build the first rows, the columns and the chart; or the reason why they are missing."""
    summary, version = view.summary, view.facts.version(view.state.version)
    if version is None:
        return []
    if summary is None:
        size = f" ({size_of(version.file.size)})" if version.file and version.file.size is not None else ""
        if view.missing:
            return [trees.note("▲", view.missing, trees.button("Try again", "summarize"))]
        if is_reading:
            return [trees.text("The table is being read …", "meta")]
        words = trees.text(f"The table has not been read yet{size}.", "meta")
        return [trees.row(words, trees.button("Read the table", "summarize"))]
    if summary.reason:
        return [trees.note("▲", summary.reason)]
    if not summary.columns:
        return [trees.text("The table has no columns.", "meta")]
    return [
        trees.text(summary_nodes.size_line(summary), "meta"),
        summary_nodes.rows_group(summary, view.rows, can_turn=view.session.client.dialect.summaries),
        trees.group("Columns", summary_nodes.columns_table(summary)),
        _chart(view, summary),
    ]


def _chart(view: PageView, summary: TableSummary) -> Node | None:
    series = chosen_series(summary, view.state.date, view.state.number)
    if series is None:
        return None
    dates = dict.fromkeys(each.date for each in summary.series)
    numbers = dict.fromkeys(each.number for each in summary.series if each.date == series.date)
    return trees.group(
        "Over time",
        trees.row(
            trees.choice("number", "Number", series.number, {name: name for name in numbers}) if numbers else None,
            trees.choice("date", "along", series.date, {name: name for name in dates}) if len(dates) > 1 else None,
        ),
        *summary_nodes.series_nodes(series),
    )


def chosen_series(summary: TableSummary, date: str, number: str) -> TimeSeries | None:
    """Return the series of the chosen columns, else the first that fits best; None if there is none."""
    return max(summary.series, key=lambda each: (each.date == date, each.number == number), default=None)


def history(view: PageView) -> list[Node | None]:
    """Build the timeline, the table of versions, and the comparison."""
    facts, shown, compared = view.facts, view.facts.version(view.state.version), view.state.compared
    if shown is None:
        return []
    rows = timeline.versions_table(facts, view.changes)
    drawn = timeline.timeline_chart(facts, shown.version, compared)
    if len(facts.versions) == 1:
        return [trees.group("Versions", drawn, rows)]
    names = {
        str(each.version): f"v{each.version}, {moment(each.created_at)}" if each.created_at else f"v{each.version}"
        for each in facts.versions[: -_MAX_CHOICES - 1 : -1]
    }
    names.setdefault(str(shown.version), f"v{shown.version}")
    others = {
        "": "no other version",
        **{number: name for number, name in names.items() if number != str(shown.version)},
    }
    chosen = str(compared) if compared and str(compared) in others else ""
    return [
        trees.group(
            "Versions",
            drawn,
            trees.row(
                trees.choice("version", "Show", str(shown.version), names),
                trees.choice("compared", "compared with", chosen, others),
            ),
            trees.pre(view.differences) if view.differences else None,
            rows,
        )
    ]
