"""Environments with another ipykernel in front of everything installed here."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

IPYKERNEL_VERSIONS = ("6.31.0", "7.3.0")


def create_environment(folder: Path, version: str) -> Path:
    """Create an environment with that ipykernel before the installed packages; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    place = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    here = sysconfig.get_path("purelib")
    (Path(place) / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    done = subprocess.run([*install, f"ipykernel=={version}", "nest-asyncio"], capture_output=True, text=True)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"ipykernel {version} cannot be installed here")
    assert done.returncode == 0, done.stderr
    return python
