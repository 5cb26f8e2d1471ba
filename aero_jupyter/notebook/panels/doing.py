"""What can be done to runs and to their flow, from a table of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aero_jupyter.client.resolve import flow_name
from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import FINAL_STATES, Flow, Run
from aero_jupyter.notebook.page import View

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.notebook.panels.runs import RunPager

#: States of runs that can be tried again.
AGAIN = ("failed", "cancelled")


def of_runs(runs: Sequence[Run], *, has_flow: bool = False) -> list[View]:
    """Give what can be done to runs: what it is called, and whether it can be done now."""
    goes_on = any(run.state not in FINAL_STATES for run in runs)
    actions = [
        ("run", "Run now", has_flow or bool(runs)),
        ("cancel", "Cancel", goes_on),
        ("retry", "Retry", any(run.state in AGAIN for run in runs)),
    ]
    return [{"do": what, "text": text, "can": can} for what, text, can in actions]


def of_flow(flow: Flow) -> list[View]:
    """Give what can be done to a flow."""
    turn = ("go", "Resume the flow") if flow.raw.get("paused") else ("pause", "Pause the flow")
    return [{"do": what, "text": text, "can": True} for what, text in (turn, ("delete", "Delete the flow"))]


def lost_with(client: AeroClient, flow: Flow) -> str:
    """Say what is lost where a flow is deleted, and what stays."""
    runs = client.list("run", match=flow.id)
    count = len(runs.page(1)) if runs.total is None else runs.total
    made = ", ".join(each.name for each in flow.outputs) or "nothing"
    return (
        f"{flow_name(flow)} will not run any more ({policies.in_words(flow.policy, flow.timer)} until now), "
        f"and its registration is lost. What it made ({made}), its {count} runs and their provenance stay."
    )


def _run_now(pager: RunPager, runs: Sequence[Run]) -> None:
    asked = pager.listing.question.query
    flows = [asked] if asked else list(dict.fromkeys(run.flow_id for run in runs))
    for flow in flows:
        pager.client.run_flow(flow)
    pager.say(f"{len(flows)} asked for." if flows else "Select a run of the flow to run.")


def _cancel(pager: RunPager, runs: Sequence[Run]) -> None:
    under_way = [run for run in runs if run.state not in FINAL_STATES]
    for run in under_way:
        pager.client.cancel_run(run.id)
    pager.say(f"{len(under_way)} cancelled.")


def _retry(pager: RunPager, runs: Sequence[Run]) -> None:
    again = [run for run in runs if run.state in AGAIN]
    for flow in dict.fromkeys(run.flow_id for run in again):
        pager.client.run_flow(flow)
    pager.say(f"{len(again)} asked for again.")


def _pause(pager: RunPager, _: Sequence[Run]) -> None:
    if pager.flow is not None:
        pager.became(pager.client.pause_flow(pager.flow.id))
        pager.say("The flow is paused: it runs only when you say so.")


def _go(pager: RunPager, _: Sequence[Run]) -> None:
    if pager.flow is not None:
        pager.became(pager.client.resume_flow(pager.flow.id))
        pager.say("The flow goes on.")


def _delete(pager: RunPager, _: Sequence[Run]) -> None:
    if pager.flow is not None:
        pager.warning = lost_with(pager.client, pager.flow)


def _delete_it(pager: RunPager, _: Sequence[Run]) -> None:
    if pager.flow is not None and pager.warning:
        pager.client.delete_flow(pager.flow.id)
        name = flow_name(pager.flow)
        pager.lose()
        pager.say(f"{name} was deleted.")


def _keep(pager: RunPager, _: Sequence[Run]) -> None:
    pager.warning = ""


def _turned(is_paused: bool) -> Callable[[RunPager, Sequence[Run]], None]:
    def turn(pager: RunPager, _: Sequence[Run]) -> None:
        pager.paused = is_paused

    return turn


#: What needs to know the runs that are meant.
TO_RUNS: dict[str, Callable[[RunPager, Sequence[Run]], None]] = {"run": _run_now, "cancel": _cancel, "retry": _retry}
ACTIONS: dict[str, Callable[[RunPager, Sequence[Run]], None]] = {
    **TO_RUNS,
    "pause": _pause,
    "go": _go,
    "delete": _delete,
    "delete it": _delete_it,
    "keep": _keep,
    "stand": _turned(True),
    "resume": _turned(False),
}
