"""What a new user sees: the quickstart in JupyterLab, errors as two lines, and markup as itself."""

import shutil
from pathlib import Path

import aero_jupyter

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
        notebook.shot("quickstart-light")
        notebook.theme(dark=True)
        notebook.shot("quickstart-dark")
        notebook.save()
    saved = jupyter.saved("quickstart.ipynb")
    assert all(cell.execution_count for cell in saved.cells if cell.cell_type == "code")
    assert not [out for cell in saved.cells for out in cell.get("outputs", ()) if out.output_type == "error"]


def test_markup_in_names_and_descriptions_is_shown_as_itself_and_runs_nothing(jupyter, browser):
    client = aero_jupyter.local().client
    client.post("data/source", data={"name": HOSTILE, "url": "https://example.org/hostile.csv", "description": HOSTILE})
    name = jupyter.put("hostile.ipynb", "%load_ext aero_jupyter", "%aero_list data", f"%aero_get {HOSTILE!r}")
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        assert "onerror" in notebook.output(1).inner_text()
        assert notebook.page.evaluate("() => window.hit") is None
        assert notebook.output(1).locator("img, b").count() == 0
        notebook.shot("hostile")


def test_an_error_is_two_lines_and_not_a_wall(jupyter, browser):
    name = jupyter.put("errors.ipynb", "%load_ext aero_jupyter", "%aero_get nowhere", "%%aero_register\nx = 1")
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-below').then(() => true)")
        assert notebook.output(1).inner_text().strip().splitlines() == [
            "There is no data named 'nowhere'.",
            "See what there is with %aero_list data.",
        ]
        notebook.shot("error")
