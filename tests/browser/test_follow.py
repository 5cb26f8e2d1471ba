"""Runs followed and lineage drawn, in JupyterLab."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

import aero_jupyter

CELLS = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero",
    "%%aero_register --output reach_level\ndef reach_level(n=3):\n"
    "    import pandas as pd\n    return pd.DataFrame({'level': range(n)})",
    "%%aero_register --input x=reach_level --output reach_mean\ndef reach_mean(x):\n"
    "    import pandas as pd\n    return pd.read_csv(x).mean().to_frame('mean')",
    "%aero_run reach_level",
    "%aero_get reach_mean --wait 180",
    "aero.monitor('reach_mean')",
    "%aero_lineage reach_mean",
    "import time; print('busy', flush=True); time.sleep(300)",
)


@pytest.mark.slow
def test_runs_are_followed_while_the_kernel_is_busy_and_lineage_is_drawn(jupyter: Any, browser: Any) -> None:
    name = jupyter.write_notebook("follow.ipynb", *CELLS[:-1])
    with jupyter.open(browser, name, height=2000) as notebook:
        notebook.run_all()
        grid = notebook.output(5).locator(".aero-grid")
        expect(grid).to_contain_text("1–1 of 1")
        boxes = notebook.output(6).locator("svg g[role=listitem]")
        expect(boxes).to_have_count(3)
        expect(boxes.last).to_have_attribute("aria-label", re.compile("^reach_mean v1, .* · you are here$"))
        grid.get_by_role("button", name="Run now").click()
        expect(grid).to_contain_text("1–2 of 2", timeout=120_000)
        grid.locator("tbody td button").first.click()
        expect(grid.locator(".detail")).to_contain_text("done: running")
        notebook.screenshot("follow-light")
        grid.locator("tbody input").first.click()
        expect(grid).to_contain_text("1 selected")
        notebook.set_theme(dark=True)
        notebook.screenshot("follow-dark")


@pytest.mark.slow
def test_the_table_of_runs_goes_on_while_the_kernel_is_busy(jupyter: Any, browser: Any) -> None:
    name = jupyter.write_notebook("busy.ipynb", CELLS[0], CELLS[1], CELLS[3], "aero.monitor('reach_level')", CELLS[-1])
    with jupyter.open(browser, name) as notebook:
        run = "() => void window.jupyterapp.commands.execute('notebook:run-all-cells')"
        notebook.page.evaluate(run)
        expect(notebook.output(4)).to_contain_text("busy")
        grid = notebook.output(3).locator(".aero-grid")
        before = int(grid.locator(".about").inner_text().split(" of ")[1])
        client = aero_jupyter.local().client
        client.run_flow(client.resolve_flow("reach_level").id)
        expect(grid.locator(".about")).to_contain_text(f"of {before + 1}")
        assert notebook.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
        )
