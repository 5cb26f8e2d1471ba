"""Search the logs of a local AERO for tokens, signatures and downloaded content."""

from __future__ import annotations

import json
import re
from pathlib import Path

from aero_jupyter.service import local_home

SIGNATURE = re.compile(rb"(?i)(signature|credential|access_token|refresh_token)=(?!\xe2\x80\xa6)[^&\s'\"]{6,}")


def require_no_secret_in_logs(home: Path) -> None:
    """Raise AssertionError where a log of this local AERO holds a secret or a field that a log must not have."""
    logs = [*home.glob("service.log*"), *(home / "runs").glob("*.log")]
    assert logs
    token = json.loads(local_home.state_file(home).read_text())["token"]
    for log in logs:
        text = log.read_bytes()
        assert token.encode() not in text, log
        assert b"Bearer ey" not in text, log
        assert not SIGNATURE.search(text), log
    for log in home.glob("service.log*"):
        for line in log.read_text().splitlines():
            assert set(json.loads(line)) <= {"time", "level", "from", "message", "traceback"}, line
            assert "[parameters: (" not in line
