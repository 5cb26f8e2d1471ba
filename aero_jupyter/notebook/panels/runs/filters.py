"""Filters of a table of runs: the flow, the state and the age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.client.name_resolution import flow_name
from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.core.run_states import RUN_STATES
from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.tables.query import ListQuery
from aero_jupyter.notebook.tables.table_view import ChoiceView

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient

#: Ages that are offered: seconds to label.
AGES = {"3600": "the last hour", "86400": "the last day", "604800": "the last week"}
#: Flows that are offered, newest first.
MAX_FLOWS = 600
_LABELS = {"flow": "of", "state": "in", "since": "from"}


class FlowLabels:
    """Labels of the flows that a table of runs can be filtered by, fetched when a run of an unknown flow appears."""

    def __init__(self, flow: Flow | None) -> None:
        self._labels: dict[str, str] = {}
        self._deleted: set[str] | None = None
        if flow is not None:
            self.add(flow)

    def __len__(self) -> int:
        return len(self._labels)

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the ids of the flows with their labels."""
        return self._labels.items()

    def label_of(self, id: str) -> str:
        """Return the label of a flow; of an unknown one the start of its id."""
        return self._labels.get(id, f"flow {id[:8]}")

    def add(self, flow: Flow) -> None:
        """Add or update a flow."""
        self._labels[flow.id] = flow_label(flow)

    def expire(self) -> None:
        """Fetch the flows again at the next update."""
        self._deleted = None

    def update(self, client: AeroClient, runs: Iterable[Run]) -> None:
        """Fetch the flows if a run belongs to one that is neither known nor known to be deleted."""
        unknown = {run.flow_id for run in runs} - self._labels.keys()
        if self._deleted is None or unknown - self._deleted:
            for flow in client.list("flow").first(MAX_FLOWS):
                self.add(flow)
            self._deleted = unknown - self._labels.keys()


def flow_label(flow: Flow) -> str:
    """Return a label that distinguishes flows of the same function: "smooth → clean"."""
    outputs = ", ".join(each.name for each in flow.outputs)
    return " → ".join(part for part in (flow.function_name, outputs) if part) or f"flow {flow.id[:8]}"


def describe_flow(flow: Flow) -> str:
    """Return the name of a flow, when it runs, and whether it is paused."""
    paused = " · paused" if flow.is_paused else ""
    return f"{flow_name(flow)} · {policies.in_words(flow.policy, flow.timer)}{paused}"


def filter_choices(query: ListQuery, labels: FlowLabels) -> list[ChoiceView]:
    """Return the filters with their current values and their options."""
    values = {
        "flow": query.query or "",
        "state": dict(query.where).get("state", ""),
        "since": str(query.since or ""),
    }
    own_age = {values["since"]: f"{query.since} s"} if query.since else {}
    own_flow = {query.query: f"flow {query.query[:8]}"} if query.query else {}
    all_flows = f"all flows (the {MAX_FLOWS} newest are listed)" if len(labels) > MAX_FLOWS else "all flows"
    flows = sorted((own_flow | dict(labels.items())).items(), key=lambda each: each[1].casefold())
    options: dict[str, Mapping[str, str]] = {
        "flow": {"": all_flows, **dict(flows)},
        "state": {"": "any state", **{state: format_state(state) for state in RUN_STATES}},
        "since": {"": "any time", **own_age, **AGES},
    }
    return [ChoiceView(name, _LABELS[name], values[name], [*options[name].items()]) for name in options]


def with_filter(query: ListQuery, name: str, value: str) -> ListQuery:
    """Return the query with another value of one filter."""
    if name == "flow":
        return replace(query, query=value or None)
    if name == "state":
        return replace(query, where=(("state", value),) if value else ())
    return replace(query, since=parse_count(value)) if name == "since" else query
