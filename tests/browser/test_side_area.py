"""The workbench in the side area of JupyterLab; in Jupyter Notebook 7, which hides that area, in the cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from support.jupyter_server import Jupyter

CELLS = ("%load_ext aero_jupyter", "%aero_panel --side", "%aero_panel register --side")


@pytest.mark.slow
def test_the_workbench_stays_at_the_side_while_its_cell_runs_again(jupyter: Any, browser: Any) -> None:
    with jupyter.open(browser, jupyter.write_notebook("side.ipynb", *CELLS), width=1500) as notebook:
        notebook.run_cells(2)
        side = notebook.page.locator("#jp-right-stack")
        tabs = side.get_by_role("tablist", name="Panels").or_(side.locator(".tabs"))
        expect(tabs).to_have_count(1)
        expect(side.locator(".aero-grid")).to_be_visible()
        expect(notebook.output(1)).to_have_text("The workbench is in JupyterLab's side area.")
        notebook.run_cell(1)
        expect(tabs).to_have_count(1)
        notebook.run_cell(2)
        expect(tabs).to_have_count(1)
        expect(side.get_by_role("tab", name="Register")).to_have_attribute("aria-selected", "true")
        notebook.screenshot("side-area")


@pytest.fixture(scope="module")
def notebook7(aero: object, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with Jupyter(tmp_path_factory.mktemp("notebook7"), "notebook") as started:
        yield started


@pytest.mark.slow
def test_where_the_side_area_is_hidden_the_cell_shows_the_workbench(notebook7: Any, browser: Any) -> None:
    with notebook7.open(browser, notebook7.write_notebook("side7.ipynb", *CELLS[:2]), width=1300) as notebook:
        notebook.run_cells(2)
        expect(notebook.output(1).get_by_role("tab", name="Runs")).to_be_visible()
        expect(notebook.output(1)).not_to_contain_text("The workbench is in JupyterLab's side area.")
        notebook.output(1).get_by_role("tab", name="Runs").click()
        expect(notebook.output(1).locator(".aero-grid")).to_be_visible()
