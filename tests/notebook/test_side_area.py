"""The workbench at the side falls back to the cell."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.panels.workbench.panel import Workbench
from aero_jupyter.notebook.panels.workbench.side_area import SideArea


def test_where_nothing_is_live_the_cell_shows_the_workbench(aero: Any) -> None:
    bench = SideArea().show("runs")
    assert isinstance(bench, Workbench)
    assert bench.value.tab == "runs"


def test_without_the_package_a_sentence_says_how_to_install_it(
    aero: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sidecar", None)
    monkeypatch.setattr(Workbench, "is_live", lambda self: True)
    assert isinstance(SideArea().show("browse"), Workbench)
    assert capsys.readouterr().out == ("The side area needs the package sidecar: %pip install 'aero_jupyter[side]'\n")


def test_an_unknown_tab_is_refused(aero: Any) -> None:
    with pytest.raises(InvalidArgument, match="no tab"):
        SideArea().show("nowhere")
