"""The failed run that keeps a dataset from its next version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from aero_jupyter.core.models import Data, Flow, Run
from aero_jupyter.core.run_states import UNSUCCESSFUL_STATES

_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class BlockingFailure:
    """A failed run that keeps a dataset from its next version.

    Attributes
    ----------
    data : Data
        The dataset that the run should have made: the awaited one, or an input upstream of it.
    run : Run
        The newest run of `flow`; it has failed or was cancelled.
    flow : Flow
        The flow that makes `data`.
    """

    data: Data
    run: Run
    flow: Flow

    @property
    def cure(self) -> str:
        """The instruction to the user: fix the cause, then run the flow."""
        return f"Fix the cause, then type %aero_run {self.flow.id[:8]}; %aero_traceback shows the run's traceback."

    def reason(self, awaited: Data) -> str:
        """Return the cause in words, to follow "cases has no version: "."""
        whose = "its last run" if self.data.id == awaited.id else f"the last run that makes its input {self.data.name}"
        if self.run.state == "cancelled":
            return f"{whose} was cancelled"
        return f"{whose} failed: {(self.run.error or 'no cause is recorded').rstrip('.')}"


def find_blocking_failure(
    data: Data, makers_of: Callable[[str], list[Flow]], newest_run: Callable[[Flow], Run | None]
) -> BlockingFailure | None:
    """Return the failed run that keeps a dataset from its next version, or None while a version may still come.

    Parameters
    ----------
    data : Data
        The dataset whose next version is awaited.
    makers_of : callable
        Returns the flows that make a dataset, by its id.
    newest_run : callable
        Returns the newest run of a flow, without its log, or None where it has not run.
    """
    latest_runs = [
        BlockingFailure(made, run, flow)
        for made, flow in _upstream(data, makers_of)
        if (run := newest_run(flow)) is not None
    ]
    if any(not each.run.is_final for each in latest_runs):
        return None
    own = max((each for each in latest_runs if each.data.id == data.id), key=_end_time, default=None)
    if own is not None and _has_failed(own):
        return own
    since = _EARLIEST if own is None else _end_time(own)
    # The nearest failure comes first: it hides any failure further upstream.
    return next((each for each in latest_runs if _has_failed(each) and _end_time(each) > since), None)


def _upstream(data: Data, makers_of: Callable[[str], list[Flow]]) -> Iterator[tuple[Data, Flow]]:
    """Yield each flow that makes a dataset or one of its ancestors, nearest first, with the dataset that it makes."""
    queue, seen = [data], {data.id}
    for made in queue:
        for flow in makers_of(made.id):
            yield made, flow
            queue += [given for given in flow.inputs if given.id not in seen]
            seen |= {given.id for given in flow.inputs}


def _has_failed(each: BlockingFailure) -> bool:
    return each.run.state in UNSUCCESSFUL_STATES


def _end_time(each: BlockingFailure) -> datetime:
    return each.run.ended_at or each.run.created_at or _EARLIEST
