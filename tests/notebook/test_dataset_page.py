"""The page of a dataset: what its table holds, how it changed, where it comes from, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.panel_threads import wait_for_panel_threads
from support.server_standins import Flask, Newest, Standin, serve_standin

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.panels.dataset import comparison, transfers
from aero_jupyter.notebook.panels.dataset.page import DatasetPage
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.fallback_tree import FallbackTree

MAKER = """%%aero_register --output {name} --replace
def make_{name}():
    import pandas as pd
    {body}
"""
SITES = """days = pd.date_range("2026-01-01", periods=6)
    return pd.DataFrame({"day": days, "cases": [1, 2, 3, 4, 5, None], "site": ["<i>a</i>"] * 6})"""


@pytest.fixture
def make(shell: Any) -> Any:
    """Return a function that registers what makes a dataset, and runs it once."""

    def register(name: str, body: str) -> Any:
        assert shell.run_cell(MAKER.format(name=name, body=body)).success
        client = aero_jupyter.current().client
        return client.wait_for_run(client.run_flow(client.resolve_flow(f"make_{name}").id).id, 180)

    return register


@pytest.fixture
def page(shell: Any, influent: Any) -> Iterator[DatasetPage]:
    """The page of data with two versions, as a front end shows it."""
    made = aero_jupyter.dataset("influent")
    assert made.widget is not None
    made.on_displayed()
    wait_for_panel_threads()
    yield made
    made.close()


def nodes(page: DatasetPage, kind: str) -> list[Any]:
    return [node for node in trees.walk(page.tree()) if node["is"] == kind]


def text_of(page: DatasetPage) -> str:
    return trees.as_text(page.tree())


def named(page: DatasetPage, kind: str, label: str) -> Any:
    (found,) = [node for node in nodes(page, kind) if node["label"] == label]
    return found


def test_the_page_shows_rows_columns_a_chart_and_where_the_data_comes_from(page: DatasetPage) -> None:
    assert text_of(page).startswith("influent · version 2 of 2\nInflow <b>north</b>\n")
    head = named(page, "table", "The first rows")
    assert head["columns"] == ["sample_collect_date", "sars_cov_2"]
    assert len(head["rows"]) == 10
    columns = named(page, "table", "The columns")
    assert [row[:2] for row in columns["rows"]] == [["sample_collect_date", "date"], ["sars_cov_2", "number (int64)"]]
    drawn = columns["rows"][1][2]
    assert (drawn["is"], len(drawn["shapes"])) == ("chart", 20)
    (series,) = [node for node in nodes(page, "chart") if node["label"].startswith("sars_cov_2 by sample_collect_date")]
    assert {"line"} <= {kind for _, kind, *_ in series["shapes"]}
    (as_table,) = [node for node in nodes(page, "fold") if node["label"] == "The chart as a table"]
    assert as_table["children"][0]["columns"] == ["sample_collect_date", "sars_cov_2"]
    assert "Made by take_in (downloaded every day)" in text_of(page)
    assert "Used by follow" in text_of(page)
    assert "Updated " in text_of(page)


def test_the_versions_are_dots_and_rows_with_what_changed(page: DatasetPage) -> None:
    timeline = named(page, "chart", "Versions and runs in the order of time")
    dots = [shape for shape in timeline["shapes"] if shape[0] == "circle"]
    assert [(shape[1], shape[4]) for shape in dots] == [
        ("ring", {"do": "version", "number": 1}),
        ("dot", {"do": "version", "number": 2}),
    ]
    rows = named(page, "table", "The latest versions")["rows"]
    assert [row[0] for row in rows] == ["v2", "v1"]
    assert rows[1][4] == "first version"
    assert "rows" in rows[0][4]
    assert int(rows[0][2].replace(",", "")) > int(rows[1][2].replace(",", ""))


def test_a_click_opens_a_version_and_a_second_one_compares(page: DatasetPage) -> None:
    page.act({"do": "version", "number": 1})
    wait_for_panel_threads()
    assert (page.value.version, page.value.compared) == (1, 2)
    assert text_of(page).startswith("influent · version 1 of 2")
    (compared,) = nodes(page, "pre")
    assert compared["text"].startswith("v1 -> v2")
    page.act({"do": "set", "name": "compared", "value": ""})
    wait_for_panel_threads()
    assert not nodes(page, "pre")
    for wrong in (77, "x", None):
        page.act({"do": "version", "number": wrong})
    assert page.value.version == 1


def test_a_page_is_a_value_and_code(page: DatasetPage) -> None:
    page.act({"do": "version", "number": 1})
    page.act({"do": "set", "name": "number", "value": "sars_cov_2"})
    wait_for_panel_threads()
    names: dict[str, Any] = {}
    code = page.as_code().rstrip("\n").split("\n")
    exec("\n".join([*code[:-1], f"again = {code[-1]}"]), names)
    assert names["again"].value == page.value
    (copied,) = [node["what"] for node in nodes(page, "copy") if node["text"] == "Copy code"]
    exec(f"import aero_jupyter as aero\nframe = {copied}", names)
    assert names["frame"].attrs["aero"]["version"] == 1


def test_it_loads_and_downloads_the_shown_version(
    page: DatasetPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page.act({"do": "load"})
    wait_for_panel_threads()
    assert "Loaded as influent: version 2" in text_of(page)
    for _ in range(2):
        page.act({"do": "download"})
        wait_for_panel_threads()
    assert "Saved as influent_v2_2" in text_of(page)
    first, second = sorted(tmp_path.iterdir())
    assert first.read_bytes() == second.read_bytes() != b""


def test_a_name_from_a_server_leads_to_no_other_folder(shell: Any, influent: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    client = aero_jupyter.current().client
    data = replace(client.resolve_data("influent"), name="../../x\ny")
    folder = tmp_path / "below"
    folder.mkdir()
    transfers.save_version(client, data, None, folder)
    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [folder]


@pytest.mark.parametrize("what", ["use", "lineage", "runs"])
def test_it_leads_to_the_other_panels(page: DatasetPage, what: str) -> None:
    page.act({"do": "carry", "what": what})
    wait_for_panel_threads()
    assert len(page.widget.children) == 2


def test_a_row_of_the_catalogue_leads_to_the_page(shell: Any, influent: Any) -> None:
    data = aero_jupyter.current().client.resolve_data("influent")
    for panel in (aero_jupyter.browse("influent"), aero_jupyter.panel("browse")):
        assert panel.widget is not None
        wait_for_panel_threads()
        opener = panel if not hasattr(panel, "_panels") else panel._panels["browse"]
        opener.navigate("page", data)
        wait_for_panel_threads()
        assert isinstance(opener._child, DatasetPage)
        panel.close()


def test_every_renderer_shows_the_page_and_nothing_becomes_markup(make: Any) -> None:
    make("page_markup", SITES)
    page = aero_jupyter.dataset("page_markup")
    shown, static = repr(page), page._repr_html_()
    fallback = FallbackTree(lambda _: None)
    fallback.show(page.tree())
    plain = "".join(str(getattr(widget, "value", "")) for widget in fallback._widgets.values())
    for content in (html.unescape(static), html.unescape(plain)):
        assert "cases" in content
        assert "<svg" in content
    assert "<i>a</i>" in shown
    for markup in (static, plain):
        assert "<i>a</i>" not in markup
        assert html.escape("<i>a</i>") in markup
    assert "cases by day, 2026-01-01 to 2026-01-05, from 1 to 5" in shown


def test_what_is_no_table_has_a_reason_instead_of_columns(make: Any) -> None:
    make("page_picture", 'open("p.png", "wb").write(b"\\x89PNG\\r\\n\\x00\\x00"); return "p.png"')
    shown = repr(aero_jupyter.dataset("page_picture"))
    assert "page_picture version 1 is not a table in a format that this package reads." in shown


def test_a_failed_run_is_a_mark_and_a_new_version_appears_by_itself(make: Any) -> None:
    make("page_growing", "return pd.DataFrame({'n': [1]})")
    page = aero_jupyter.dataset("page_growing")
    assert make("page_growing", "return 1 / 0").state == "failed"
    assert page.look()
    timeline = named(page, "chart", "Versions and runs in the order of time")
    (failure,) = [shape for shape in timeline["shapes"] if shape[1] == "failure"]
    assert "ZeroDivisionError" in failure[3]
    make("page_growing", "return pd.DataFrame({'n': [1, 2]})")
    assert page.look()
    wait_for_panel_threads()
    assert "Version 2 was added." in text_of(page)
    assert named(page, "table", "The latest versions")["rows"][0][4] == "+1 row"


def test_a_dataset_without_a_version_and_a_missing_version_are_said(shell: Any, influent: Any, make: Any) -> None:
    make("page_empty", "return 1 / 0")
    assert repr(aero_jupyter.dataset("page_empty")).startswith("page_empty · no version yet\nNo version yet.")
    with pytest.raises(InvalidArgument, match="influent has no version 7"):
        aero_jupyter.dataset("influent", version=7)
    assert aero_jupyter.dataset("influent@1").value.version == 1


def test_large_versions_are_compared_elsewhere(page: DatasetPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MAX_COMPARED_BYTES", 10)
    page.act({"do": "version", "number": 1})
    wait_for_panel_threads()
    (words,) = nodes(page, "pre")
    assert 'Compare them with aero.diff("influent@1", "influent@2")' in words["text"]


def test_a_run_leads_to_the_pages_of_the_versions_that_it_used_and_made(shell: Any, influent: Any) -> None:
    client = aero_jupyter.current().client
    # Other tests run the flow, too, and such a run makes no version.
    client.wait_for_version(client.resolve_data("level").id, 2, 180)
    runs = client.list("run", match=client.resolve_flow("follow").id).all()
    run = next(each for each in runs if any(made.version == 2 for made in each.made or ()))
    monitor = aero_jupyter.monitor("follow", run=run.id)
    assert monitor.widget is not None
    monitor.on_displayed()
    wait_for_panel_threads()
    links = monitor._runs.view()["detail"]["links"]
    assert [link["text"] for link in links] == ["Page", "used influent v2", "made level v2", "Lineage"]
    monitor._runs.act({"do": "carry", "what": links[1]["what"]})
    wait_for_panel_threads()
    page = monitor._child
    assert isinstance(page, DatasetPage)
    assert (page.value.data.name, page.value.version) == ("influent", 2)
    monitor.close()


@pytest.mark.parametrize("generation", [Newest, Flask])
def test_the_kernel_reads_the_table_of_another_server_only_when_it_is_asked(
    shell: Any, generation: type[Standin]
) -> None:
    with serve_standin(generation()) as server:
        data = server.add_data("far")
        server.add_version(data, b"day,cases\n2026-01-01,3\n2026-01-02,5\n")
        aero_jupyter.connect(server.url, token="t")
        page = aero_jupyter.dataset("far")
        assert page.widget is not None
        page.on_displayed()
        wait_for_panel_threads()
        assert "The table has not been read yet (36 B)." in text_of(page)
        assert not [node for node in nodes(page, "table") if node["label"] == "The columns"]
        page.act({"do": "summarize"})
        wait_for_panel_threads()
        assert [row[0] for row in named(page, "table", "The columns")["rows"]] == ["day", "cases"]
        page.close()
    aero_jupyter.local()


def test_the_shown_version_is_cited(page: DatasetPage) -> None:
    page.act({"do": "version", "number": 1})
    wait_for_panel_threads()
    page.act({"do": "cite"})
    wait_for_panel_threads()
    (copied,) = [node["what"] for node in nodes(page, "copy") if node["text"] == "Copy citation"]
    assert copied == str(aero_jupyter.cite("influent@1"))
    assert copied in [node["text"] for node in nodes(page, "pre")]


LONG = """table = pd.DataFrame({"n": range(100_000), "site": "a"})
    table.to_parquet("long.parquet", row_group_size=10_000)
    return "long.parquet"
