"""Files of a run on the machine of the store: read in place, taken over without a copy, and right whatever happens."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from support.file_site import FileSite
from support.rest_caller import RestCaller, latest_content, register_ingestion, start_run, wait_for_last_run

#: More than a small file, whose checksum is computed again.
LARGE = b"a\n" + b"1\n" * (1 << 20)


def content_path(call: RestCaller, aero_home: Path, data_id: str) -> Path:
    checksum = str(call("GET", f"data/{data_id}/latest").json()["checksum"])
    return aero_home / "content" / checksum[:2] / checksum


def run_on_source(call: RestCaller, site: FileSite, cell: str, content: bytes = LARGE) -> tuple[str, dict[str, Any]]:
    """Register a function of a source, and return the dataset of its output and its first run."""
    site.content = content
    flow, data = register_ingestion(call, site.url, call.function(cell))
    return data, wait_for_last_run(call, flow)


def derive(call: RestCaller, data: str, cell: str) -> tuple[str, dict[str, Any]]:
    """Register a function of a dataset, and return the dataset of its output and its first run."""
    name = f"local_{uuid.uuid4().hex[:8]}"
    body = {"input_data": {"given": {"id": data, "version": None}}, "output_data": {name: {}}, "rule": -1}
    flow = call.flow(function_uuid=call.function(cell), flow_kwargs={}, **body).json()
    start_run(call, flow)
    return flow["contributed_to"][0]["id"], wait_for_last_run(call, flow["id"])


def test_a_download_that_a_function_returns_is_not_copied(call: RestCaller, site: FileSite, aero_home: Path) -> None:
    cell = "def keep(raw):\n    import os\n    print(os.stat(raw).st_ino)\n    return raw\n"
    data, run = run_on_source(call, site, cell)
    assert run["error"] is None
    assert latest_content(call, data) == LARGE
    assert content_path(call, aero_home, data).stat().st_ino == int(run["log"])


def test_a_file_that_a_function_writes_is_not_copied(call: RestCaller, site: FileSite, aero_home: Path) -> None:
    cell = (
        "def double(raw):\n    import os\n    os.mkdir('sub')\n    with open('sub/made.csv', 'w') as made:\n"
        "        made.write(open(raw).read() * 2)\n    print(os.stat('sub/made.csv').st_ino)\n"
        "    return 'sub/made.csv'\n"
    )
    data, run = run_on_source(call, site, cell)
    assert run["error"] is None
    assert latest_content(call, data) == LARGE * 2
    path = content_path(call, aero_home, data)
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (int(run["log"]), 0o600)


@pytest.mark.parametrize("content", [b"a\n1\n", LARGE])
def test_a_download_that_a_function_changes_has_the_checksum_of_the_change(
    call: RestCaller, site: FileSite, content: bytes
) -> None:
    cell = (
        "def change(raw):\n    import os\n    before = os.stat(raw)\n    with open(raw, 'r+b') as file:\n"
        "        file.seek(2)\n        file.write(b'2')\n"
        "    os.utime(raw, ns=(before.st_atime_ns, before.st_mtime_ns))\n    return raw\n"
    )
    data, run = run_on_source(call, site, cell, content)
    assert run["error"] is None
    changed = b"a\n2" + content[3:]
    assert latest_content(call, data) == changed
    assert call("GET", f"data/{data}/latest").json()["checksum"] == hashlib.sha256(changed).hexdigest()


def test_files_outside_the_run_stay_where_they_are(call: RestCaller, site: FileSite, tmp_path: Path) -> None:
    kept = tmp_path / "mine.csv"
    kept.write_bytes(b"a\n5\n")
    for cell in (
        f"def name(raw):\n    return {str(kept)!r}\n",
        f"def point(raw):\n    import os\n    os.symlink({str(kept)!r}, 'made.csv')\n    return 'made.csv'\n",
        f"def link(raw):\n    import os\n    try:\n        os.link({str(kept)!r}, 'made.csv')\n"
        f"    except OSError:\n        os.symlink({str(kept)!r}, 'made.csv')\n    return 'made.csv'\n",
    ):
        data, run = run_on_source(call, site, cell, b"a\n1\n")
        assert run["error"] is None
        kept.write_bytes(b"a\n6\n")
        assert latest_content(call, data) == b"a\n5\n"
        kept.write_bytes(b"a\n5\n")


def test_a_process_that_outlives_the_function_cannot_change_the_version(
    call: RestCaller, site: FileSite, aero_home: Path
) -> None:
    cell = (
        "def leave(raw):\n    import subprocess, sys\n"
        "    code = \"import sys\\nf = open('made.csv', 'ab', 0)\\nwhile True:\\n    f.write(b'1\\\\n')\\n"
        "    print('written', flush=True)\"\n"
        "    child = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, start_new_session=True)\n"
        "    child.stdout.readline()\n    return 'made.csv'\n"
    )
    data, run = run_on_source(call, site, cell, b"a\n1\n")
    assert run["error"] is None
    version = call("GET", f"data/{data}/latest").json()
    assert hashlib.sha256(content_path(call, aero_home, data).read_bytes()).hexdigest() == version["checksum"]


def test_an_input_that_a_function_changes_or_returns_stays_as_it_is(call: RestCaller, site: FileSite) -> None:
    source, _ = run_on_source(call, site, "def keep(raw):\n    return raw\n")
    same, run = derive(call, source, "def same(given):\n    return given\n")
    assert run["error"] is None
    assert latest_content(call, same) == LARGE
    cell = "def cut(given):\n    with open(given, 'w') as file:\n        file.write('b\\n')\n    return given\n"
    changed, run = derive(call, source, cell)
    assert (run["error"], latest_content(call, changed), latest_content(call, source)) == (None, b"b\n", LARGE)
    assert [step["state"] for step in run["steps"]] == ["done"] * 3


def test_a_damaged_input_fails_the_run(call: RestCaller, site: FileSite, aero_home: Path) -> None:
    content = b"a\n" + uuid.uuid4().bytes.hex().encode()
    source, _ = run_on_source(call, site, "def keep(raw):\n    return raw\n", content)
    path = content_path(call, aero_home, source)
    path.write_bytes(content[::-1])
    try:
        _, run = derive(call, source, "def same(given):\n    return given\n")
    finally:
        path.write_bytes(content)
    assert "the bytes of version 1 do not match its checksum" in run["error"]


def test_one_file_as_two_outputs_becomes_two_versions(call: RestCaller, site: FileSite) -> None:
    source, _ = run_on_source(call, site, "def keep(raw):\n    return raw\n", b"a\n1\n")
    names = [f"twin_{uuid.uuid4().hex[:8]}" for _ in range(2)]
    cell = f"def both(given):\n    return {{name: given for name in {names!r}}}\n"
    body = {"input_data": {"given": {"id": source, "version": None}}, "output_data": {name: {} for name in names}}
    flow = call.flow(function_uuid=call.function(cell), flow_kwargs={}, rule=-1, **body).json()
    start_run(call, flow)
    assert wait_for_last_run(call, flow["id"])["error"] is None
    assert [latest_content(call, each["id"]) for each in flow["contributed_to"]] == [b"a\n1\n"] * 2


def test_tasks_of_one_run_may_write_the_same_file(call: RestCaller, site: FileSite) -> None:
    source, _ = run_on_source(call, site, "def keep(raw):\n    return raw\n", b"a\n1\n")
    cell = (
        "def write(given, n):\n    with open('made.csv', 'w') as made:\n        made.write(f'n\\n{n}\\n')\n"
        "    return 'made.csv'\n"
    )
    name = f"tasks_{uuid.uuid4().hex[:8]}"
    body = {"input_data": {"given": {"id": source, "version": None}}, "output_data": {name: {}}, "rule": -1}
    flow = call.flow(function_uuid=call.function(cell), flow_kwargs=[{"n": 1}, {"n": 2}], **body).json()
    start_run(call, flow)
    assert wait_for_last_run(call, flow["id"])["error"] is None
    data = flow["contributed_to"][0]["id"]
    rows = call("GET", f"data/{data}/versions").json()
    found = [
        call("GET", f"collections/{call.state.collection}/{row['data_file']['file_name']}").content for row in rows
    ]
    assert found == [b"n\n1\n", b"n\n2\n"]


@pytest.mark.parametrize("files", [{"x.csv": "/etc/hosts"}, {"x.csv": 1}, {"y.csv": "x.csv"}, ["x.csv"]])
def test_a_function_cannot_hand_over_a_file_that_is_not_of_its_run(
    call: RestCaller, site: FileSite, files: object
) -> None:
    source, _ = run_on_source(call, site, "def keep(raw):\n    return raw\n", b"a\n1\n")
    cell = (
        "def fill(aero):\n    for entry in aero['output_data'].values():\n"
        f"        entry.update(file_bn='x.csv', file_format='.csv', files={files!r})\n    return {{'aero': aero}}\n"
    )
    code = {"function_name": "fill", "function_code": cell, "serialized": False}
    function = call("POST", "compute/v3/functions", json=code).json()["function_uuid"]
    name = f"foreign_{uuid.uuid4().hex[:8]}"
    body = {"input_data": {"given": {"id": source, "version": None}}, "output_data": {name: {}}, "rule": -1}
    flow = call.flow(function_uuid=function, flow_kwargs={}, **body).json()
    start_run(call, flow)
    run = wait_for_last_run(call, flow["id"])
    assert run["state"] == "failed"
    assert f"Output {name} " in run["error"]
    assert os.path.exists("/etc/hosts")
