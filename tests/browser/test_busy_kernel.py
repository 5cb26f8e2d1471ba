"""A panel stays live while the kernel is busy with the next cell."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

#: Counts the moments at which the page shows the plain controls.
WATCH = """() => {
    window.flips = 0;
    new MutationObserver(() => {
        window.flips += document.body.textContent.includes('does not show anywidget') ? 1 : 0;
    }).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


@pytest.mark.slow
def test_a_cell_of_thirty_seconds_after_a_panel_flips_nothing(jupyter: Any, browser: Any) -> None:
    name = jupyter.write_notebook(
        "busy.ipynb",
        "%load_ext aero_jupyter\nimport aero_jupyter as aero",
        "aero.panel('runs')",
        "import time; time.sleep(30); print('rested')",
    )
    with jupyter.open(browser, name) as notebook:
        notebook.page.evaluate(WATCH)
        notebook.run_all()
        expect(notebook.output(2)).to_contain_text("rested")
        expect(notebook.output(1).locator(".aero-grid, .aero-panel").first).to_be_visible()
        assert notebook.page.evaluate("window.flips") == 0
