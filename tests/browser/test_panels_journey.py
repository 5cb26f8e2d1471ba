"""The panels with real clicks: from the catalogue to a registered flow, its failure, and where a number came from."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from support.accessibility import accessibility_violations
from support.geometry import boxes
from support.jupyter_server import Jupyter

pytestmark = pytest.mark.long(180)

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
LONG = 120_000


#: The height of the smallest letters of a box, in pixels of the screen.
SMALLEST_WORDS = """box => {
    const zoom = box.getBoundingClientRect().width / box.getBBox().width;
    const texts = [...box.querySelectorAll("text, tspan")];
    return zoom * Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize)));
}"""


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
        self.page, self.notebook, self.keys = notebook.page, notebook, keys
        #: Presses, choices and typed texts.
        self.actions = 0
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
        self.actions += 1
        expect(where).to_be_enabled(timeout=LONG)
        if not self.keys:
            where.click()
            return
        self._reach(where)
        self.page.keyboard.press("Enter")

    def tab(self, name: str) -> None:
        """Turn to a tab."""
        self.actions += 1
        there = self.all.get_by_role("tab", name=name)
        if not self.keys:
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
        self.actions += 1
        if self.keys:
            self._reach(where)
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")
        else:
            where.fill(text)

    def choose(self, where: Locator, label: str) -> None:
        """Choose in a list."""
        self.actions += 1
        if self.keys:
            self._reach(where)
            self.page.keyboard.type(label)
        else:
            where.select_option(label=label)

    def open_row(self, name: str | re.Pattern[str]) -> None:
        """Open a row of the table."""
        self.actions += 1
        row = self.grid.locator("tbody tr").filter(has_text=name).first
        expect(row).to_be_visible(timeout=LONG)
        if not self.keys:
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
    shot = bench.notebook.screenshot
    bench.open_row(f"{name}_source")
    bench.press(bench.grid.get_by_role("button", name="Use as input"))
    form = bench.form
    expect(form.get_by_label("Run", exact=True)).to_be_visible(timeout=LONG)
    expect(form.get_by_label("a dataset for x")).to_have_value(f"{name}_source", timeout=LONG)
    expect(form).to_contain_text(f"{name}() uses `pd`", timeout=LONG)
    shot(f"{name}-preflight")
    bench.press(form.get_by_role("button", name="Move import pandas as pd into it"))
    bench.type(form.get_by_label("Store the result as"), f"{name}_made")
    expect(form).to_contain_text(f"Runs once now on {name}_source v1, then each time", timeout=LONG)
    bench.press(form.get_by_role("button", name="Try it here"))
    expect(form).to_contain_text("raised KeyError", timeout=LONG)
    shot(f"{name}-tried")
    bench.press(form.get_by_role("button", name="Register", exact=True))
    expect(bench.all).to_contain_text("Registered as flow", timeout=LONG)
    bench.tab("Runs")
    # Others failed before it.
    bench.open_row(re.compile(rf"failed\s*{name}"))
    detail = bench.grid.locator(".detail")
    expect(detail).to_contain_text("KeyError", timeout=LONG)
    expect(detail.locator("mark").first).to_contain_text(f"<cell {name}>")
    shot(f"{name}-failed")
    fix()
    bench.tab("Register")
    bench.press(bench.form.get_by_role("button", name="Register another"))
    bench.press(bench.form.get_by_role("button", name="Refresh"))
    bench.press(bench.form.get_by_role("button", name="Use the new definition"))
    bench.press(bench.form.get_by_role("button", name="Move import pandas as pd into it"))
    bench.press(bench.form.get_by_role("button", name="Replace it"))
    bench.press(bench.form.get_by_role("button", name="Register", exact=True))
    expect(bench.all).to_contain_text(f"Output: {name}_made (v1", timeout=LONG)
    shot(f"{name}-registered")
    bench.tab("Lineage")
    if bench.keys:
        # The arrow keys pass the tab of the runs, whose open run is traced.
        bench.press(bench.form.get_by_role("button", name="Another dataset"))
    expect(bench.form.get_by_label("Name or id of a dataset")).to_be_visible(timeout=LONG)
    bench.type(bench.form.get_by_label("Name or id of a dataset"), f"{name}_made")
    bench.press(bench.form.get_by_role("button", name="Show lineage"))
    boxes = bench.form.locator("svg .box")
    expect(boxes).to_have_count(3, timeout=LONG)
    expect(boxes.last).to_have_attribute("aria-label", re.compile(f"^{name}_made v1, .* · you are here$"))
    bench.press(boxes.last)
    expect(bench.form).to_contain_text(f"aero.read('{name}_made', version=1)", timeout=LONG)
    shot(f"{name}-lineage")


@pytest.fixture(scope="module")
def notebook7(aero: object, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Jupyter(tmp_path_factory.mktemp("notebook7"), "notebook") as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize(("app", "name"), [("jupyter", "clicked"), ("jupyter", "typed"), ("notebook7", "seven")])
def test_from_the_catalogue_to_lineage(request: pytest.FixtureRequest, browser: Any, app: str, name: str) -> None:
    jupyter = request.getfixturevalue(app)
    cells = [cell.format(name=name) for cell in SETUP]
    book = jupyter.write_notebook(f"{name}.ipynb", *cells, WRONG.format(name=name).replace("levl", "level"))
    with jupyter.open(browser, book, height=2200) as notebook:
        notebook.run_cells(6)
        bench = Bench(notebook, 5, keys=name == "typed")
        journey(bench, name, lambda: notebook.run_cell(6))
        assert accessibility_violations(notebook.page) == []
        if app == "jupyter":
            notebook.set_theme(dark=True)
            notebook.screenshot(f"{name}-dark")
            assert accessibility_violations(notebook.page) == []


INGESTION = (
    SETUP[0],
    "from aero_jupyter import demo\nplant = demo.plant(days=30)\nprint(plant.url)",
    "def take_samples(raw):\n    import pandas as pd\n    return pd.read_csv(raw)",
    "%aero_panel register",
)


@pytest.mark.slow
def test_an_ingestion_with_the_mouse(jupyter: Any, browser: Any) -> None:
    with jupyter.open(browser, jupyter.write_notebook("ingestion.ipynb", *INGESTION)) as notebook:
        notebook.run_all()
        url = notebook.output(1).inner_text().split()[-1]
        bench = Bench(notebook, 3, keys=False)
        bench.choose(bench.form.get_by_label("Run", exact=True), "take_samples()")
        bench.choose(bench.form.get_by_label("with raw =", exact=True), "a URL")
        bench.type(bench.form.get_by_label("a URL for raw"), url)
        expect(bench.form).to_contain_text("Downloads the URL once now, then every day", timeout=LONG)
        bench.press(bench.form.get_by_role("button", name="Register", exact=True))
        expect(bench.all).to_contain_text("Output: take_samples (v1", timeout=LONG)
        card = bench.all.locator(".aero-panel").last
        bench.press(card.get_by_role("button", name="Pause"))
        expect(card).to_contain_text("next: paused, until it is resumed", timeout=LONG)
        bench.press(card.get_by_role("button", name="Lineage"))
        expect(bench.form.locator("svg .box")).to_have_count(2, timeout=LONG)
        # Reopened without a kernel it shows the last state, with its time.
        expect(notebook.output(3).locator("[data-aero]").first).to_contain_text("Lineage of take_samples", timeout=LONG)
        notebook.save()
    outputs = jupyter.read_notebook("ingestion.ipynb").cells[3].outputs
    shown = "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert "Lineage of take_samples" in shown
    assert re.search(r"(?i)as of \d\d:\d\d:\d\d UTC", shown)


@pytest.mark.slow
def test_an_ingestion_and_an_analysis_take_at_most_twelve_actions(jupyter: Any, browser: Any) -> None:
    take, mean = (
        f"def {name}({parameter}):\n    import pandas as pd\n    return pd.read_csv({parameter})"
        for name, parameter in (("take_weekly", "raw"), ("mean_weekly", "weekly"))
    )
    cells = (INGESTION[0], INGESTION[1], f"{take}\n\n{mean}", "%aero_panel register")
    with jupyter.open(browser, jupyter.write_notebook("twelve.ipynb", *cells), height=1600) as notebook:
        notebook.run_all()
        bench = Bench(notebook, 3, keys=False)
        bench.choose(bench.form.get_by_label("Run", exact=True), "take_weekly()")
        bench.choose(bench.form.get_by_label("with raw =", exact=True), "a URL")
        bench.type(bench.form.get_by_label("a URL for raw"), notebook.output(1).inner_text().split()[-1])
        expect(bench.form).to_contain_text("Downloads the URL once now, then every day", timeout=LONG)
        bench.press(bench.form.get_by_role("button", name="Register", exact=True))
        expect(bench.all).to_contain_text("Output: take_weekly (v1", timeout=LONG)
        bench.tab("Browse")
        bench.open_row("take_weekly")
        bench.press(bench.all.get_by_role("button", name="Use as input").last)
        bench.choose(bench.form.get_by_label("Run", exact=True), "mean_weekly()")
        bench.press(bench.form.get_by_role("button", name="Register", exact=True))
        expect(bench.all).to_contain_text("Output: mean_weekly (v1", timeout=LONG)
        notebook.screenshot("twelve-actions")
        assert bench.actions <= 12


STATES = (
    SETUP[0],
    "aero.panel('runs')",
    "aero.register_form()",
    "aero.register_form('def narrow(x):\\n    return pd.read_csv(x)', inputs={'x': 'nothing_of_that_name'})",
    "aero.monitor(state='failed')",
    "aero.browse('there_is_no_such_thing')",
)


@pytest.mark.slow
def test_side_by_side_with_a_notebook_nothing_is_cut_off(jupyter: Any, browser: Any) -> None:
    book = jupyter.write_notebook("narrow.ipynb", *STATES)
    with jupyter.open(browser, book, width=760, height=2600) as notebook:
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.page.set_viewport_size({"width": 560, "height": 2600})
        notebook.run_all()
        expect(notebook.output(5).locator(".aero-grid")).to_contain_text("No data matches", timeout=LONG)
        expect(notebook.output(2)).to_contain_text("There is no function in this notebook yet.")
        expect(notebook.output(3)).to_contain_text("There is no data named 'nothing_of_that_name'.", timeout=LONG)
        for dark in (False, True):
            notebook.set_theme(dark=dark)
            notebook.screenshot(f"narrow-{'dark' if dark else 'light'}")
            assert accessibility_violations(notebook.page) == []
        wide = notebook.page.evaluate(
            """() => [...document.querySelectorAll('.aero-panel')].filter(
                panel => panel.offsetParent && panel.scrollWidth > panel.clientWidth + 1).length"""
        )
        assert wide == 0
        assert boxes(notebook.output(3).locator(".aero-panel"), "")[0].width < 470


LARGE = """
from aero_jupyter.client.lineage import Lineage, Link
from aero_jupyter.core.models import Data, Version
from aero_jupyter.notebook.panels.lineage.panel import LineageView

