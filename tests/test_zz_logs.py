"""After all others: nothing that the suite made anybody write holds a token, a signature or what was pulled."""

from __future__ import annotations

import json
import re
from pathlib import Path

from aero_jupyter.service import daemon

_SIGNED = re.compile(rb"(?i)(signature|credential|access_token|refresh_token)=(?!\xe2\x80\xa6)[^&\s'\"]{6,}")


def test_no_log_holds_a_secret(aero: daemon.State, aero_home: Path) -> None:
    state = json.loads(daemon.state_file(aero_home).read_text())
    logs = [*aero_home.glob("service.log*"), *(aero_home / "runs").glob("*.log")]
    assert logs
    for log in logs:
        text = log.read_bytes()
        assert state["token"].encode() not in text, log
        assert b"Bearer ey" not in text, log
        assert not _SIGNED.search(text), log
    # The service itself says nothing of what it moves, and nobody else writes into its log.
    for log in aero_home.glob("service.log*"):
        for line in log.read_text().splitlines():
            assert set(json.loads(line)) <= {"time", "level", "from", "message", "traceback"}, line
            assert "[parameters: (" not in line


def test_what_is_looked_for_would_be_found() -> None:
    assert _SIGNED.search(b"GET https://x/y?X-Amz-Signature=0123456789abcdef&a=1")
    assert not _SIGNED.search("GET https://x/y?X-Amz-Signature=…&a=1".encode())
