from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.oinspect import getdoc
from traitlets.config import Config

from aero_jupyter.notebook import extension
from aero_jupyter.notebook.magics.magics import AeroMagics
from aero_jupyter.notebook.settings import Settings, options

LOOK = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "aero_jupyter")
heavy = (
    "pandas", "ipywidgets", "globus_compute_sdk", "globus_sdk", "requests", "aero_jupyter.core.models",
    "aero_jupyter.core.policy", "aero_jupyter.notebook.magics.completion.matcher", "aero_jupyter.service",
)
print([name for name in heavy if name in sys.modules])
print(sum(name.startswith("aero_") for name in shell.magics_manager.magics["line"]))
"""


WATCH = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
done, modules = [], (".py", ".pyc", ".so")

def watch(event, args):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "urllib.", "sqlite3.")):
        done.append((event, str(args)))
    elif event == "open" and not str(args[0]).endswith(modules) and "__pycache__" not in str(args[0]):
        done.append((event, str(args[0])))

sys.addaudithook(watch)
{watched}
print(done[:5])
"""


def watched(line, home):
    """Return the file, socket and process events of a line in a fresh shell, without module imports."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH.format(watched=line)],
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PATH": ""},
        check=True,
    )
    return done.stdout.strip()


def test_loading_opens_no_file_and_no_connection(tmp_path):
    assert watched('shell.run_line_magic("load_ext", "aero_jupyter")', tmp_path) == "[]"


def test_what_is_watched_would_be_seen(tmp_path):
    assert "notes.txt" in watched(f"open({str(tmp_path / 'notes.txt')!r}, 'w').close()", tmp_path)
    assert "socket.connect" in watched("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", tmp_path)


def test_loading_imports_nothing_heavy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": ""},
        check=True,
    )
    assert done.stdout.splitlines() == ["[]", "23"]


def test_the_help_of_a_magic_is_there_before_its_first_use(shell):
    magic = shell.magics_manager.magics["line"]["aero_cite"]
    assert "--author" in getdoc(magic)
    assert "--author" in magic.__doc__


def test_a_second_load_adds_nothing_and_unload_leaves_nothing(shell):
    before = len(shell.configurables)
    extension.load(shell)
    assert len(shell.configurables) == before
    extension.unload(shell)
    assert not [name for kind in shell.magics_manager.magics.values() for name in kind if name.startswith("aero_")]
    extension.load(shell)
    assert "aero_register" in shell.magics_manager.magics["cell"]


@pytest.fixture
def unset(shell):
    """A shell whose options nobody has set, before and after."""
    kept = shell.config.pop("AeroMagics", None)
    yield shell
    shell.config.pop("AeroMagics", None)
    if kept is not None:
        shell.config.AeroMagics = kept


def as_set(shell):
    """The options as ``%config`` tells them."""
    magics = next(each for each in shell.configurables if type(each).__name__ == AeroMagics.__name__)
    return Settings(**{name: getattr(magics, name) for name in vars(options)})


def test_options_end_with_the_extension_and_are_the_same_wherever_they_are_read(unset):
    unset.run_line_magic("config", "AeroMagics.page_size = 30")
    unset.run_line_magic("config", "AeroMagics.plain = True")
    assert options == as_set(unset) == Settings(page_size=30, plain=True)
    extension.unload(unset)
    assert options == Settings()
    unset.config.pop("AeroMagics", None)
    extension.load(unset)
    assert options == as_set(unset) == Settings()


def test_what_was_configured_before_loading_holds(unset):
    extension.unload(unset)
    unset.config.update(Config({"AeroMagics": {"max_rows": 7, "theme": "dark"}}))
    extension.load(unset)
    assert options == as_set(unset) == Settings(max_rows=7, theme="dark")
