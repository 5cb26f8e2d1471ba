"""Lineage as it is drawn in JupyterLab: sources, flows that open, what is stale or failed; wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from support.accessibility import accessibility_violations
from support.geometry import boxes

LONG = 120_000
HIDE_SIDE = "() => window.jupyterapp.commands.execute('application:toggle-left-area').then(() => true)"
REGISTER = "%%aero_register --input x={input} --output {name}\ndef {name}(x):\n    {body}\n    return x"
CELLS = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero\nfrom aero_jupyter import demo\nplant = demo.plant(days=30)",
    "%%aero_register --source raw={plant.url} --output drawn_raw --every 1d\ndef drawn_take(raw):\n    return raw",
    "%aero_get drawn_raw --wait 180",
    REGISTER.format(input="drawn_raw", name="drawn_copy", body="pass"),
    REGISTER.format(input="drawn_raw", name="drawn_mean", body="pass"),
    "%aero_get drawn_copy --wait 180\n%aero_get drawn_mean --wait 180",
    REGISTER.format(input="drawn_copy", name="drawn_broken", body="raise ValueError('no level here')"),
    "client = aero.current().client\nclient.pause_flow(client.resolve_flow('drawn_copy').id)\n"
    "run = client.list('run', match=client.resolve_flow('drawn_broken').id).page(1)[0]\n"
    "run = client.wait_for_run(run.id, 180)\nplant.publish(5)\n"
    "%aero_run drawn_take\n%aero_get drawn_mean --wait 180 --version 2",
    "aero.lineage('drawn_raw@1')",
    "aero.lineage(run)",
)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 760])
def test_sources_flows_stale_and_failed_are_seen_and_open(jupyter: Any, browser: Any, width: int) -> None:
    cells = [cell.replace("drawn_", f"drawn{width}_") for cell in CELLS]
    with jupyter.open(
        browser, jupyter.write_notebook(f"drawn{width}.ipynb", *cells), width=width, height=2600
    ) as notebook:
        # Where less than 440 px are left for the panel, a list takes the place of the drawing.
        notebook.page.evaluate(HIDE_SIDE)
        notebook.run_all()
        panel, of_run = (notebook.output(number).locator(".aero-panel") for number in (8, 9))
        expect(panel.locator("svg .source")).to_have_count(1, timeout=LONG)
        expect(panel.locator("svg .here.stale")).to_contain_text("v1 used, v2 exists")
        expect(panel.locator("svg .failed")).to_contain_text("last run failed")
        expect(of_run.locator("svg .here.failed")).to_contain_text(f"drawn{width}_broken")
        bar, picture = boxes(panel, ".zoom", ".picture svg")
        assert bar.bottom <= picture.top + 1
        panel.locator("svg .here").focus()
        notebook.page.keyboard.press("Tab")
        notebook.page.keyboard.press("Enter")
        expect(panel.locator(".group").first).to_contain_text("newest run: ✓ done", timeout=LONG)
        expect(panel.locator("svg .flow:focus")).to_have_count(1)
        notebook.page.keyboard.press("ArrowRight")
        expect(panel.locator("svg .box:focus")).to_have_count(1)
        label = panel.get_by_role("button", name=f"Flow drawn{width}_broken,")
        label.focus()
        label.click()
        expect(panel.locator(".group").first).to_contain_text("newest run: ✕ failed", timeout=LONG)
        expect(panel.locator(".group").first).to_contain_text("no level here")
        for dark in (False, True):
            notebook.set_theme(dark=dark)
            notebook.screenshot(f"drawn-{width}-{'dark' if dark else 'light'}")
            assert accessibility_violations(notebook.page) == []


ONE = "%%aero_register --output {0}\ndef {0}():\n    import pandas as pd\n    return pd.DataFrame({{'n': [1]}})"
CHAIN = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero",
    ONE.format("fit_north"),
    ONE.format("fit_south"),
    "run = %aero_run fit_north\nrun = %aero_run fit_south",
    "%%aero_register --input a=fit_north --input b=fit_south --output fit_all --output fit_mean --policy all\n"
    "def fit_join(a, b):\n    import pandas as pd\n    both = pd.concat([pd.read_csv(a), pd.read_csv(b)])\n"
    "    return {'fit_all': both, 'fit_mean': both.mean().to_frame('mean')}",
    "%aero_get fit_all --wait 180",
    "%%aero_register --input x=fit_all --output fit_report\ndef fit_report(x):\n    return x",
    "%aero_get fit_report --wait 180",
    "aero.lineage('fit_all')",
)


@pytest.mark.slow
def test_a_lineage_is_read_searched_and_followed_at_every_width(jupyter: Any, browser: Any) -> None:
    with jupyter.open(browser, jupyter.write_notebook("fits.ipynb", *CHAIN), width=1420, height=1700) as notebook:
        page = notebook.page
        page.evaluate(HIDE_SIDE)
        notebook.run_all()
        panel = notebook.output(8).locator(".aero-panel")
        drawing = panel.locator(".picture svg")
        expect(drawing.locator(".flow text", has_text="fit_join")).to_have_count(1)
        sizes = "all => Math.min(...all.map(each => parseFloat(getComputedStyle(each).fontSize) * each.getCTM().a))"
        assert drawing.locator("text").evaluate_all(sizes) >= 11 - 0.01
        drawing.locator(".box", has_text="fit_north").click()
        expect(drawing.locator(".box.selected")).to_contain_text("fit_north")
        expect(drawing.locator(".box.related", has_text="fit_report")).to_have_count(1)
        expect(drawing.locator(".box.related", has_text="fit_south")).to_have_count(0)
        panel.get_by_label("Search the lineage").fill("report")
        expect(panel).to_contain_text("1 of 5 match 'report'.")
        panel.get_by_role("button", name="Next match").click()
        expect(drawing.locator(".box.selected.found")).to_contain_text("fit_report")
        drawing.get_by_role("button", name="Flow fit_join,").click()
        expect(panel.get_by_role("region", name="The registered code")).to_contain_text("def fit_join(a, b):")
        for name, width in {"wide": 1300, "middle": 700, "narrow": 420}.items():
            page.set_viewport_size({"width": width + 120, "height": 1700})
            expect(panel.get_by_role("button", name="fit_join → fit_all v1").first).to_be_visible(visible=width == 420)
            expect(drawing).to_be_visible(visible=width != 420)
            assert panel.evaluate("each => each.scrollWidth <= each.clientWidth + 1")
            for dark in (False, True):
                notebook.set_theme(dark)
                assert not accessibility_violations(page, ".aero-panel")
                notebook.screenshot(f"lineage-{'dark' if dark else 'light'}-{name}-in-lab")
        panel.get_by_role("button", name="→ fit_report v1").click()
        expect(panel.locator(".group").first).to_contain_text("aero.read('fit_report', version=1)")
        panel.get_by_role("button", name="Flow fit_report").click()
        expect(panel.get_by_role("region", name="The registered code")).to_contain_text("def fit_report(x):")
