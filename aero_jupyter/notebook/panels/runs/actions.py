"""Actions on runs and on their flow, from a table of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from aero_jupyter.client.name_resolution import flow_name
from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.core.run_states import FINAL_STATES, UNSUCCESSFUL_STATES
from aero_jupyter.notebook.tables.table_view import Action

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.notebook.tables.query import QueryResult


class ActionTarget(Protocol):
    """The table of runs that an action works on."""

    listing: QueryResult
    flow: Flow | None
    warning: str
    paused: bool

    @property
    def client(self) -> AeroClient:
        """The client of the table's session."""
        ...

    def note(self, text: str) -> None:
        """Show a note below the table."""
        ...

    def set_flow(self, flow: Flow) -> None:
        """Take over the changed flow."""
        ...

    def forget_flow(self) -> None:
        """Mark the flow as deleted."""
        ...


#: States of runs that can be retried.
RETRYABLE_STATES = UNSUCCESSFUL_STATES


def actions_on_runs(runs: Sequence[Run], *, has_flow: bool = False) -> list[Action]:
    """Return the actions on runs: their labels, and whether they are enabled."""
    can_cancel = any(run.state not in FINAL_STATES for run in runs)
    actions = [
        ("run", "Run now", has_flow or bool(runs)),
        ("cancel", "Cancel", can_cancel),
        ("retry", "Retry", any(run.state in RETRYABLE_STATES for run in runs)),
    ]
    return [{"do": action, "text": text, "can": can} for action, text, can in actions]


def actions_on_flow(flow: Flow) -> list[Action]:
    """Return the actions on a flow."""
    toggle = ("go", "Resume the flow") if flow.is_paused else ("pause", "Pause the flow")
    delete = {"do": "delete", "text": "Delete the flow", "can": True, "menu": True, "danger": True}
    return [{"do": toggle[0], "text": toggle[1], "can": True, "menu": True}, delete]


def deletion_warning(client: AeroClient, flow: Flow) -> str:
    """Return the question before a flow is deleted: what is deleted, and what is kept."""
    runs = client.list("run", match=flow.id)
    count = len(runs.page(1)) if runs.total is None else runs.total
    outputs = ", ".join(each.name for each in flow.outputs) or "none"
    return (
        f"{flow_name(flow)} will no longer run (until now: {policies.in_words(flow.policy, flow.timer)}), "
        f"and its registration is deleted. Its outputs ({outputs}), its {count} runs and their provenance are kept."
    )


def _count(several: Sequence[object]) -> str:
    return f"{len(several)} run{'' if len(several) == 1 else 's'}"


def _run_flows(table: ActionTarget, runs: Sequence[Run]) -> None:
    flow_id = table.listing.question.query
    flows = [flow_id] if flow_id else list(dict.fromkeys(run.flow_id for run in runs))
    for flow in flows:
        table.client.run_flow(flow)
    table.note(f"{_count(flows)} requested." if flows else "Select a run of the flow to run.")


def _cancel_runs(table: ActionTarget, runs: Sequence[Run]) -> None:
    running = [run for run in runs if run.state not in FINAL_STATES]
    for run in running:
        table.client.cancel_run(run.id)
    table.note(f"{_count(running)} cancelled.")


def _retry_runs(table: ActionTarget, runs: Sequence[Run]) -> None:
    retried = [run for run in runs if run.state in RETRYABLE_STATES]
    for flow in dict.fromkeys(run.flow_id for run in retried):
        table.client.run_flow(flow)
    table.note(f"{_count(retried)} retried.")


def _pause_flow(table: ActionTarget, _: Sequence[Run]) -> None:
    if (flow := table.flow) is not None:
        table.set_flow(table.client.pause_flow(flow.id))
        table.note("The flow is paused. It runs only when you press Run now.")


def _resume_flow(table: ActionTarget, _: Sequence[Run]) -> None:
    if (flow := table.flow) is not None:
        table.set_flow(table.client.resume_flow(flow.id))
        table.note("The flow is resumed.")


def _ask_to_delete(table: ActionTarget, _: Sequence[Run]) -> None:
    if (flow := table.flow) is not None:
        table.warning = deletion_warning(table.client, flow)


def _delete_flow(table: ActionTarget, _: Sequence[Run]) -> None:
    # Polling forgets the flow as soon as the server has deleted it.
    if (flow := table.flow) is not None and table.warning:
        table.client.delete_flow(flow.id)
        table.forget_flow()
        table.note(f"{flow_name(flow)} was deleted.")


def _cancel_deletion(table: ActionTarget, _: Sequence[Run]) -> None:
    table.warning = ""


def _set_paused(is_paused: bool) -> Callable[[ActionTarget, Sequence[Run]], None]:
    def set_paused(table: ActionTarget, _: Sequence[Run]) -> None:
        table.paused = is_paused

    return set_paused


#: Actions on runs; every other action is on the flow or the table.
RUN_ACTIONS: dict[str, Callable[[ActionTarget, Sequence[Run]], None]] = {
    "run": _run_flows,
    "cancel": _cancel_runs,
    "retry": _retry_runs,
}
ACTIONS: dict[str, Callable[[ActionTarget, Sequence[Run]], None]] = {
    **RUN_ACTIONS,
    "pause": _pause_flow,
    "go": _resume_flow,
    "delete": _ask_to_delete,
    "delete it": _delete_flow,
    "keep": _cancel_deletion,
    "stand": _set_paused(True),
    "resume": _set_paused(False),
}