def version(number):
    return Version(f"v{{number}}", f"d{{number}}", 1, data=Data(f"d{{number}}", f"data {{number}}"))

links = [Link(f"f{{n}}", None, (version(n // 3),), (version(n),)) for n in range(1, {count})]
LineageView(aero.current(), Lineage(version(5).data, 1, True, tuple(links)))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("count", "shown"), [(300, 300), (3_000, 64)])
def test_lineage_stays_usable_when_it_is_large(jupyter: Any, browser: Any, count: int, shown: int) -> None:
    book = jupyter.write_notebook(f"large{count}.ipynb", SETUP[0], "aero.local()", LARGE.format(count=count))
    with jupyter.open(browser, book) as notebook:
        notebook.run_all()
        panel = notebook.output(2).locator(".aero-panel")
        expect(panel.locator("svg .box")).to_have_count(shown, timeout=LONG)
        here = panel.locator("svg .here")
        expect(here).to_be_in_viewport()
        notebook.screenshot(f"lineage-{count}")
        picture, before = boxes(panel, "svg", "svg .here")
        notebook.page.mouse.move(picture.left + 20, picture.bottom - 20)
        notebook.page.mouse.down()
        notebook.page.mouse.move(picture.left + 120, picture.bottom - 60, steps=4)
        notebook.page.mouse.up()
        picture_after, moved = boxes(panel, "svg", "svg .here")
        assert abs(moved.left - picture_after.left - (before.left - picture.left) - 100) < 2
        assert abs(moved.top - picture_after.top - (before.top - picture.top) + 40) < 2
        panel.get_by_role("button", name="Zoom in").click()
        assert boxes(panel, "svg .here")[0].width > moved.width
        for _ in range(20):
            panel.get_by_role("button", name="Zoom out").click()
        # Its words never have less than 11 pixels: what has no place is moved into view.
        assert panel.locator("svg .here").evaluate(SMALLEST_WORDS) >= 10.9
        panel.get_by_role("button", name="Fit the drawing").click()
        picture, current = boxes(panel, "svg", "svg .here")
        assert picture.left <= current.left
        assert current.right <= picture.right
        assert panel.locator("svg .here").evaluate(SMALLEST_WORDS) >= 10.9
        here.focus()
        notebook.page.keyboard.press("ArrowRight")
        expect(panel.locator("svg .box:focus")).to_have_count(1)
        expect(panel.locator("svg .here:focus")).to_have_count(0)
