from __future__ import annotations

import socket
import time

import pytest

from aero_jupyter.jobs import AeroJobError, http_client


def test_a_run_with_an_unknown_host_fails_within_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(http_client, "RETRY_PAUSES_SECONDS", (30.0, 90.0, 270.0))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    began = time.monotonic()
    with pytest.raises(AeroJobError, match="its host name was not found"):
        http_client.send_request("GET", "http://no-such-host.example/x.csv", "The source")
    # The first pause alone takes 30 s.
    assert time.monotonic() - began < 25
