"""No 5xx, no traceback, no hang, whatever comes in; and the service keeps to the description that it publishes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import fuzz
import pytest


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_twenty_thousand_inputs_are_answered_or_refused_in_a_sentence(aero: Any) -> None:
    looked = (fuzz.searches(aero, 5_000), fuzz.answers(5_000), fuzz.configurations(5_000), fuzz.cells(5_000))
    # A generator may run out of what is new.
    assert sum(looked) >= 20_000, looked


def test_a_few_inputs_of_each_kind(aero: Any) -> None:
    assert min(fuzz.searches(aero, 200), fuzz.answers(200), fuzz.configurations(200), fuzz.cells(200)) > 100


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_service_keeps_to_its_own_description(aero: Any, tmp_path: Path) -> None:
    command = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert command is not None
    # Left out: a query's grammar and what is known here cannot be told in a schema (positive_data_acceptance), and what
    # is deleted at /data/{id}/flows are the flows, not the list of them (use_after_free).
    done = subprocess.run(
        [
            command, "run", f"{aero.url}openapi.json", "--header", f"Authorization: Bearer {aero.token}",
            "--checks", "all", "--exclude-checks", "positive_data_acceptance,use_after_free",
            "--max-examples", "40", "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
