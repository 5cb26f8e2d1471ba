"""The table for everybody: found in order by axe-core, in Notebook 7, and on older kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support.accessibility import accessibility_violations
from support.jupyter_server import Jupyter
from support.kernel_environments import IPYKERNEL_VERSIONS, create_environment

import aero_jupyter

LIST = ("%load_ext aero_jupyter", "%aero_search reservoir")


@pytest.fixture(scope="module", autouse=True)
def _catalogue(aero: object) -> None:
    client = aero_jupyter.local().client
    for number in range(20):
        body = {"name": f"reservoir_{number}", "url": f"https://example.org/r{number}.csv"}
        client.post("data/source", data=body)


@pytest.fixture(scope="module")
def notebook7(aero: object, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Jupyter(tmp_path_factory.mktemp("notebook7"), "notebook") as started:
        yield started


def run(notebook: Any, number: int) -> None:
    notebook.page.evaluate(
        """number => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = number;
            return window.jupyterapp.commands.execute('notebook:run-cell').then(() => true, () => true);
        }""",
        number,
    )


def turned(jupyter: Any, browser: Any, name: str) -> None:
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        grid = notebook.output(1).locator(".aero-grid")
        expect(grid).to_contain_text("1–15 of 20")
        grid.get_by_text("Next", exact=True).click()
        expect(grid).to_contain_text("16–20 of 20")
        notebook.screenshot(name.removesuffix(".ipynb"))


def test_nobody_is_kept_out(jupyter: Any, browser: Any) -> None:
    name = jupyter.write_notebook("axe.ipynb", *LIST)
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        grid = notebook.output(1).locator(".aero-grid")
        grid.locator("tbody input").first.click()
        grid.locator("tbody td button").first.click()
        expect(notebook.output(1).locator(".aero-panel")).to_contain_text("No version yet.")
        for dark in (False, True):
            notebook.set_theme(dark=dark)
            assert accessibility_violations(notebook.page) == []


@pytest.mark.long(150)
@pytest.mark.slow
def test_a_new_user_finds_and_selects_three_of_five_thousand(jupyter: Any, browser: Any) -> None:
    client = aero_jupyter.local().client
    for number in range(5_000):
        about = "rain gauge" if number % 7 == 0 else "stream gauge"
        body = {"name": f"gauge_{number:04d}", "url": f"https://example.org/g{number}.csv", "description": about}
        client.post("data/source", data=body)
    selected = "chosen = df.aero.selected\nprint(type(chosen), len(chosen))"
    name = jupyter.write_notebook("five-thousand.ipynb", "%load_ext aero_jupyter", "df = %aero_list data\ndf", selected)
    with jupyter.open(browser, name) as notebook:
        for number in (0, 1):
            run(notebook, number)
        grid = notebook.output(1).locator(".aero-grid")
        box = grid.get_by_role("searchbox")
        box.fill("rain gauge")
        box.press("Enter")
        expect(grid).to_contain_text("1–15 of 715")
        for following in ("16–30 of 715", "31–45 of 715"):
            grid.locator("tbody input").first.click()
            grid.get_by_text("Next", exact=True).click()
            expect(grid).to_contain_text(following)
        grid.locator("tbody input").nth(3).click()
        expect(grid).to_contain_text("3 selected")
        run(notebook, 2)
        expect(notebook.output(2)).to_contain_text("DataFrame'> 3")


@pytest.mark.slow
def test_it_is_used_in_notebook_7(notebook7: Any, browser: Any) -> None:
    turned(notebook7, browser, notebook7.write_notebook("seven.ipynb", *LIST))


@pytest.mark.slow
@pytest.mark.parametrize("version", IPYKERNEL_VERSIONS)
def test_it_is_used_on_an_older_kernel(jupyter: Any, browser: Any, version: str, tmp_path: Path) -> None:
    kernel = jupyter.add_kernel(f"older-{version}", create_environment(tmp_path / "env", version))
    turned(jupyter, browser, jupyter.write_notebook(f"older-{version}.ipynb", *LIST, kernel_name=kernel))
