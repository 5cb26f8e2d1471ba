"""Modules beside the notebook travel with a function, or are refused by their names."""

from __future__ import annotations

import importlib
import py_compile
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aero_jupyter import jobs
from aero_jupyter.compute.portable_function import PortableFunction, portable, portable_from
from aero_jupyter.compute.source_diff import code_differences
from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.jobs.cell_loader import load_cell
from aero_jupyter.jobs.request_errors import AeroJobError

ELSEWHERE = """
import json, sys
names = {}
exec(json.load(sys.stdin), names)
print(json.dumps(names["aero_entry"](3)))
print([name for name in sys.modules if name.startswith(("near_", "kit_"))], len(sys.meta_path))
"""

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write files into the folder of a notebook, which Python finds modules in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def written(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__in__', '/')}.py"
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text, encoding="utf-8")

    yield written
    for name in set(sys.modules) - before:
        if name.startswith(("near_", "kit_")):
            del sys.modules[name]


def elsewhere(function: PortableFunction, tmp_path: Path) -> str:
    """Call a function with 3 in a Python that sees neither the notebook's folder nor any package."""
    import json

    code = [sys.executable, "-I", "-S", "-W", "error", "-c", ELSEWHERE]
    done = subprocess.run(code, input=json.dumps(function.source), capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    value, left = done.stdout.splitlines()
    assert left.startswith("[] ")
    return value


CASES = {
    "import": ({"near_a": "def up(x): return x + 1\n"}, "import near_a\ndef f(x): return near_a.up(x)", "4"),
    "from": ({"near_a": "K = 5\ndef up(x): return x + K\n"}, "from near_a import up as u\ndef f(x): return u(x)", "8"),
    "inside the function": ({"near_a": "K = 2\n"}, "def f(x):\n    from near_a import K\n    return x * K", "6"),
    "one imports another": (
        {"near_a": "import near_b\ndef up(x): return near_b.two(x)\n", "near_b": "def two(x): return 2 * x\n"},
        "import near_a\ndef f(x): return near_a.up(x)",
        "6",
    ),
    "in a circle": (
        {
            "near_a": "import near_b\nK = 1\ndef up(x): return near_b.two(x)\n",
            "near_b": "import near_a\ndef two(x): return 2 * x + near_a.K\n",
        },
        "import near_a\ndef f(x): return near_a.up(x)",
        "7",
    ),
    "lazily": (
        {"near_a": "def up(x):\n    import near_b\n    return near_b.K + x\n", "near_b": "K = 9\n"},
        "import near_a\ndef f(x): return near_a.up(x)",
        "12",
    ),
    "package": (
        {
            "kit_p__in____init__": "from .core import up\nNAME = 'kit'\n",
            "kit_p__in__core": "from . import rates\nfrom .deep.more import M\ndef up(x): return x + rates.R + M\n",
            "kit_p__in__rates": "R = 10\n",
            "kit_p__in__deep__in____init__": "",
            "kit_p__in__deep__in__more": "from ..rates import R\nM = R * 10\n",
        },
        "import kit_p\ndef f(x): return kit_p.up(x)",
        "113",
    ),
    "module of a package": (
        {"kit_p__in____init__": "K = 1\n", "kit_p__in__core": "import kit_p\ndef up(x): return x + kit_p.K\n"},
        "def f(x):\n    import kit_p.core as c\n    return c.up(x)",
        "4",
    ),
    "star of a package": (
        {"kit_p__in____init__": "__all__ = ['core']\n", "kit_p__in__core": "K = 4\n"},
        "from kit_p import *\ndef f(x): return x + core.K",
        "7",
    ),
    "import_module": (
        {"near_a": "K = 6\n"},
        "import importlib\ndef f(x): return x + importlib.import_module('near_a').K",
        "9",
    ),
    "class pickled": (
        {"near_a": "class C:\n    def __init__(self, x): self.x = x\n"},
        "import pickle, near_a\ndef f(x): return pickle.loads(pickle.dumps(near_a.C(x))).x",
        "3",
    ),
    "unused main block": (
        {"near_a": "K = 1\nif __name__ == '__main__':\n    print(__file__)\n"},
        "import near_a\ndef f(x): return x + near_a.K",
        "4",
    ),
    "text beyond ASCII": (
        {"near_a": "# -*- coding: utf-8 -*-\nNAME = 'Zürich'\n"},
        "import near_a\ndef f(x): return x + len(near_a.NAME)",
        "9",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_module_beside_the_notebook_works_elsewhere(name: str, write: Write, tmp_path: Path) -> None:
    files, cell, value = CASES[name]
    write(**files)
    function = portable(cell, "f")
    assert set(function.modules) == {key.replace("__in__", ".").removesuffix(".__init__") for key in files}
    assert elsewhere(function, tmp_path) == value


REFUSED = {
    "its file": ("import os\nP = os.path.dirname(__file__)\n", "uses __file__"),
    "its resources": ("from importlib.resources import files\n", "uses importlib.resources"),
    "its resources by their module": ("import importlib.resources\n", "uses importlib.resources"),
    "pkgutil": ("import pkgutil\nT = pkgutil.get_data('near_a', 'x.csv')\n", "uses pkgutil.get_data"),
    "a mistake": ("def up(x:\n", "cannot be read (near_a.py, line 1"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize(
    "cell",
    ["import near_a\ndef f(x): return near_a", "def f(x):\n    from near_a import P\n    return P"],
)
def test_a_module_that_needs_its_file_is_refused_by_name(name: str, cell: str, write: Write) -> None:
    text, reason = REFUSED[name]
    write(near_a=text)
    with pytest.raises(FunctionRefused, match="`near_a`") as refused:
        portable(cell, "f")
    assert reason in refused.value.message
    assert refused.value.cure


def test_a_module_behind_another_one_is_refused_by_name(write: Write) -> None:
    write(near_a="import near_b\n", near_b="HERE = __file__\n")
    with pytest.raises(FunctionRefused, match="`near_b` uses __file__"):
        portable("import near_a\ndef f(x): return near_a", "f")


def test_compiled_zipped_and_namespace_modules_are_refused_by_name(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(near_source="K = 1\n")
    py_compile.compile(str(tmp_path / "near_source.py"), cfile=str(tmp_path / "near_compiled.pyc"))
    (tmp_path / "kit_space").mkdir()
    (tmp_path / "kit_space" / "inner.py").write_text("K = 1\n")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("near_zipped.py", "K = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "all.zip"))
    for module, reason in {
        "near_compiled": "is not a Python source file",
        "near_zipped": "is inside an archive",
        "kit_space": "is a folder without __init__.py",
        "kit_space.inner": "is a folder without __init__.py",
    }.items():
        with pytest.raises(FunctionRefused, match=f"`{module.partition('.')[0]}` {reason}"):
            portable(f"def f(x):\n    import {module}\n    return x", "f")


def test_a_module_without_a_file_and_one_named_like_python_s_are_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "near_made", type(sys)("near_made"))
    with pytest.raises(FunctionRefused, match="`near_made` was made in this kernel"):
        portable("import near_made\ndef f(x): return x and near_made", "f")
    monkeypatch.delitem(sys.modules, "this", raising=False)
    write(this="K = 1\n")
    with pytest.raises(FunctionRefused, match="`this` beside the notebook has the name of a module of Python"):
        portable("def f(x):\n    import this\n    return x", "f")


def test_what_is_installed_and_what_is_not_there_does_not_travel(write: Write) -> None:
    cell = "import numpy, json, aero_jupyter\nimport pandas.testing\nfrom IPython import display\n"
    used = "def f(x): return numpy, json, aero_jupyter, pandas, display\n"
    assert portable(cell + used, "f").modules == {}
    guarded = "try:\n    import nowhere_at_all\nexcept ImportError:\n    nowhere_at_all = None\n"
    assert portable(guarded + "def f(x): return nowhere_at_all", "f").modules == {}


def test_an_import_is_offered_only_where_its_module_travels(write: Write) -> None:
    write(near_a="def up(x): return x\n", near_b="HERE = __file__\ndef up(x): return x\n")
    known = {"near_a": "import near_a", "near_b": "import near_b", "up": "from near_b import up"}
    with pytest.raises(FunctionRefused) as offered:
        portable("def f(x): return near_a.up(x)", "f", known_elsewhere=known)
    assert offered.value.cure == "Put `import near_a` in the cell."
    for body in ("near_b.up(x)", "up(x)"):
        with pytest.raises(FunctionRefused, match="`near_b` uses __file__"):
            portable(f"def f(x): return {body}", "f", known_elsewhere=known)


def test_a_function_of_a_package_travels_with_the_full_imports_that_the_message_names(
    write: Write, tmp_path: Path
) -> None:
    write(kit_q__in____init__="", kit_q__in__one="from kit_q.two import K\ndef f(x): return x * K\n")
    write(kit_q__in__two="K = 7\n")
    function = portable_from(importlib.import_module("kit_q.one").f)
    assert elsewhere(function, tmp_path) == "21"


def test_a_changed_module_is_a_difference_and_another_function(write: Write) -> None:
    cell = "import near_a\ndef f(x): return near_a.K"
    write(near_a="K = 1\n")
    first = portable(cell, "f")
    assert code_differences(first.source, first.cell, first.modules, ()) == []
    write(near_a="K = 2\n")
    second = portable(cell, "f")
    assert second.digest != first.digest
    assert code_differences(first.source, second.cell, second.modules, ()) == [
        "its module near_a differs: -K = 1 and 1 more line"
    ]
    third = portable("def f(x): return 1", "f")
    assert "its module near_a was sent with it" in code_differences(first.source, third.cell, third.modules, ())
    assert "its module near_a was not sent with it" in code_differences(third.source, first.cell, first.modules, ())


def cell_of(source: str, **modules: str) -> dict[str, Any]:
    bundled = {name: {"source": text, "is_package": False} for name, text in modules.items()}
    return {"source": source, "name": "f", "first_line": 1, "filename": "<cell f>", "modules": bundled}


def test_a_worker_that_goes_on_keeps_none_of_them(write: Write) -> None:
    write(near_w="K = 'of the worker'\n")
    own = importlib.import_module("near_w")
    finders = list(sys.meta_path)
    source = "import near_w\ndef f(): return near_w.K"
    for text in ("first", "second"):
        assert jobs.run_user(cell_of(source, near_w=f"K = {text!r}\n"), (), {}) == text
        assert sys.modules["near_w"] is own
        assert sys.meta_path == finders
    with pytest.raises(AeroJobError, match="cannot read line 1 of the module near_w"):
        load_cell(cell_of(source, near_w="def :\n"))
    assert sys.meta_path == finders
    assert sys.modules["near_w"] is own


def test_a_traceback_shows_the_lines_of_the_module(write: Write) -> None:
    answer = jobs.run_once(
        cell_of("import near_t\ndef f(): near_t.up()", near_t="def up():\n    return 1 / 0\n"), {}, {}
    )
    assert 'File "<module near_t>", line 2, in up\n    return 1 / 0' in answer["traceback"]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "import near_nowhere\ndef f(): pass",
            "f() needs the module `near_nowhere`, which this endpoint does not have.",
        ),
        ("def f():\n    from near_nowhere.x import y", "f() needs the module `near_nowhere`, which"),
        ("def f():\n    import near_more", "f() needs the module `near_nowhere`, which"),
        ("def f():\n    import json.nothing", "f() needs `json.nothing`, which the `json` of this endpoint"),
    ],
)
def test_a_module_that_the_endpoint_lacks_is_named_with_a_cure(source: str, sentence: str) -> None:
    with pytest.raises(AeroJobError) as failed:
        jobs.run_user(cell_of(source, near_more="import near_nowhere\n"), (), {})
    assert str(failed.value).startswith(sentence)
    assert "Install" in str(failed.value)
    assert failed.value.__traceback__ is not None


def test_an_optional_import_is_still_the_function_s_own_affair() -> None:
    source = "try:\n    import near_nowhere\nexcept ImportError:\n    near_nowhere = 5\ndef f(): return near_nowhere"
    assert jobs.run_user(cell_of(source), (), {}) == 5
