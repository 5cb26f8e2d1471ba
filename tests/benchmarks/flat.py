"""Ten thousand flows compared with a hundred: the cost of a timer tick and of a commit, and a month of ticks."""

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
from aero_jupyter.service.catalogue import commits, dataset_rows
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.engine import timers
from aero_jupyter.service.storage.connection import stamp
from aero_jupyter.service.storage.database import Store
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
        message = f"{few[at] * 1e3:.2f} ms, {many[at] * 1e3:.2f} ms"
        yield Figure(f"{what}, with 10,000 flows beside 100", many[at] / few[at], "×", message, 1.5)
    yield from _month()


def _filled(folder: str, count: int, period: int = _DAY) -> Store:
    store = Store(Path(folder) / "aero.db")
    with store.transaction() as db:
        for number in range(count):
            id, made = str(uuid.uuid4()), str(uuid.uuid4())
            dataset_rows.add_data(db, f"d{number}", {"collection_uuid": "elsewhere", "collection_url": "x"})
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
        ticks, commit_times = [], []
        for number in range(_SAMPLES):
            began = time.perf_counter()
            timers.fire_timers(store, _NOW - timedelta(seconds=1))
            ticks.append(time.perf_counter() - began)
            output = outputs[number % len(outputs)]
            began = time.perf_counter()
            commits.commit(store, _body(output["flow_id"], output["data_id"], str(number)))
            commit_times.append(time.perf_counter() - began)
    return statistics.median(ticks), statistics.median(commit_times)


def _body(flow: str, data: str, checksum: str) -> dict[str, object]:
    entry = {"id": data, "file_bn": "x", "file_format": ".csv", "checksum": checksum, "size": 1}
    return {"flow_id": flow, "input_data": {}, "output_data": {"d": entry}}


def _month() -> Iterator[Figure]:
    """Simulate a month of timers by the hour; each due run is claimed and ended."""
    with TemporaryDirectory(prefix="aero-bench-") as folder:
        store = _filled(folder, _MANY, _PERIOD)
        # Only memory is measured, so 30,000 disk syncs are skipped.
        store.db.run("PRAGMA synchronous = OFF")
        runs, ends, done = Runs(CatalogueRecords(store, "http://x/"), Path(folder)), [], 0
        for hour in range(_HOURS):
            timers.fire_timers(store, _NOW + timedelta(hours=hour))
            while (run := runs.claim()) is not None:
                runs.end(run["id"], "done")
                done += 1
            if hour in (_FIRST, _HOURS - 1):
                ends.append(_memory())
    message = f"{done:,} runs in {_HOURS // 24} days"
    yield Figure(
        "10,000 flows over a simulated month: memory, last less first", ends[-1] - ends[0], "MB", message, 20.0
    )


def _memory() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)
