"""Lineage as it is drawn in JupyterLab: sources, flows that open, what is stale or failed; wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest
from access import inaccessible
from playwright.sync_api import expect

LONG = 30_000
REGISTER = "%%aero_register --input x={input} --output {name}\ndef {name}(x):\n    {body}\n    return x"
CELLS = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero\nfrom aero_jupyter import demo\nplant = demo.plant(days=30)",
    "%%aero_register --source raw={plant.url} --output drawn_raw --every 1d\ndef drawn_take(raw):\n    return raw",
    "%aero_get drawn_raw --wait 60",
    REGISTER.format(input="drawn_raw", name="drawn_copy", body="pass"),
    REGISTER.format(input="drawn_raw", name="drawn_mean", body="pass"),
    "%aero_get drawn_copy --wait 60\n%aero_get drawn_mean --wait 60",
    REGISTER.format(input="drawn_copy", name="drawn_broken", body="raise ValueError('no level here')"),
    "client = aero.current().client\nclient.pause_flow(client.resolve_flow('drawn_copy').id)\n"
    "run = client.list('run', match=client.resolve_flow('drawn_broken').id).page(1)[0]\n"
    "run = client.wait_for_run(run.id, 60)\nplant.publish(5)\n"
    "%aero_run drawn_take\n%aero_get drawn_mean --wait 60 --version 2",
    "aero.lineage('drawn_raw@1')",
    "aero.lineage(run)",
)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 760])
def test_sources_flows_stale_and_failed_are_seen_and_open(jupyter: Any, browser: Any, width: int) -> None:
    cells = [cell.replace("drawn_", f"drawn{width}_") for cell in CELLS]
    with jupyter.open(browser, jupyter.put(f"drawn{width}.ipynb", *cells), width=width, height=2600) as notebook:
        notebook.run_all()
        panel, of_run = (notebook.output(number).locator(".aero-panel") for number in (8, 9))
        expect(panel.locator("svg .source")).to_have_count(1, timeout=LONG)
        expect(panel.locator("svg .here.stale")).to_contain_text("v1 used, v2 exists")
        expect(panel.locator("svg .failed")).to_contain_text("last run failed")
        expect(of_run.locator("svg .here.failed")).to_contain_text(f"drawn{width}_broken")
        bar, picture = panel.locator(".zoom").bounding_box(), panel.locator(".picture svg").bounding_box()
        assert bar["y"] + bar["height"] <= picture["y"] + 1
        panel.locator("svg .here").focus()
        notebook.page.keyboard.press("Tab")
        notebook.page.keyboard.press("Enter")
        expect(panel.locator(".group")).to_contain_text("newest run: ✓ done", timeout=LONG)
        expect(panel.locator("svg .flow:focus")).to_have_count(1)
        notebook.page.keyboard.press("ArrowRight")
        expect(panel.locator("svg .box:focus")).to_have_count(1)
        label = panel.get_by_role("button", name=f"Flow drawn{width}_broken,")
        label.focus()
        label.click()
        expect(panel.locator(".group")).to_contain_text("newest run: ✕ failed", timeout=LONG)
        expect(panel.locator(".group")).to_contain_text("no level here")
        for dark in (False, True):
            notebook.theme(dark=dark)
            notebook.shot(f"drawn-{width}-{'dark' if dark else 'light'}")
            assert inaccessible(notebook.page) == []
