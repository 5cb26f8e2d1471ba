"""A source that is a file of this machine is refused with the setting that allows it, and the setting then works."""

from __future__ import annotations

from pathlib import Path

import pytest

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.source_url import require_source_url
from aero_jupyter.notebook.registration.findings import ERROR
from aero_jupyter.notebook.registration.source_probe import check_source
from aero_jupyter.session.flow_request import FlowRequest
from aero_jupyter.session.registration_entries import output_entries


def request_for(url: str) -> FlowRequest:
    function = portable("def f(o):\n    return o\n", "f")
    return FlowRequest(function, {}, {}, PolicyEnum.INGESTION, None, outputs=["o"], source=url)


@pytest.mark.parametrize("name", ["rows.csv", "more rows.csv", "Daten ä.json"])
def test_a_file_is_a_source_where_the_setting_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    url = (tmp_path / name).as_uri()
    (tmp_path / name).write_text("a\n1\n")
    monkeypatch.delenv("AERO_LOCAL_ALLOW", raising=False)
    with pytest.raises(InvalidArgument, match="AERO_LOCAL_ALLOW") as refused:
        output_entries(request_for(url), is_local=True)
    assert "%env AERO_LOCAL_ALLOW=files" in refused.value.cure
    (remark,) = check_source(url)
    assert (remark.mark, "AERO_LOCAL_ALLOW" in remark.text) == (ERROR, True)
    monkeypatch.setenv("AERO_LOCAL_ALLOW", "link-local, files")
    assert output_entries(request_for(url), is_local=True) == {"o": {"url": url}}
    assert check_source(url) == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_LOCAL_ALLOW", "files")
    (remark,) = check_source((tmp_path / "gone.csv").as_uri())
    assert "There is no file" in remark.text


@pytest.mark.parametrize("url", ["file:rows.csv", "file://elsewhere/rows.csv", "file:///folder/", "file:"])
def test_a_file_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="names no file of this machine"):
        require_source_url(url, {"AERO_LOCAL_ALLOW": "files"})


def test_the_cure_keeps_what_is_allowed_already() -> None:
    with pytest.raises(InvalidArgument) as refused:
        require_source_url("file:///rows.csv", {"AERO_LOCAL_ALLOW": "link-local"})
    assert "AERO_LOCAL_ALLOW=link-local,files" in refused.value.cure


def test_a_real_server_downloads_no_file_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_LOCAL_ALLOW", "files")
    monkeypatch.setenv("AERO_COLLECTION_UUID", "c")
    monkeypatch.setenv("AERO_COLLECTION_URL", "https://files.example.org")
    with pytest.raises(InvalidArgument, match="is not the address of a source"):
        output_entries(request_for("file:///rows.csv"), is_local=False)
