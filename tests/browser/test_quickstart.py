"""The first steps of a new user: the quickstart in JupyterLab, errors as two lines, and escaped markup."""

import shutil
from pathlib import Path

from support.unregistrable_names import add_unregistrable_dataset

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01-quickstart.ipynb"
HOSTILE = "<img src=x onerror='window.hit=1'></script><b>bold</b>"


def test_the_quickstart_runs_and_shows_its_tables_and_its_plot(jupyter, browser):
    shutil.copy(QUICKSTART, jupyter.root / "quickstart.ipynb")
    with jupyter.open(browser, "quickstart.ipynb", height=9000) as notebook:
        notebook.run_all()
        text = notebook.page.locator(".jp-Notebook").inner_text()
        assert "Traceback" not in text
        assert notebook.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert notebook.page.locator(".jp-RenderedImage img").count() >= 1
        assert "clean → sewage" in text
        assert "sewage v2" in text
        notebook.page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
        notebook.screenshot("quickstart-light")
        notebook.set_theme(dark=True)
        notebook.screenshot("quickstart-dark")
        notebook.save()
    saved = jupyter.read_notebook("quickstart.ipynb")
    assert all(cell.execution_count for cell in saved.cells if cell.cell_type == "code")
    assert not [out for cell in saved.cells for out in cell.get("outputs", ()) if out.output_type == "error"]


def test_markup_in_names_and_descriptions_is_shown_as_itself_and_runs_nothing(jupyter, browser):
    add_unregistrable_dataset(HOSTILE, description=HOSTILE)
    name = jupyter.write_notebook(
        "hostile.ipynb", "%load_ext aero_jupyter", "%aero_search onerror", f"%aero_get {HOSTILE!r}"
    )
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        assert "onerror" in notebook.output(1).inner_text()
        assert notebook.page.evaluate("() => window.hit") is None
        assert notebook.output(1).locator("img, b").count() == 0
        notebook.screenshot("hostile")


def test_an_error_is_two_lines_and_not_a_wall(jupyter, browser):
    name = jupyter.write_notebook(
        "errors.ipynb", "%load_ext aero_jupyter", "%aero_get qqqqqqqq", "%%aero_register\nx = 1"
    )
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-below').then(() => true)")
        assert notebook.output(1).inner_text().strip().splitlines() == [
            "There is no data named 'qqqqqqqq'.",
            "See what there is with %aero_list data",
        ]
        notebook.screenshot("error")
