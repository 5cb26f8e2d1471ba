"""Groups of run states are written down once, also those in SQL."""

from __future__ import annotations

import re
from pathlib import Path

from aero_jupyter import service
from aero_jupyter.core.run_states import RUN_STATES

_GROUP = re.compile(r"\((['\"]\w+['\"](?:, ['\"]\w+['\"])+)\)")


def test_the_service_lists_no_group_of_run_states() -> None:
    found = [
        (path.name, group)
        for path in Path(service.__path__[0]).rglob("*.py")
        for group in _GROUP.findall(path.read_text("utf-8"))
        if {*re.findall(r"\w+", group)} <= {*RUN_STATES}
    ]
    assert found == []
