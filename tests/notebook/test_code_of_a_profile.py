"""The code of a panel connects with the profile that the panel was made with."""

from __future__ import annotations

from pathlib import Path

import pytest

import aero_jupyter
from aero_jupyter.notebook.as_code import session_code


@pytest.mark.parametrize("profile", ["field", "default"])
def test_the_code_connects_with_the_same_profile(profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    tables = [
        f'[{name}]\nclient_uuid = "c"\nportal_client_id = "p"\nserver = "https://h/fhwa"\ncache_dir = "{tmp_path}"\n'
        for name in ("default", "field")
    ]
    file.write_text("".join(tables))
    monkeypatch.setenv("AERO_CONFIG_FILE", str(file))
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "a-token")
    try:
        aero_jupyter.connect(profile=profile)
        code = session_code(aero_jupyter.current())
        aero_jupyter.local()
        exec(code, {})
        again = aero_jupyter.current().profile
        assert again is not None
        assert again.name == profile
    finally:
        aero_jupyter.local()
