"""Nobody gets in, and nothing leaks: another user, a web page, a long request, a loose umask."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from aero_jupyter.service import daemon
from aero_jupyter.service.http import app
from aero_jupyter.service.workers import task_process
from aero_jupyter.testing import local_aero

NOBODY = 65_534
SPY = """
import json, os, pathlib, sys, urllib.error, urllib.request
home, url = pathlib.Path(sys.argv[1]), sys.argv[2]
seen = []
for path in (home, home / "state.json", home / "aero.db", home / "content", home / "service.log"):
    try:
        path.is_dir() and list(path.iterdir()) or path.read_bytes()
        seen.append(f"read {path.name}")
    except OSError:
        pass
for method, where in (("GET", "data/"), ("POST", "runs/"), ("GET", "status"), ("PUT", "collections/x/y")):
    try:
        body = b"{}" if method != "GET" else None
        urllib.request.urlopen(urllib.request.Request(url + where, method=method, data=body))
        seen.append(f"{method} {where}")
    except urllib.error.HTTPError as error:
        if error.code != 401:
            seen.append(f"{method} {where}: {error.code}")
print(json.dumps(seen))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be another user.")
def test_another_user_of_this_machine_reads_nothing_and_does_nothing(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    spy = tmp_path / "spy.py"
    spy.write_text(SPY)
    spy.chmod(0o755)
    with local_aero(tmp_path / "home") as state:
        python = os.path.realpath(sys.executable)
        done = subprocess.run(
            ["/usr/bin/env", "python3", str(spy), str(tmp_path / "home"), state.url],
            capture_output=True, text=True, user=NOBODY, group=NOBODY, extra_groups=[], env={"PATH": "/usr/bin:/bin"},
            cwd="/", check=False,
        )  # fmt: skip
        assert python
    if "No such file" in done.stderr:
        pytest.skip("No Python that another user may run.")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_files_are_private_even_under_a_loose_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with local_aero(tmp_path / "home"):
            for path in [tmp_path / "home", *(tmp_path / "home").rglob("*")]:
                mode = stat.S_IMODE(path.stat().st_mode)
                assert mode & 0o077 == 0, f"{path} {mode:o}"
    finally:
        os.umask(before)


def ask(aero: Any, path: str = "data/", **headers: str) -> int:
    own_headers = {"Authorization": f"Bearer {aero.token}", **headers}
    return requests.get(aero.url + path, headers=own_headers, timeout=120).status_code


def test_a_web_page_in_the_browser_of_the_user_is_not_answered(aero: Any) -> None:
    assert ask(aero) == 200
    assert ask(aero, Origin=aero.url.rstrip("/")) == 200
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"):
        assert ask(aero, Origin=origin) == 403
    for host in ("evil.example", "127.0.0.1", "169.254.169.254"):
        assert ask(aero, Host=host) == 403
    answer = requests.options(aero.url + "data/", headers={"Origin": "https://evil.example"}, timeout=120)
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_it_listens_on_loopback_only(aero: Any) -> None:
    port = int(aero.url.rstrip("/").rpartition(":")[2])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        if address.startswith("127."):
            continue
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, port)) != 0


def test_what_is_too_long_is_refused_before_it_is_read(aero: Any) -> None:
    headers = {"Authorization": f"Bearer {aero.token}"}
    long = "x" * (app.QUERY_BYTES + 1)
    assert requests.get(f"{aero.url}data/search?query={long}", headers=headers, timeout=120).status_code == 422
    with requests.Session() as session:
        body = b"x" * (app.BODY_BYTES + 1)
        try:
            status = session.post(f"{aero.url}flow/register", data=body, headers=headers, timeout=120).status_code
        except requests.ConnectionError:
            # It hung up on the rest of what it will not read.
            status = 413
        assert status == 413
    chunks = requests.post(f"{aero.url}flow/register", data=iter([b"{}"]), headers=headers, timeout=120)
    assert chunks.status_code == 411


