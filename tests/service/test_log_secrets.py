"""The search for secrets in logs, which every session of tests ends with, finds what it looks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.log_secrets import SIGNATURE, require_no_secret_in_logs

from aero_jupyter.service import local_home


def test_a_signature_is_found_and_a_redacted_one_is_not() -> None:
    assert SIGNATURE.search(b"GET https://x/y?X-Amz-Signature=0123456789abcdef&a=1")
    assert not SIGNATURE.search("GET https://x/y?X-Amz-Signature=…&a=1".encode())


@pytest.mark.parametrize("secret", ["{token}", "Bearer eyJhbGciOi", "https://x/y?access_token=0123456789"])
def test_a_secret_in_a_log_is_found(tmp_path: Path, secret: str) -> None:
    local_home.state_file(tmp_path).write_text(json.dumps({"token": "a1b2c3d4e5"}))
    (tmp_path / "service.log").write_text(json.dumps({"message": secret.format(token="a1b2c3d4e5")}) + "\n")
    with pytest.raises(AssertionError, match=r"service\.log"):
        require_no_secret_in_logs(tmp_path)
