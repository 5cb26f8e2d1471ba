"""The picture of the README: a flow that a cell registered, and the lineage of what it made.

`AERO_SCREENSHOTS=docs/pictures pytest -m slow tests/browser/test_readme_picture.py` renews it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.geometry import boxes
from support.jupyter_server import Jupyter

CELLS = (
    "%load_ext aero_jupyter\nfrom aero_jupyter import demo\nplant = demo.plant(days=60, name='picture')",
    "%%aero_register --source raw={plant.url} --output north --every 1d\n"
    "import pandas as pd\n\ndef clean(raw):\n    return pd.read_csv(raw)[['sample_collect_date', 'sars_cov_2']]",
    "north = %aero_get north --wait 180",
    "%%aero_register --input sewage=north --output north_level --policy any\n"
    "import pandas as pd\n\ndef smooth(sewage: pd.DataFrame, window=3):\n"
    '    """Return the mean of the last samples."""\n'
    '    sewage["level"] = sewage["sars_cov_2"].rolling(window).mean()\n    return sewage',
    "north_level = %aero_get north_level --wait 180",
    "%aero_lineage north_level",
)
REGISTERED, LINEAGE = 3, 5


@pytest.mark.slow
def test_the_picture_of_the_readme_shows_a_flow_and_its_lineage(jupyter: Jupyter, browser: Browser) -> None:
    with jupyter.open(browser, jupyter.write_notebook("readme.ipynb", *CELLS), width=1230, height=1400) as notebook:
        page = notebook.page
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area').then(() => true)")
        notebook.run_all()
        expect(notebook.output(REGISTERED)).to_contain_text("last: ✓ done", timeout=120_000)
        expect(notebook.output(LINEAGE)).to_contain_text("north_level")
        if folder := os.environ.get("AERO_SCREENSHOTS"):
            _take(page, Path(folder) / "readme.png")


def _take(page: Page, path: Path) -> None:
    """Take the two cells and what lies between them, without the notebook's frame."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    cells.nth(REGISTERED + 1).evaluate("cell => { cell.style.display = 'none'; }")
    cells.nth(0).click()
    boxes_of_cells = boxes(page.locator("body"), ".jp-Notebook .jp-Cell")
    first, last = boxes_of_cells[REGISTERED], boxes_of_cells[LINEAGE]
    area = {"x": first.left, "y": first.top, "width": first.width, "height": last.bottom - first.top}
    page.screenshot(path=str(path), clip=area)
