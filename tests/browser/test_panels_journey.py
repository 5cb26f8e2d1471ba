"""The panels with real clicks: from the catalogue to a registered flow, its failure, and where a number came from."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

WRONG = "def {name}(x):\n    table = pd.read_csv(x)\n    return table[['levl']] / 2"
SETUP = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero",
    "%%aero_register --output {name}_source\ndef {name}_source(n=4):\n"
    "    import pandas as pd\n    return pd.DataFrame({{'level': range(n)}})",
    "%aero_run {name}_source",
    "import pandas as pd",
    WRONG,
    "%aero_panel",
)
LONG = 30_000


class Bench:
    """The workbench in a cell, and what is done there; with the mouse, or with keys only.

    Parameters
    ----------
    notebook : Notebook
    cell : int
        The cell that shows it.
    keys : bool
        Whether only keys are used.
    """

    def __init__(self, notebook: Any, cell: int, *, keys: bool) -> None:
        self.page, self.notebook, self._keys = notebook.page, notebook, keys
        self.all: Locator = notebook.output(cell)
        expect(self.all.locator(".aero-panel").first).to_be_visible(timeout=LONG)
        if keys:
            # One key takes the focus from the cell into its output.
            self.all.get_by_role("tab", name="Browse").focus()

    @property
    def form(self) -> Locator:
        return self.all.locator(".aero-panel").nth(1)

    @property
    def grid(self) -> Locator:
        return self.all.locator(".aero-grid")

    def press(self, where: Locator) -> None:
        """Press a button, a tab or a link."""
        expect(where).to_be_enabled(timeout=LONG)
        if not self._keys:
            where.click()
            return
        self._reach(where)
        self.page.keyboard.press("Enter")

    def tab(self, name: str) -> None:
        """Turn to a tab."""
        there = self.all.get_by_role("tab", name=name)
        if not self._keys:
            there.click()
        else:
            self._reach(self.all.locator('[role="tab"][tabindex="0"]'))
            for _ in range(4):
                if self._has_focus(there):
                    break
                self.page.keyboard.press("ArrowRight")
        expect(there).to_have_attribute("aria-selected", "true")

    def type(self, where: Locator, text: str) -> None:
        """Write into a field, from its beginning."""
        if self._keys:
            self._reach(where)
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")
        else:
            where.fill(text)

    def choose(self, where: Locator, label: str) -> None:
        """Choose in a list."""
        if self._keys:
            self._reach(where)
            self.page.keyboard.type(label)
        else:
            where.select_option(label=label)

    def open_row(self, name: str) -> None:
        """Open a row of the table."""
        row = self.grid.locator("tbody tr").filter(has_text=name).first
        expect(row).to_be_visible(timeout=LONG)
        if not self._keys:
            row.get_by_role("button").first.click()
            return
        self._reach(self.grid.locator('tbody tr[tabindex="0"]'))
        for _ in range(15):
            if self._has_focus(row):
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")

    def _has_focus(self, where: Locator) -> bool:
        return where.and_(self.page.locator(":focus")).count() > 0

    def _reach(self, where: Locator) -> None:
        for key in ("Tab", "Shift+Tab"):
            for _ in range(60):
                if self._has_focus(where):
                    return
                self.page.keyboard.press(key)
        raise AssertionError(f"The keyboard does not reach {where}.")


def journey(bench: Bench, name: str, fix: Any) -> None:
    """Browse, use as input, mend, try, register, see the failure, fix it, and trace what came of it."""
    shot = bench.notebook.shot
    bench.open_row(f"{name}_source")
    bench.press(bench.grid.get_by_role("button", name="Use as input"))
    form = bench.form
    expect(form.get_by_label("Run", exact=True)).to_be_visible(timeout=LONG)
    expect(form.get_by_label("an input for x")).to_have_value(f"{name}_source", timeout=LONG)
    expect(form).to_contain_text(f"{name}() uses `pd`", timeout=LONG)
    shot(f"{name}-preflight")
    bench.press(form.get_by_role("button", name="Move import pandas as pd into it"))
    bench.type(form.get_by_label("Keep what it returns as"), f"{name}_made")
    expect(form).to_contain_text(f"Runs once now on {name}_source v1, then each time", timeout=LONG)
    bench.press(form.get_by_role("button", name="Try it here"))
    expect(form).to_contain_text("raised KeyError", timeout=LONG)
    shot(f"{name}-tried")
    bench.press(form.get_by_role("button", name="Register", exact=True))
    expect(bench.all).to_contain_text("Registered as flow", timeout=LONG)
    bench.tab("Runs")
    bench.open_row("failed")
    detail = bench.grid.locator(".detail")
    expect(detail).to_contain_text("KeyError", timeout=LONG)
    expect(detail.locator("mark").first).to_contain_text(f"<cell {name}>")
    shot(f"{name}-failed")
    fix()
    bench.tab("Register")
    bench.press(bench.form.get_by_role("button", name="Refresh"))
    bench.press(bench.form.get_by_role("button", name="Take the new text"))
    bench.press(bench.form.get_by_role("button", name="Move import pandas as pd into it"))
    bench.press(bench.form.get_by_role("button", name="Replace it"))
    bench.press(bench.form.get_by_role("button", name="Register", exact=True))
    expect(bench.all).to_contain_text(f"Output: {name}_made (v1", timeout=LONG)
    shot(f"{name}-registered")
    bench.tab("Lineage")
    bench.type(bench.form.get_by_label("Name or id of a data"), f"{name}_made")
    bench.press(bench.form.get_by_role("button", name="Show its lineage"))
    boxes = bench.form.locator("svg .box")
    expect(boxes).to_have_count(2, timeout=LONG)
    expect(boxes.last).to_have_attribute("aria-label", f"{name}_made v1, just now · you are here")
    bench.press(boxes.last)
    expect(bench.form).to_contain_text(f"aero.read('{name}_made', version=1)", timeout=LONG)
    shot(f"{name}-lineage")


@pytest.mark.slow
@pytest.mark.parametrize("keys", [False, True], ids=["mouse", "keyboard"])
def test_from_the_catalogue_to_lineage(jupyter: Any, browser: Any, keys: bool) -> None:
    name = "typed" if keys else "clicked"
    cells = [cell.format(name=name) for cell in SETUP]
    book = jupyter.put(f"{name}.ipynb", *cells, WRONG.format(name=name).replace("levl", "level"))
    with jupyter.open(browser, book, height=2200) as notebook:
        notebook.run_cells(6)
        journey(Bench(notebook, 5, keys=keys), name, lambda: notebook.run_cell(6))
        notebook.theme(dark=True)
        notebook.shot(f"{name}-dark")
