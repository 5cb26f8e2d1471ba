"""`%load_ext aero_jupyter` beside `import globus_compute_sdk`, each in a fresh interpreter, in turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Figure, of_samples

_TIMED = """
import time
{before}
start = time.perf_counter()
{timed}
print(time.perf_counter() - start)
"""
_LOAD = _TIMED.format(
    before="from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell()",
    timed='shell.run_line_magic("load_ext", "aero_jupyter")',
)
_IMPORT = _TIMED.format(before="", timed="import globus_compute_sdk")
#: The SDK in a kernel that has IPython already, which is fairer to it: the two share modules.
_IMPORT_BESIDE_IPYTHON = _TIMED.format(
    before="from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell()",
    timed="import globus_compute_sdk",
)


def measure(rounds: int = 11) -> Iterator[Figure]:
    """Measure both in turns, so that whatever else the machine does falls on both."""
    codes = (_LOAD, _IMPORT, _IMPORT_BESIDE_IPYTHON)
    for code in codes:
        _seconds(code)
    samples = list(zip(*([_seconds(code) for code in codes] for _ in range(rounds)), strict=True))
    load, sdk, beside = (list(column) for column in samples)
    yield of_samples("%load_ext aero_jupyter", load, "ms", 20.0, scale=1e3)
    yield of_samples("import globus_compute_sdk", sdk, "ms", scale=1e3)
    yield of_samples("import globus_compute_sdk, IPython loaded", beside, "ms", scale=1e3)
    yield _ratio("load_ext / import", load, sdk)
    yield _ratio("load_ext / import, IPython loaded", load, beside)


def _ratio(what: str, ours: list[float], theirs: list[float]) -> Figure:
    pairs = [one / other for one, other in zip(ours, theirs, strict=True)]
    spread = of_samples(what, pairs, "").spread
    return Figure(what, statistics.median(ours) / statistics.median(theirs), "", spread, 0.25)


def _seconds(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)
