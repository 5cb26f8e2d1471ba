"""``--keep`` of both register magics, and the space in the status."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import aero_jupyter
from aero_jupyter.core.models import Version
from aero_jupyter.notebook.tables.aero_frame import framed
from aero_jupyter.notebook.tables.page_view import PagePresenter
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult

CELL = "def kept_table():\n    import pandas as pd\n    return pd.DataFrame({'a': [1]})\n"


def stored(name: str) -> str | None:
    client = aero_jupyter.current().client
    return client.get_data(client.resolve_data(name).id).raw.get("keep")


def test_a_policy_is_stored_with_the_outputs(shell: Any) -> None:
    shell.run_cell_magic("aero_register", '--output kept_table --keep "all 30d, weekly 1y, monthly"', CELL)
    assert stored("kept_table") == "all 30d, weekly 1y, monthly"


def test_a_policy_that_is_none_registers_nothing(shell: Any, error_lines: Any) -> None:
    lines = error_lines(f'%%aero_register --output never_kept --keep "now and then"\n{CELL}')
    assert lines[0] == "'now and then' is no retention policy."
    client = aero_jupyter.current().client
    assert "never_kept" not in [data.name for data in client.list("data")]
    lines = error_lines(f"%%aero_register --keep monthly\n{CELL}")
    assert lines[0] == "--keep is about an output, and this flow has none."


def test_the_status_shows_the_space(shell: Any) -> None:
    assert "MB stored for versions of " in str(shell.run_line_magic("aero_status", ""))


FORM_CELL = "def kept_by_form(x):\n    import pandas as pd\n    return pd.DataFrame({'a': [1]})\n"


def test_the_form_stores_a_policy_and_its_code_has_it(fill_form: Any) -> None:
    form = fill_form(FORM_CELL).set("function", "kept_by_form").set("what x", "influent").set("keep", "monthly ")
    assert not form.notes
    assert "keep='monthly'" in form.form.as_code()
    form.press("Register")
    assert stored("kept_by_form") == "monthly"


def test_a_policy_that_is_none_is_noted_below_its_field(fill_form: Any) -> None:
    form = fill_form(FORM_CELL).set("function", "kept_by_form").set("what x", "influent").set("keep", "now and then")
    (note,) = [each for each in form.notes if "retention policy" in each]
    assert note.startswith("✕ 'now and then' is no retention policy.")
    assert not form.is_enabled("Register")


def test_versions_whose_content_is_removed_are_marked_where_there_are_such() -> None:
    when = datetime(2026, 11, 1, tzinfo=timezone.utc)
    versions = [Version("v1", "d", 1, removed_at=when), Version("v2", "d", 2)]
    frame = framed(None, versions, shape="version")
    assert frame["content"].tolist() == ["removed by retention 2026-11-01", None]
    assert "removed by retention 2026-11-01" in repr(frame)
    assert "content" not in framed(None, versions[1:], shape="version")


def test_the_live_table_has_the_column_only_on_pages_with_such_versions(influent: Any) -> None:
    pages = [Version("v1", "d", 1, removed_at=datetime.now(timezone.utc))], [Version("v2", "d", 2)]
    presenter = PagePresenter(QueryResult(aero_jupyter.current(), ListQuery("version", "influent")), lambda _: "")
    shown = []
    for presenter._rows in pages:
        view = presenter.view()
        assert len(view.columns) == len(view.rows[0].cells)
        shown.append("content" in [column.name for column in view.columns])
    assert shown == [True, False]
