from __future__ import annotations

import subprocess
import sys

from aero_jupyter.notebook import extension

LOOK = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "aero_jupyter")
heavy = ("pandas", "ipywidgets", "globus_compute_sdk", "globus_sdk", "requests")
print([name for name in heavy if name in sys.modules])
print(sum(name.startswith("aero_") for name in shell.magics_manager.magics["line"]))
"""


def test_loading_imports_nothing_heavy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": ""},
        check=True,
    )
    assert done.stdout.splitlines() == ["[]", "9"]


def test_a_second_load_adds_nothing_and_unload_leaves_nothing(shell):
    before = len(shell.configurables)
    extension.load(shell)
    assert len(shell.configurables) == before
    extension.unload(shell)
    assert not [name for kind in shell.magics_manager.magics.values() for name in kind if name.startswith("aero_")]
    extension.load(shell)
    assert "aero_register" in shell.magics_manager.magics["cell"]
