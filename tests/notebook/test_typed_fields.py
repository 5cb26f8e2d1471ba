"""Records in the notebook: read by their typed fields, which only the decoder fills."""

from __future__ import annotations

import re
from pathlib import Path

import aero_jupyter.notebook


def test_the_notebook_reads_no_raw_record() -> None:
    room = Path(aero_jupyter.notebook.__file__).parent
    reading = [path.name for path in sorted(room.rglob("*.py")) if re.search(r"\.raw\b", path.read_text("utf-8"))]
    assert reading == []
