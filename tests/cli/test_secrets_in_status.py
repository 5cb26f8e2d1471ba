"""No secret of a URL in the address of a server, in status, doctor, lists, and what a backup says."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
import requests

import aero_jupyter
from aero_jupyter.cli import main
from aero_jupyter.client import AeroClient
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session import connections as session

S = "Zq8sEcReT"
SERVERS = [f"https://ann:{S}@aero.example/", f"http://{S}@aero.example", f"https://aero.example/?api_key={S}",
           f"https://aero.example/v1#token={S}"]  # fmt: skip
SOURCES = {
    "secret_login": f"https://ann:{S}@h.example/a.csv",
    "secret_key": f"https://h.example/a.csv?api_key={S}",
    "secret_signature": f"https://h.example/a.csv?X-Amz-Signature={S}",
}


@pytest.mark.parametrize("server", SERVERS)
def test_an_address_of_a_server_with_a_secret_is_refused_without_showing_it(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        AeroClient(server)
    assert S not in str(caught.value)
    assert "Write it as https://host/prefix." in caught.value.cure
    monkeypatch.setenv("AERO_SERVER", server)
    monkeypatch.setattr(session, "_current", None)
    assert main.main(["status"]) == 1
    assert main.main(["doctor"]) == 1
    output = capsys.readouterr()
    assert S not in output.out + output.err


@pytest.mark.parametrize("server", ["https://", "ftp://aero.example", "https://[broken", f"ftp://ann:{S}@h/"])
def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(InvalidArgument, match="is not the address of a server") as caught:
        AeroClient(server)
    assert S not in str(caught.value)


def test_sources_with_secrets_are_shown_without_them(
    aero: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = aero_jupyter.local()
    for name, url in SOURCES.items():
        code = f"def {name}(raw):\n    return raw\n"
        function = portable(code, source_parameter="raw")
        here.register(function, outputs=[name], source=url, policy=PolicyEnum.INGESTION_EVENT)
    status = requests.get(f"{aero.url}status", headers={"Authorization": f"Bearer {aero.token}"}, timeout=120)
    backup = str(tmp_path / "aero.tar")
    for words in (["status"], ["doctor"], ["list", "data"], ["list", "flow"], ["search", "secret"], ["local", "status"],
                  ["local", "check"], ["local", "backup", backup], ["local", "logs"]):  # fmt: skip
        main.main(words)
    output = capsys.readouterr()
    assert "secret_login" in output.out
    assert S not in output.out + output.err + status.text
    with tarfile.open(backup) as archive:
        assert S not in " ".join(archive.getnames())
