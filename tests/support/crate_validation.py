"""roc-validator in an environment of its own: it needs an older rich than the Compute SDK. No request leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import io, json, sys
from email.message import Message
from importlib import util
from pathlib import Path
from urllib.request import OpenerDirector
from urllib.response import addinfourl

import requests
import urllib3

CONTEXT = json.loads((Path(util.find_spec("rocrate").origin).parent / "data" / "ro-crate.jsonld").read_text())
RUN_TERMS = {"@context": {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}}

def content_of(url):
    if "context" not in url:
        return "text/html", b"<html></html>"
    return "application/ld+json", json.dumps(RUN_TERMS if "workflow-run" in url else CONTEXT).encode()

def send(self, request, **options):
    kind, content = content_of(request.url)
    raw = urllib3.HTTPResponse(
        io.BytesIO(content), {"Content-Type": kind}, 200, preload_content=False, request_url=request.url
    )
    return self.build_response(request, raw)

def open_url(self, request, *arguments, **options):
    url = request if isinstance(request, str) else request.full_url
    headers = Message()
    headers["Content-Type"], content = content_of(url)
    return addinfourl(io.BytesIO(content), headers, url, 200)

requests.adapters.HTTPAdapter.send = send
OpenerDirector.open = open_url

from rocrate_validator import services
from rocrate_validator.models import Severity

found = services.validate(services.ValidationSettings(
    rocrate_uri=sys.argv[1], profile_identifier=sys.argv[2], requirement_severity=Severity.REQUIRED,
))
print("RESULT " + json.dumps([f"{issue.check.identifier}: {issue.message}" for issue in found.get_issues()]))
"""


def create_validator(folder: Path) -> Path:
    """Create the environment; return its Python. Skip the test where the packages cannot be installed."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "roc-validator==0.13.0"]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode == 0:
        # Only the file of the context is used.
        done = subprocess.run([*install[:-1], "--no-deps", "rocrate==0.16.0"], capture_output=True, text=True)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip("roc-validator cannot be installed here")
    assert done.returncode == 0, done.stderr
    return python


def crate_problems(python: Path, crate: Path, profile: str) -> list[str]:
    """Return what the validator reports about an unpacked crate: violations of what the profile requires."""
    done = subprocess.run(
        [python, "-c", _SCRIPT, crate, profile], capture_output=True, text=True, timeout=120, cwd=crate.parent
    )
    results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert results, done.stderr
    found: list[str] = json.loads(results[0].removeprefix("RESULT "))
    return found
