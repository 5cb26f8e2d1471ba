"""A flow that replaces another one, or follows beside it, knows what kind of data its dataset had."""

from __future__ import annotations

from typing import Any

import pytest
from support.file_site import FileSite
from support.rest_caller import RestCaller, register_ingestion, replace_ingestion, wait_for_last_run

NIL = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("body", [b'{"error": "rate limit"}', b'{"status": "busy"}', b"Too many requests.\n"])
def test_an_error_is_no_version_after_a_replacement(call: RestCaller, site: FileSite, body: bytes) -> None:
    site.content = b"a,b\n1,2\n"
    # The name promises no kind of data; the last version does.
    flow, data = register_ingestion(
        call, site.url, NIL, output_data={f"exported {len(body)}": {"url": f"{site.url}export"}}
    )
    assert wait_for_last_run(call, flow)["state"] == "done"
    before: dict[str, Any] = call("GET", f"data/{data}/latest").json()
    site.content = body
    second = replace_ingestion(call, flow, data, f"{site.url}export", description="anew").json()
    run = wait_for_last_run(call, second["id"])
    assert run["state"] == "failed"
    assert "last version was data of another kind" in run["error"]
    assert call("GET", f"data/{data}/latest").json()["id"] == before["id"]


def test_a_new_url_may_serve_another_kind_of_data_but_no_error(call: RestCaller, site: FileSite) -> None:
    site.content = b"a,b\n1,2\n"
    flow, data = register_ingestion(call, site.url, NIL)
    assert wait_for_last_run(call, flow)["state"] == "done"
    site.content = b'{"message": "rate limit"}'
    second = replace_ingestion(call, flow, data, f"{site.url}api/rows").json()
    assert "an error in JSON" in wait_for_last_run(call, second["id"])["error"]
    site.content = b'[{"a": 1}, {"a": 2}]'
    third = replace_ingestion(call, second["id"], data, f"{site.url}api/table").json()
    assert wait_for_last_run(call, third["id"])["state"] == "done"