@pytest.mark.parametrize("size", [600_000, 1_100_000, 3_000_000])
def test_a_head_that_is_too_long_is_refused_in_json(aero: Any, size: int) -> None:
    headers = {"Authorization": f"Bearer {aero.token}"}
    for answer in (
        requests.get(f"{aero.url}data/search?query={'x' * size}", headers=headers, timeout=120),
        requests.get(f"{aero.url}data/", headers={**headers, "X-Long": "x" * size}, timeout=120),
    ):
        assert answer.status_code == 431
        assert "64 kB" in answer.json()["detail"]


def test_what_is_no_request_is_refused_in_json(aero: Any) -> None:
    with socket.create_connection(("127.0.0.1", int(aero.url.rstrip("/").rpartition(":")[2])), timeout=120) as line:
        line.sendall(b"\x16\x03\x01 this is no request\r\n\r\n")
        output = b"".join(iter(lambda: line.recv(1 << 16), b""))
    assert output.startswith(b"HTTP/1.1 400 ")
    assert json.loads(output.partition(b"\r\n\r\n")[2])["detail"]


def test_the_description_that_is_open_tells_nothing_of_this_one(aero: Any, aero_home: Path) -> None:
    response = requests.get(f"{aero.url}openapi.json", timeout=120)
    assert response.status_code == 200
    for own in (aero.token, aero.collection, aero.endpoint, str(aero_home)):
        assert own not in response.text


@pytest.mark.parametrize("name", ["..", "../x", "..%2fx", "%2e%2e%2fx", "/etc/passwd", "a/../../x", ".hidden", "a%00b"])
def test_no_path_leaves_its_collection(aero: Any, aero_home: Path, name: str) -> None:
    headers = {"Authorization": f"Bearer {aero.token}"}
    with requests.Session() as session:
        response = requests.Request("PUT", f"{aero.url}collections/{aero.collection}/", data=b"x", headers=headers)
        prepared = session.prepare_request(response)
        # As it stands: a client would tidy it up.
        prepared.url = f"{aero.url}collections/{aero.collection}/{name}"
        answer = session.send(prepared, timeout=120)
    assert answer.status_code in (404, 405, 422), answer.text
    assert not (aero_home.parent / "x").exists()
    assert daemon.find_running(aero_home) is not None


def test_a_link_in_the_content_leads_nowhere_else(tmp_path: Path) -> None:
    with local_aero(tmp_path / "home") as state:
        secret = tmp_path / "secret"
        secret.write_text("s3cret")
        headers = {"Authorization": f"Bearer {state.token}"}
        url = f"{state.url}collections/{state.collection}/x.csv"
        assert requests.put(url, data=b"n\n1\n", headers=headers, timeout=120).status_code == 200
        (path,) = (tmp_path / "home" / "content").glob("*/*")
        path.unlink()
        path.symlink_to(secret)
        answer = requests.get(url, headers=headers, timeout=120)
    assert answer.status_code == 404
    assert "s3cr" not in answer.text


ENVIRONMENT = "import sys; print(open(f'/proc/{sys.argv[1]}/environ').read())"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="Only root can be another user, on Linux.")
def test_a_process_that_has_hidden_itself_is_not_read_by_another_one_of_its_user() -> None:
    # Its package is out of that user's reach.
    text = Path(task_process.__file__).read_text().replace("from aero_jupyter", "# from aero_jupyter")
    script = text + "\ndisable_ptrace()\nprint('hidden', flush=True)\ninput()\n"
    options: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/", "text": True}
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    python, secret = "/usr/bin/python3", {"TOKEN": "s3cret"}
    if not Path(python).exists():
        pytest.skip("No Python that another user may run.")
    with subprocess.Popen([python, "-c", script], stdin=subprocess.PIPE, env=secret, **options) as hidden:
        assert hidden.stdout is not None
        assert hidden.stdout.readline() == "hidden\n"
        looks = [python, "-c", ENVIRONMENT, str(hidden.pid)]
        ended = subprocess.run(looks, check=False, **options)
        hidden.communicate("\n")
    assert "PermissionError" in ended.stderr
    assert "s3cret" not in ended.stdout
