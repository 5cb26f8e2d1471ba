"""A source that does not answer does not hold the cell that registers it."""

from __future__ import annotations

import threading

import pytest

from aero_jupyter.notebook.registration import source_probe
from aero_jupyter.notebook.registration.findings import WARNING, Finding
from aero_jupyter.notebook.widgets.background import submit


def test_a_silent_source_is_said_to_be_slow_and_the_cell_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_probe, "CELL_WAIT_SECONDS", 0.05)
    answered = threading.Event()

    def look() -> list[Finding]:
        answered.wait(180)
        return []

    (remark,) = source_probe.source_findings(submit(look))
    answered.set()
    assert remark.mark == WARNING
    assert "slow here" in remark.text


@pytest.mark.parametrize("found", [[], [Finding(WARNING, "source", "The source answers with 404.", "")]])
def test_what_an_answering_source_shows_is_kept(found: list[Finding]) -> None:
    assert source_probe.source_findings(submit(lambda: found)) == found


def test_an_error_of_the_look_is_raised_in_the_cell() -> None:
    def look() -> list[Finding]:
        raise ValueError("no address")

    with pytest.raises(ValueError, match="no address"):
        source_probe.source_findings(submit(look))
