"""A file of this machine is a source where a setting allows it; else the setting is named before anything runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.source_url import require_source_url
from aero_jupyter.notebook.registration.source_probe import check_source
from aero_jupyter.testing import local_aero

TAKE = "def take(x):\n    return x\n"


@pytest.fixture(scope="module")
def allowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a local AERO that downloads files of this machine."""
    home = tmp_path_factory.mktemp("allowing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AERO_HOME", str(home))
        patch.setenv("AERO_LOCAL_ALLOW", "files")
        with local_aero(home):
            yield home


@pytest.mark.parametrize("name", ["cases.csv", "two words.csv", "über#1.csv"])
def test_a_file_that_is_allowed_becomes_a_version_and_again_when_it_changes(
    allowing: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text("a\n1\n")
    session, output = aero_jupyter.local(), name.replace("#", "-")
    assert check_source(path.as_uri()) == []
    function = portable(TAKE, source_parameter="x")
    flow = session.register(function, outputs=[output], source=path.as_uri(), policy=PolicyEnum.INGESTION)
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 180).error is None
    path.write_text("a\n2\n")
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 180).error is None
    assert list(session.client.read(session.client.resolve_data(output).id)["a"]) == [2]
    path.unlink()
    (remark,) = check_source(path.as_uri())
    assert "no file" in str(remark)


@pytest.mark.parametrize("setting", [None, "", "link-local", "filesystem"])
def test_a_file_that_is_not_allowed_names_the_setting(setting: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AERO_LOCAL_ALLOW", raising=False)
    if setting is not None:
        monkeypatch.setenv("AERO_LOCAL_ALLOW", setting)
    with pytest.raises(InvalidArgument, match="unless AERO_LOCAL_ALLOW allows files") as caught:
        require_source_url("file:///data/cases.csv", os.environ)
    assert "files, then in a terminal: aero-jupyter local stop" in str(caught.value.cure)
    (remark,) = check_source("file:///data/cases.csv")
    assert "unless AERO_LOCAL_ALLOW allows files" in str(remark)


@pytest.mark.parametrize("url", ["file://server/share/cases.csv", "file:cases.csv", "file:///data/"])
def test_what_names_no_file_of_this_machine_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_LOCAL_ALLOW", "files")
    with pytest.raises(InvalidArgument, match="names no file of this machine"):
        require_source_url(url, os.environ)


@pytest.mark.parametrize("url", ["ftp://host/x.csv", "cases.csv", "https:/host/x.csv", ""])
def test_what_is_no_url_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="is not the address of a source"):
        require_source_url(url, os.environ)
