from __future__ import annotations

from aero_jupyter.core.models import Run

FAILED = Run(
    "r1234567890",
    "f1",
    "failed",
    error="ValueError: no rows",
    traceback='  File "<cell smooth>", line 3\nValueError: no rows',
    log="hello from afar",
)
