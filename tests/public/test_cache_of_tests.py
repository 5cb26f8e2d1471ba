"""Tests write no file into the cache of the user who runs them."""

import subprocess
import sys
from pathlib import Path

from aero_jupyter.compute import compute_client
from aero_jupyter.session.cache_files import cache_file

SCRIPT = "from aero_jupyter.session.cache_files import cache_file; print(cache_file('replays', [], '.jsonl'))"


def test_cached_files_are_in_the_folder_of_these_tests(tmp_path_factory):
    of_tests = tmp_path_factory.getbasetemp()
    printed = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    for path in (cache_file("archives", [], ".zip"), compute_client._cache_file(), Path(printed.strip())):
        assert path.is_relative_to(of_tests)
