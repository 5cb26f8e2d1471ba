"""The memory of the service beside Python's objects: page caches of SQLite and heaps of the C library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CACHES = """
import ctypes, sys
from pathlib import Path
from aero_jupyter.service.storage.connection import DB
path = Path(sys.argv[1])
first = DB(path)
first.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
numbers = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)"
first.run(f"INSERT INTO t (b) {numbers} SELECT hex(zeroblob(200)) FROM n")
kept = []
for _ in range(40):
    kept.append(DB(path))
    kept[-1].rows("SELECT count(*), sum(length(b)) FROM t")
used = ctypes.CDLL("libsqlite3.so.0").sqlite3_memory_used
used.restype = ctypes.c_int64
print(used())
"""

HEAPS = """
import ctypes, sys, threading
from aero_jupyter.service import memory
memory.limit_heaps()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(12)

def work():
    together.wait()
    [bytes(700) for _ in range(1000)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
[each.start() for each in threads]
[each.join() for each in threads]
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""


def run(script: str, *args: str) -> str:
    """Run a script in a process of its own, whose memory nothing else uses."""
    done = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_shared(library: str) -> bool:
    """Return whether the interpreter uses a shared library."""
    import _sqlite3

    maps = Path("/proc/self/maps")
    return bool(_sqlite3) and maps.exists() and library in maps.read_text()


@pytest.mark.skipif(not is_shared("libsqlite3.so.0"), reason="SQLite is not a shared library here.")
def test_forty_connections_together_cache_no_more_than_the_service_allows(tmp_path: Path) -> None:
    # Without the limit, each of them caches 2 MB.
    assert int(run(CACHES, str(tmp_path / "t.db"))) < 24 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="Only glibc has several heaps.")
def test_many_threads_share_the_heaps_that_the_service_allows(tmp_path: Path) -> None:
    run(HEAPS, str(tmp_path / "heaps.xml"))
    assert (tmp_path / "heaps.xml").read_text().count("<heap nr=") <= 2
