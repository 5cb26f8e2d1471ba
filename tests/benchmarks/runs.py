"""No-op analysis runs on a warm local AERO: one after the other, and as many as it can do."""

from __future__ import annotations

import time
from collections.abc import Iterator

from aero_jupyter.core.models import Run
from aero_jupyter.session.session import Session
from benchmarks.figures import Figure, of_samples
from benchmarks.place import Feeder, cpu, follower, own_session, tree

_WARM = 5


def measure(single: int = 50, flows: int = 24, rounds: int = 6) -> Iterator[Figure]:
    """Measure `single` runs one after the other, then `rounds` times `flows` runs that one version sets off."""
    with own_session() as session:
        yield _one_by_one(session, single)
        yield from _together(session, flows, rounds)


def _one_by_one(session: Session, count: int) -> Figure:
    feeder = Feeder(session, "alone")
    flow = follower(session, "follow_alone", "alone")
    for _ in range(_WARM + count):
        session.client.wait_for_version(flow.outputs[0].id, feeder.feed(), 60)
    feeder.close()
    # Newest first; the very newest may have committed and not yet ended.
    runs = session.client.list("run", match=flow.id).all()[1 : count + 1]
    return of_samples("no-op run, trigger to committed", [_seconds(run) for run in runs], "ms", 25, scale=1e3)


def _seconds(run: Run) -> float:
    """From the moment the input's version was made to the moment the run had ended, by the service's clock."""
    return (run.ended_at - run.used[0].created_at).total_seconds()


def _together(session: Session, flows: int, rounds: int) -> Iterator[Figure]:
    feeder = Feeder(session, "crowd")
    for number in range(flows):
        follower(session, f"follow_{number}", "crowd")
    feeder.feed_and_wait(flows)
    processes = tree(session.state.pid)
    before, began = cpu(processes), time.monotonic()
    for _ in range(rounds):
        feeder.feed_and_wait(flows)
    passed, used, done = time.monotonic() - began, cpu(processes) - before, flows * rounds
    feeder.close()
    what = f"{done} runs in {passed:.1f} s, {flows} at once"
    yield Figure("no-op runs, sustained", done / passed, "runs/s", what, 60.0, at_least=True)
    # Unlike the rate, it hardly depends on what else the machine does.
    yield Figure("no-op run, processor time", used / done * 1e3, "ms", "service and workers", 30.0)
