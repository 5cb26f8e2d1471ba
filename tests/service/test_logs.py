"""The service's log holds only its own lines, and a run's texts hold no secret."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import local_home
from aero_jupyter.testing import local_aero

SAID = """
import logging, os, sys, threading, warnings
from pathlib import Path
from aero_jupyter.service import logging_setup

logging_setup.configure_logging(Path(sys.argv[1]), "t0ken")
logging_setup.take_over()
logging.getLogger("lib").warning("Bearer t0ken")
logging.getLogger("x").warning("half: \\ud800")
warnings.warn("beware")
print("PATIENT-42")
os.write(2, b"PATIENT-42")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
raise ValueError("https://x/y?sig=s1gned")
"""


def test_every_line_is_ours_whoever_says_it(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    with log.open("ab") as inherited:
        subprocess.run([sys.executable, "-c", SAID, str(log)], stdout=inherited, stderr=inherited, check=False)
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["from"] for line in lines] == [
        "lib",
        "x",
        "py.warnings",
        *["aero_jupyter.service.logging_setup"] * 2,
    ]
    assert ["ZeroDivisionError" in line.get("traceback", "") for line in lines[-2:]] == [True, False]
    for secret in ("PATIENT-42", "t0ken", "s1gned"):
        assert secret not in text


class Failing(BaseHTTPRequestHandler):
    """A source that quotes what it was asked for."""

    def do_GET(self) -> None:
        body = f"failed for {self.path}".encode()
        self.send_response(403)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""


def test_what_a_source_says_of_its_failure_is_told_without_what_signs_it(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server, local_aero(tmp_path / "home"):
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://me:pw12345@127.0.0.1:{server.server_port}/x.csv?X-Amz-Signature=deadbeefcafe&sig=abcd1234"
        session = aero_jupyter.local()
        pull = portable("def signed(raw):\n    return raw\n", source_parameter="raw")
        flow = session.register(pull, outputs=["signed"], source=url, policy=PolicyEnum.INGESTION, timer=9000)
        run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 180)
        server.shutdown()
        message = f"{run.error}{run.traceback}{run.log}{local_home.log_file(tmp_path / 'home').read_text()}"
    assert run.state == "failed"
    assert "403" in str(run.error)
    for secret in ("deadbeefcafe", "abcd1234", "pw12345"):
        assert secret not in message
