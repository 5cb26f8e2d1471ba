"""A local AERO copied while it runs, brought back, and rid of what nothing points to; and what a bad disk does."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from globus_sdk import GlobusAPIError

import aero_jupyter
from aero_jupyter.cli import main
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.errors import InvalidArgument, LocalServiceFailed
from aero_jupyter.service import daemon
from aero_jupyter.service.http import error_responses
from aero_jupyter.service.maintenance import backup, garbage
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.service.storage import database as stores

pytestmark = pytest.mark.slow

MAKE = "def kept(n=3):\n    import time\n    open('k.csv', 'w').write(f'n\\n{time.time_ns()}\\n')\n    return 'k.csv'\n"


class Home:
    """A local AERO of its own, which has run a flow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session = aero_jupyter.local()
        self.flow = self.session.register(portable(MAKE), outputs=["kept"])
        self.run()

    def run(self) -> Any:
        client = aero_jupyter.local().client
        return client.wait_for_run(client.run_flow(self.flow.id).id, 180)

    @property
    def versions(self) -> int:
        client = aero_jupyter.local().client
        return len(client.versions(client.resolve_data("kept").id))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    yield Home(tmp_path / "home")
    daemon.stop(tmp_path / "home")


def test_a_backup_of_a_running_service_comes_back_whole(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    busy, stopped = threading.Event(), []

    def work() -> None:
        while not busy.is_set():
            stopped.append(home.run().state)

    worker = threading.Thread(target=work)
    worker.start()
    file = tmp_path / "aero.tar"
    try:
        assert main.main(["local", "backup", str(file)]) == 0
    finally:
        busy.set()
        worker.join()
    assert set(stopped) == {"done"}
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "other"))
    assert main.main(["local", "restore", str(file)]) == 0
    assert "contents and the store are back" in capsys.readouterr().out
    assert violations(tmp_path / "other") == []
    before = home.versions
    assert before >= 1
    home.run()
    assert home.versions == before + 1
    assert violations(tmp_path / "other") == []
    daemon.stop(tmp_path / "other")


def test_nothing_is_overwritten_and_no_other_file_is_brought_back(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "aero.tar"
    backup.backup(home.folder, file)
    with pytest.raises(InvalidArgument, match="exists already"):
        backup.backup(home.folder, file)
    with pytest.raises(InvalidArgument, match="The local AERO is running"):
        backup.restore(home.folder, file)
    daemon.stop(home.folder)
    with pytest.raises(InvalidArgument, match="contains a local AERO already"):
        backup.restore(home.folder, file)
    with pytest.raises(InvalidArgument, match="There is no local AERO"):
        backup.backup(tmp_path / "nowhere", tmp_path / "b.tar")
    (tmp_path / "text.tar").write_text("no backup")
    with pytest.raises(InvalidArgument, match="is not a backup of a local AERO"):
        backup.restore(tmp_path / "new", tmp_path / "text.tar")
    assert not (tmp_path / "new" / "aero.db").exists()


def test_a_backup_that_reaches_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.add(tmp_path / "evil", "../outside")
    with pytest.raises(InvalidArgument, match="is not a backup"):
        backup.restore(tmp_path / "deep" / "new", tmp_path / "evil.tar")
    assert not (tmp_path / "deep" / "outside").exists()


def test_only_content_that_no_version_points_to_is_removed(home: Home) -> None:
    state = daemon.find_running(home.folder)
    assert state is not None
    client = aero_jupyter.local().client
    client.put(f"collections/{state.collection}/orphan.csv", data={"n": 1}, encoding="json")
    kept = set((home.folder / "content").glob("*/*"))
    assert garbage.gc(home.folder) == (0, 0)
    assert set((home.folder / "content").glob("*/*")) == kept
    removed, size = garbage.gc(home.folder, fresh=-1.0)
    assert removed == 1
    assert size > 0
    assert violations(home.folder) == []
    assert home.run().state == "done"
    assert violations(home.folder) == []


def test_what_a_crash_left_goes_too_and_what_is_young_or_under_way_stays(home: Home) -> None:
    daemon.stop(home.folder)
    run = aero_jupyter.local().client.list("run").page(1)[0].id
    daemon.stop(home.folder)
    left = [home.folder / name for name in ("work/gone/a.bin", "tmp/part", "runs/of-a-task.log")]
    kept = [home.folder / name for name in ("work/open/a.bin", f"runs/{run}.log")]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with contextlib.closing(sqlite3.connect(home.folder / "aero.db")) as store, store:
        store.execute("INSERT INTO task VALUES ('open', 'f', 'g', 'running', NULL, NULL, NULL, '')")
    assert garbage.gc(home.folder) == (0, 0)
    assert all(path.exists() for path in (*left, *kept))
    for path in (*left, *kept, *(path.parent for path in (*left, *kept))):
        os.utime(path, (0, 0))
    garbage.gc(home.folder)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)
    with contextlib.closing(sqlite3.connect(home.folder / "aero.db")) as store, store:
        store.execute("UPDATE run SET ended_at = '2020-01-01T00:00:00.000000Z'")
    garbage.gc(home.folder)
    assert not kept[1].exists()


