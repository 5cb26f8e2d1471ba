"""Pictures of the panels, in light and dark at three widths: `make pictures` writes them to docs/pictures.

The panels show a local AERO in a temporary folder. The browser draws what the kernel sends, without a Jupyter server.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from playwright.sync_api import Browser, sync_playwright

import aero_jupyter
from aero_jupyter.testing import local_aero
from support.drawn_panel import draw_panel
from support.jupyter_server import chromium
from support.panel_threads import wait_for_panel_threads

WIDTHS = {"narrow": 420, "middle": 700, "wide": 1300}
_SITES = """%%aero_register --output {name} --description "Weekly samples of the {name} plant." --policy none
def {name}():
    import math, time
    import pandas as pd
    days = pd.date_range("2025-01-05", periods=60, freq="7D")
    rows = [(day, site, round(50 + 40 * math.sin(at / 8 + k) + time.time() % 3, 1))
            for at, day in enumerate(days) for k, site in enumerate(("north", "lake"))]
    return pd.DataFrame(rows, columns=["week", "site", "level"])"""
_JOIN = """%%aero_register --input a=stickney --input b=obrien --output levels --output means --policy all
def combine(a, b):
    import pandas as pd
    both = pd.concat([pd.read_csv(a), pd.read_csv(b)])
    return {"levels": both, "means": both.groupby("week", as_index=False)["level"].mean()}"""
_REPORT = """%%aero_register --input levels=levels --output weekly_report
def report(levels):
    import pandas as pd
    table = pd.read_csv(levels)
    print(f"{len(table)} rows")
    return table.groupby("city")["level"].max()"""


def _fill(shell: Any) -> dict[str, Any]:
    """Register flows, run them, and return what the panels are about."""
    client = aero_jupyter.current().client
    for cell in (_SITES.format(name="stickney"), _SITES.format(name="obrien"), _JOIN, _REPORT):
        assert shell.run_cell(cell).success
    for name in ("stickney", "obrien", "stickney"):
        client.wait_for_run(client.run_flow(client.resolve_flow(name).id).id, 180)
    client.wait_for_version(client.resolve_data("levels").id, 1, 180)
    flow = client.resolve_flow("report")
    # A run that begins when its input appears can be late.
    client._poll(lambda: client.list("run", match=flow.id).page(1) or None, 180, "The report did not run.")
    return {
        "function": shell.user_ns["report"],
        "failed": client.wait_for_run(client.list("run", match=flow.id).page(1)[0].id, 180),
    }


def _panels(facts: dict[str, Any]) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Yield the name of each picture, and a function that returns what is drawn."""
    from aero_jupyter.notebook.panels.runs.page import RunPage

    session = aero_jupyter.current()
    at_once: Any = {"_start_task": lambda task: task()}

    def tree(panel: Any, *messages: dict[str, Any]) -> dict[str, Any]:
        vars(panel).update(at_once)
        for message in messages:
            panel.act(message)
        return dict(panel.tree())

    def table(panel: Any) -> dict[str, Any]:
        assert panel.widget is not None
        panel.on_displayed()
        wait_for_panel_threads()
        return dict(panel._live.pager.view().as_data())

    def page() -> dict[str, Any]:
        shown = aero_jupyter.dataset("stickney")
        shown.fetch_summary()
        shown.fetch_changes()
        return tree(shown)

    def form() -> dict[str, Any]:
        shown = aero_jupyter.register_form(facts["function"], inputs={"levels": "levels"}, outputs=["highest"])
        shown.check()
        return tree(shown)

    flow = session.client.resolve_flow("combine")
    levels = session.client.resolve_data("levels")
    yield "catalogue", lambda: table(aero_jupyter.browse())
    yield "runs", lambda: table(aero_jupyter.monitor())
    yield "lineage", lambda: tree(aero_jupyter.lineage("levels"))
    yield (
        "lineage-selected",
        lambda: tree(aero_jupyter.lineage("levels"), {"do": "open", "id": f"{levels.id}:1"}),
    )
    yield "run", lambda: tree(RunPage(session, facts["failed"]))
    yield "page", page
    yield "flow", lambda: tree(aero_jupyter.flow(flow).panel, {"do": "code"})
    yield "register", form


def _draw(browser: Browser, view: dict[str, Any], width: int, theme: str, path: Path) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    draw_panel(page, view, theme)
    assert not errors, errors
    page.locator("#root").screenshot(path=str(path))
    page.close()


def write_pictures(folder: Path, names: tuple[str, ...] = ()) -> list[Path]:
    """Write the pictures of all panels, or of those with these names; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as home, local_aero(Path(home)), sync_playwright() as playwright:
        os.environ["AERO_HOME"] = home
        shell = InteractiveShell()
        shell.history_manager.enabled = False
        shell.run_line_magic("load_ext", "aero_jupyter")
        aero_jupyter.local()
        facts = _fill(shell)
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for name, view_of in _panels(facts):
            if names and name not in names:
                continue
            view = view_of()
            for size, width in WIDTHS.items():
                for theme in ("light", "dark"):
                    path = folder / f"{name}-{theme}-{size}.png"
                    _draw(browser, view, width, theme, path)
                    written.append(path)
        browser.close()
    return written


if __name__ == "__main__":
    for each in write_pictures(Path(sys.argv[1]), tuple(sys.argv[2:])):
        sys.stdout.write(f"{each}\n")
