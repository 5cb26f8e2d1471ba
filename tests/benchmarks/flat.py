"""Ten thousand flows beside a hundred: what a tick of the timer and a commit cost, and a month of ticks."""

from __future__ import annotations

import gc
import statistics
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import flows
from aero_jupyter.service.catalogue import Catalogue
from aero_jupyter.service.runs import Runs
from aero_jupyter.service.store import Store, stamp
from benchmarks.figures import Figure

_NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
_FEW, _MANY, _SAMPLES = 100, 10_000, 200
#: Hours of a month, those after which memory is looked at first, and the seconds from one run of a flow to the next:
#: ten days, so that all of a month's runs fit into some minutes.
_HOURS, _FIRST, _PERIOD = 24 * 30, 72, 864_000
_DAY = 86_400


def measure() -> Iterator[Figure]:
    """Compare a small catalogue with a large one, and the ends of a month."""
    few, many = _costs(_FEW), _costs(_MANY)
    for what, at in (("a tick of the timer", 0), ("a commit", 1)):
        said = f"{few[at] * 1e3:.2f} ms, {many[at] * 1e3:.2f} ms"
        yield Figure(f"{what}, with 10,000 flows beside 100", many[at] / few[at], "×", said, 1.5)
    yield from _month()


def _filled(folder: str, count: int, period: int = _DAY) -> Store:
    store = Store(Path(folder) / "aero.db")
    with store.transaction() as db:
        for number in range(count):
            id, made = str(uuid.uuid4()), str(uuid.uuid4())
            flows.add_data(db, f"d{number}", {"collection_uuid": "elsewhere", "collection_url": "x"})
            made = db.value("SELECT id FROM data ORDER BY seq DESC LIMIT 1")
            db.insert(
                "flow", id=id, function_id="f", endpoint="e", policy=int(PolicyEnum.TIMER), timer=period,
                next_due=stamp(_NOW + timedelta(seconds=period * number / count)), flow_kwargs="{}",
                arg_hash=str(number), created_at=stamp(_NOW),
            )  # fmt: skip
            db.insert("flow_output", flow_id=id, name=f"d{number}", data_id=made)
    return store


def _costs(count: int) -> tuple[float, float]:
    with TemporaryDirectory(prefix="aero-bench-") as folder:
        store = _filled(folder, count)
        outputs = store.db.rows("SELECT flow_id, data_id FROM flow_output LIMIT 50")
        ticks, commits = [], []
        for number in range(_SAMPLES):
            began = time.perf_counter()
            flows.fire_timers(store, _NOW - timedelta(seconds=1))
            ticks.append(time.perf_counter() - began)
            output = outputs[number % len(outputs)]
            began = time.perf_counter()
            flows.commit(store, _body(output["flow_id"], output["data_id"], str(number)))
            commits.append(time.perf_counter() - began)
    return statistics.median(ticks), statistics.median(commits)


def _body(flow: str, data: str, checksum: str) -> dict[str, object]:
    entry = {"id": data, "file_bn": "x", "file_format": ".csv", "checksum": checksum, "size": 1}
    return {"flow_id": flow, "input_data": {}, "output_data": {"d": entry}}


def _month() -> Iterator[Figure]:
    """Let a month of timers pass, an hour at a time; each run that is due is claimed and ended."""
    with TemporaryDirectory(prefix="aero-bench-") as folder:
        store = _filled(folder, _MANY, _PERIOD)
        # What is looked at is memory: waiting for the disk 30,000 times is left out.
        store.db.run("PRAGMA synchronous = OFF")
        runs, ends, done = Runs(Catalogue(store, "http://x/"), Path(folder)), [], 0
        for hour in range(_HOURS):
            flows.fire_timers(store, _NOW + timedelta(hours=hour))
            while (run := runs.claim()) is not None:
                runs.end(run["id"], "done")
                done += 1
            if hour in (_FIRST, _HOURS - 1):
                ends.append(_memory())
    said = f"{done:,} runs in {_HOURS // 24} days"
    yield Figure("10,000 flows over a simulated month: memory, last less first", ends[-1] - ends[0], "MB", said, 20.0)


def _memory() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)