def repacked(file: Path, target: Path, change: Callable[[tarfile.TarInfo, bytes], bytes | None]) -> Path:
    """Copy a backup, with its parts changed or left out."""
    with tarfile.open(file) as source, tarfile.open(target, "w") as made:
        for member in source:
            part = source.extractfile(member)
            assert part is not None
            content = change(member, part.read())
            if content is not None:
                member.size = len(content)
                made.addfile(member, io.BytesIO(content))
    return target


def _other(name: str) -> Callable[[tarfile.TarInfo, bytes], bytes]:
    def change(member: tarfile.TarInfo, content: bytes) -> bytes:
        return content[:-1] + bytes([content[-1] ^ 1]) if member.name.startswith(name) else content

    return change


def test_a_backup_that_is_not_as_it_was_made_is_refused(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "aero.tar"
    backup.backup(home.folder, file)
    for name in ("content/", "aero.db"):
        changed = repacked(file, tmp_path / f"changed-{name[:4]}.tar", _other(name))
        with pytest.raises(InvalidArgument, match=f"is damaged: .*{name}.*does not match its checksum"):
            backup.restore(tmp_path / "new", changed)
    lacking = repacked(file, tmp_path / "lacking.tar", lambda member, text: None if "content" in member.name else text)
    with pytest.raises(InvalidArgument, match="lacks 1 contents"):
        backup.restore(tmp_path / "new", lacking)
    empty = repacked(file, tmp_path / "empty.tar", lambda member, text: b"" if member.name == "aero.db" else text)
    with pytest.raises(InvalidArgument, match="is not a backup"):
        backup.restore(tmp_path / "new", empty)
    assert [path.name for path in (tmp_path / "new").iterdir() if path.suffix != ".lock"] == []
    assert backup.restore(tmp_path / "new", file) == 1


def test_a_backup_that_holds_a_link_is_refused(home: Home, tmp_path: Path) -> None:
    def linked(member: tarfile.TarInfo, content: bytes) -> bytes:
        if member.name.startswith("content/"):
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        return content

    backup.backup(home.folder, tmp_path / "aero.tar")
    file = repacked(tmp_path / "aero.tar", tmp_path / "linked.tar", linked)
    with pytest.raises(InvalidArgument, match="is not a backup"):
        backup.restore(tmp_path / "new", file)


@pytest.mark.parametrize("umask", [0, 0o022])
def test_a_backup_and_what_comes_back_are_private_under_any_umask(home: Home, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        backup.backup(home.folder, tmp_path / "aero.tar")
        (tmp_path / "new").mkdir(mode=0o777)
        backup.restore(tmp_path / "new", tmp_path / "aero.tar")
    finally:
        os.umask(before)
    for path in (tmp_path / "aero.tar", tmp_path / "new", *(tmp_path / "new").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_content_is_removed_and_copied_beside_a_service_at_work(home: Home, tmp_path: Path) -> None:
    state = daemon.find_running(home.folder)
    assert state is not None
    client, busy = aero_jupyter.local().client, threading.Event()
    failed: list[BaseException] = []

    def remove() -> None:
        while not busy.is_set():
            try:
                # Garbage collection spares the uncommitted content of a run in progress.
                garbage.gc(home.folder, fresh=5.0)
            except BaseException as error:
                failed.append(error)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        for number in range(3):
            client.put(f"collections/{state.collection}/orphan{number}", data={"n": number}, encoding="json")
            assert home.run().state == "done"
            assert backup.backup(home.folder, tmp_path / f"{number}.tar") > 0
            backup.restore(tmp_path / f"back{number}", tmp_path / f"{number}.tar")
            assert violations(tmp_path / f"back{number}") == []
    finally:
        busy.set()
        remover.join()
    assert failed == []
    assert violations(home.folder) == []


def test_content_is_not_removed_while_it_is_copied(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = daemon.find_running(home.folder)
    assert state is not None
    client = aero_jupyter.local().client
    client.put(f"collections/{state.collection}/orphan.csv", data={"n": 1}, encoding="json")
    copied, removers = backup._copy_database, []

    def copy(source: Path, target: Path) -> None:
        copied(source, target)
        removers.append(threading.Thread(target=garbage.gc, args=(home.folder, -1.0)))
        removers[0].start()
        removers[0].join(0.5)
        assert removers[0].is_alive()

    monkeypatch.setattr(backup, "_copy_database", copy)
    assert backup.backup(home.folder, tmp_path / "aero.tar") == 2
    removers[0].join()
    backup.restore(tmp_path / "new", tmp_path / "aero.tar")
    assert violations(tmp_path / "new") == []


def test_nothing_is_brought_back_beside_a_running_service(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    file = home.folder.parent / "aero.tar"
    backup.backup(home.folder, file)
    assert main.main(["local", "restore", str(file)]) == 1
    assert "The local AERO is running." in capsys.readouterr().err
    assert home.run().state == "done"


def test_a_full_disk_is_said_and_nothing_is_torn(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon.stop(home.folder)
    with contextlib.closing(sqlite3.connect(home.folder / "aero.db")) as store:
        pages = store.execute("PRAGMA page_count").fetchone()[0]
    before = stores.DB.__init__

    def small(self: Any, path: Path) -> None:
        before(self, path)
        if path.name == "aero.db":
            self._connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    monkeypatch.setattr(stores.DB, "__init__", small)
    full = stores.Store(home.folder / "aero.db")

    def fill() -> None:
        with full.transaction() as db:
            for number in range(1000):
                db.insert("meta", key=f"k{number}", value="x" * 4000)

    with pytest.raises(sqlite3.OperationalError) as caught:
        fill()
    assert error_responses.explain_storage_error(caught.value) == (
        "The disk of the local AERO is full; nothing was changed.",
        "Free some space, then try again.",
    )
    monkeypatch.undo()
    monkeypatch.setenv("AERO_HOME", str(home.folder))
    assert violations(home.folder) == []
    assert home.run().state == "done"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of the local AERO is full"),
        (OSError(errno.EROFS, "Read-only file system"), "The folder of the local AERO cannot be written"),
        (PermissionError(errno.EACCES, "Permission denied"), "The folder of the local AERO cannot be written"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "cannot be written"),
        (sqlite3.OperationalError("database is locked"), "Another program has locked the store"),
        (sqlite3.OperationalError("no such table: x"), "cannot use its store: no such table: x."),
    ],
)
def test_each_state_of_the_disk_has_its_sentence_and_cure(error: Exception, message: str) -> None:
    detail, cure = error_responses.explain_storage_error(error)
    assert message in detail
    assert cure


def test_a_broken_disk_with_free_space_is_not_called_full(tmp_path: Path) -> None:
    detail, cure = error_responses.explain_storage_error(sqlite3.OperationalError("disk I/O error"), tmp_path)
    assert "cannot use its store: disk I/O error" in detail
    assert "aero-jupyter local check" in cure


def test_a_store_that_another_program_holds_is_waited_for(home: Home) -> None:
    with contextlib.closing(sqlite3.connect(home.folder / "aero.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer: list[Any] = []
        asking = threading.Thread(target=lambda: answer.append(home.run()))
        asking.start()
        asking.join(2)
        assert asking.is_alive()
        other.execute("ROLLBACK")
        asking.join(180)
    assert answer[0].state == "done"
    assert violations(home.folder, quiet=True) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="Root writes everywhere.")
def test_a_folder_that_cannot_be_written_is_said_and_served_again(home: Home) -> None:
    (home.folder / "tmp").chmod(0o500)
    try:
        run = home.run()
        assert run.state == "failed"
        assert "cannot be written" in str(run.error)
    finally:
        (home.folder / "tmp").chmod(0o700)
    assert home.run().state == "done"


@pytest.mark.parametrize("how", ["truncated", "scribbled", "newer"])
def test_a_store_that_is_damaged_or_newer_is_said_in_a_sentence(home: Home, how: str) -> None:
    state = daemon.find_running(home.folder)
    assert state is not None
    service = psutil.Process(state.pid)
    daemon.stop(home.folder)
    # While the service has the store open, writes stay in the WAL file.
    service.wait(180)
    path = home.folder / "aero.db"
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if how == "newer":
        with contextlib.closing(sqlite3.connect(path)) as store, store:
            store.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 3] if how == "truncated" else b"no store at all" * 500)
    kept = path.read_bytes()
    with pytest.raises(LocalServiceFailed) as caught:
        aero_jupyter.local()
    message = "written by a newer aero_jupyter (format 99)" if how == "newer" else "is damaged"
    assert message in caught.value.message
    assert path.read_bytes()[: len(kept)] == kept or how == "truncated"


def test_logs_are_lines_of_json_without_secrets(tmp_path: Path) -> None:
    import logging

    from aero_jupyter.service import logging_setup

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = tmp_path / "service.log"
    try:
        logging_setup.configure_logging(file, "t0ken-of-the-service")
        log = logging.getLogger("aero")
        log.warning("Bearer abc.def and t0ken-of-the-service and https://x/y?X-Amz-Signature=s1gned&a=1")
        try:
            raise ValueError("token=hidden")
        except ValueError:
            log.exception("It failed.")
        for _ in range(60_000):
            log.warning("%s", "x" * 100)
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
    found = sorted(tmp_path.glob("service.log*"))
    assert 1 < len(found) <= logging_setup.KEPT + 1
    assert all(path.stat().st_size <= logging_setup.SIZE for path in found)
    assert json.loads(found[0].read_text().splitlines()[-1])["level"] == "warning"
    text = logging_setup.without_secrets(
        "Bearer abc.def https://x/y?X-Amz-Signature=s1gned&a=1 token=hidden own", "own"
    )
    assert text == "Bearer … https://x/y?X-Amz-Signature=…&a=1 token=… …"
    assert logging_setup.without_secrets("http://me:pw@x/y?sig=1&key=2&code=3") == "http://…@x/y?sig=…&key=…&code=…"
    assert (
        logging_setup.without_secrets("sorted(rows, key=len) ended with code=3")
        == "sorted(rows, key=len) ended with code=3"
    )


def test_an_unchanged_source_makes_no_version_and_keeps_nothing(home: Home) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    requested: list[str | None] = []

    class Source(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.headers.get("If-None-Match"))
            same = requested[-1] == '"tag"'
            self.send_response(304 if same else 200)
            self.send_header("ETag", '"tag"')
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", "0" if same else "4")
            self.end_headers()
            self.wfile.write(b"" if same else b"n\n1\n")

        def log_message(self, *_: Any) -> None:
            """Suppress the access log."""

    from aero_jupyter.core.policy import PolicyEnum

    with ThreadingHTTPServer(("127.0.0.1", 0), Source) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        pull = portable("def tagged(raw):\n    return raw\n", source_parameter="raw")
        url = f"http://127.0.0.1:{server.server_port}/x.csv"
        client = home.session.client
        flow = home.session.register(pull, outputs=["tagged"], source=url, policy=PolicyEnum.INGESTION, timer=9000)
        client.wait_for_version(flow.outputs[0].id, 1, 60)
        kept = sorted((home.folder / "content").glob("*/*"))
        second = client.wait_for_run(client.run_flow(flow.id).id, 180)
        server.shutdown()
    assert second.state == "unchanged"
    assert requested == [None, '"tag"']
    assert sorted((home.folder / "content").glob("*/*")) == kept
    assert len(client.versions(flow.outputs[0].id)) == 1
    assert violations(home.folder) == []


def test_the_content_of_a_version_stays_where_a_name_is_taken_twice(home: Home) -> None:
    client = aero_jupyter.local().client
    state = daemon.find_running(home.folder)
    assert state is not None
    client.put(f"collections/{state.collection}/twice.csv", data={"n": 1}, encoding="json")
    with pytest.raises(GlobusAPIError, match="never overwritten"):
        client.put(f"collections/{state.collection}/twice.csv", data={"n": 2}, encoding="json")