"""


def test_a_long_table_is_turned_page_by_page(make: Any) -> None:
    make("long_table", LONG)
    page = aero_jupyter.dataset("long_table")
    assert page.widget is not None
    page.on_displayed()
    wait_for_panel_threads()
    assert [row[0] for row in named(page, "table", "The first rows")["rows"]] == [str(each) for each in range(10)]

    def press(words: str) -> None:
        (pressed,) = [node for node in nodes(page, "button") if node["text"] == words and node["can"]]
        page.act({"do": pressed["do"], **pressed["more"]})
        wait_for_panel_threads()

    press("Next rows")
    assert [row[0] for row in named(page, "table", "Rows 11 to 20")["rows"]] == [str(each) for each in range(10, 20)]
    press("Last rows")
    assert named(page, "table", "Rows 99,991 to 100,000")["rows"][-1][0] == "99999"
    press("Previous rows")
    assert named(page, "table", "Rows 99,981 to 99,990")["rows"][0][0] == "99980"
    page.close()


def test_a_short_table_has_no_buttons_for_other_rows(make: Any) -> None:
    make("short_table", 'return pd.DataFrame({"n": range(10)})')
    page = aero_jupyter.dataset("short_table")
    assert page.widget is not None
    page.on_displayed()
    wait_for_panel_threads()
    assert not [node for node in nodes(page, "button") if node["text"].endswith(" rows")]
    page.close()
