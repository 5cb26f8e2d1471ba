"""Nobody who looks at a record sees the secrets of its URL, and no search matches them."""

from __future__ import annotations

import pytest

from aero_jupyter.cli import output
from aero_jupyter.client.local_search import search_records
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Version
from aero_jupyter.jobs import bundle
from aero_jupyter.notebook.tables.columns import COLUMNS

S = "Zq8sEcReT"
URLS = [f"https://me:{S}@x.org/a.csv", f"https://x.org/a.csv?api_key={S}", f"https://s3/a.csv?X-Amz-Signature={S}"]


@pytest.mark.parametrize("url", URLS)
def test_records_and_tables_show_no_secret(url: str) -> None:
    data = Data("1", "cases", url)
    cells = [str(read(data)) for _, _, read, _ in COLUMNS["data"]]
    found = [str(read({"name": "cases", "url": url, "source": url, "id": "1"})) for _, _, read, _ in COLUMNS["search"]]
    shown = f"{data!r} {Version('1', '1', 1, data=data, trigger_url=url)!r} {cells} {found} {output._format_cell(url)}"
    assert S not in shown
    assert "a.csv" in shown
    assert data.url == url


@pytest.mark.parametrize("url", URLS)
def test_a_scan_does_not_match_a_secret(url: str) -> None:
    rows = [{"name": "cases", "url": url}]
    assert search_records(rows, S) == []
    assert search_records(rows, "cases") == rows


def test_an_error_shows_neither_secrets_nor_controls() -> None:
    lines = InvalidArgument(f"x\x1b[2J\u202e {URLS[1]}")._render_traceback_()
    assert lines == ["x\\x1b[2J\\u202e https://x.org/a.csv?api_key=…"]


def test_the_jobs_that_travel_redact_with_the_same_code() -> None:
    names: dict[str, object] = {}
    exec(bundle.runtime_source(), names)
    assert names["redact_text"](f"token={S}") == "token=…"  # type: ignore[operator]
    assert str(names["USER_AGENT"]).startswith("aero-jupyter/")
