"""Two windows of one kernel show the same page of a table, also after one of them was loaded again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

import aero_jupyter

COUNT = 40
SENT = """() => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    window.received = [];
    kernel.iopubMessage.connect((_, message) => {
        if (message.header.msg_type === 'comm_msg') window.received.push(message.content.data);
    });
}"""


@pytest.mark.slow
def test_two_windows_and_a_reloaded_one_stay_in_step(aero: object, jupyter: Any, browser: Any) -> None:
    client = aero_jupyter.local().client
    for number in range(COUNT):
        client.post("data/source", data={"name": f"fjord_{number:02d}", "url": f"https://example.org/f{number}.csv"})
    name = jupyter.write_notebook("step.ipynb", "%load_ext aero_jupyter", "%aero_search fjord")
    with jupyter.open(browser, name) as first:
        first.run_cells(2)
        table = first.output(1).locator(".aero-grid")
        expect(table).to_contain_text(f"1–15 of {COUNT}")
        first.save()
        with jupyter.open(browser, name) as second:
            same = second.output(1).locator(".aero-grid")
            expect(same).to_contain_text(f"1–15 of {COUNT}")
            first.page.evaluate(SENT)
            table.get_by_text("Next", exact=True).click()
            for each in (table, same):
                expect(each).to_contain_text(f"16–30 of {COUNT}")
            same.get_by_text("Next", exact=True).click()
            for each in (table, same):
                expect(each).to_contain_text(f"31–{COUNT} of {COUNT}")
            # Both windows had the view already: changes were sent, and no whole view.
            received = first.page.evaluate("() => window.received")
            assert any(each.get("content", {}).get("do") == "change" for each in received)
            assert not any("view" in (each.get("state") or {}) for each in received)
            second.page.reload()
            second.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
            expect(same).to_contain_text(f"31–{COUNT} of {COUNT}")
            table.get_by_text("Previous", exact=True).click()
            for each in (table, same):
                expect(each).to_contain_text(f"16–30 of {COUNT}")
