"""The same text on every Python that is found here, where neither this package nor its needs are installed."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.function_cells import FUNCTION_CELLS

from aero_jupyter import jobs
from aero_jupyter.compute.portable_function import portable

RUNNER = """
import json, sys, traceback
for source, entry, args in json.load(sys.stdin):
    try:
        names = {}
        exec(source, names)
        print(json.dumps(["ok", names[entry](*args)]))
    except BaseException:
        print(json.dumps(["failed", traceback.format_exc()]))
"""


def _candidates() -> list[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python3.{minor}") for minor in range(10, 16)]
    return [sys.executable, *map(str, sorted(pyenv.glob("3.1*/bin/python"))), *filter(None, found)]


def _pythons() -> dict[str, str]:
    """Map each minor version that answers to one interpreter."""
    found: dict[str, str] = {}
    for path in _candidates():
        ask = [path, "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
        version = subprocess.run(ask, capture_output=True, text=True).stdout.strip()
        if version.startswith("3.") and int(version[2:]) >= 10:
            found.setdefault(version, path)
    return found


PYTHONS = _pythons()


@pytest.fixture(params=PYTHONS)
def python(request: pytest.FixtureRequest) -> str:
    return PYTHONS[request.param]


def run(python: str, *cases: tuple[str, str, list[Any]]) -> list[list[Any]]:
    """Run each case in one process that sees nothing of this environment."""
    command = [python, "-I", "-S", "-W", "error", "-c", RUNNER]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


CELLS = {
    "plain": "def f(x):\n    import math\n    return math.floor(x)",
    "helper, import, constant": "import math\nN = 1\ndef g(x): return math.floor(x) * N\ndef f(x): return g(x)",
    "class": "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass C:\n    x: int\n"
    "    y: list = field(default_factory=list)\ndef f(x): return C(x).x",
    "recursive": "def f(x, n=3): return f(x, n - 1) if n else x",
    "closure": "def make(n):\n    def g(x): return n\n    return g\ndef f(x): return make(x)(0)",
    "decorated": "def same(fn): return lambda *a: fn(*a)\n@same\ndef f(x): return x",
    "annotated": "def f(x: pd.DataFrame) -> np.ndarray: return x",
    "indented": "if True:\n    def f(x): return x",
    "pickled": "import pickle\nclass C: pass\ndef f(x): return x * isinstance(pickle.loads(pickle.dumps(C())), C)",
    "clients": "from aero_client.utils import AeroOutput as A\nfrom aero_jupyter.utils import AeroOutput as B\n"
    "from aero_jupyter import AeroOutput\ndef f(x): return x if A is B is AeroOutput else 0",
    "exit": "import sys\ndef f(x): sys.exit(x)",
    "raises": "\n\ndef g(x):\n    return x / 0\ndef f(x):\n    return g(x)",
}


@pytest.mark.slow
def test_the_shapes_run_everywhere(python: str) -> None:
    functions = [portable(cell, "f", first_line=4) for cell in CELLS.values()]
    results = run(python, *((function.source, function.entry, [2]) for function in functions))
    outcomes = dict(zip(CELLS, results, strict=True))

    exited, raised = outcomes.pop("exit"), outcomes.pop("raises")
    assert outcomes == {name: ["ok", 2] for name in outcomes}
    assert exited[1].splitlines()[-1].endswith("AeroJobError: f() called sys.exit(2).")
    assert 'File "<cell f>", line 7, in g\n    return x / 0' in raised[1]
    assert 'File "<cell f>", line 9, in f\n    return g(x)' in raised[1]


@pytest.mark.slow
def test_every_shape_that_travels_gives_the_same_everywhere(python: str) -> None:
    functions = [portable(cell, "f") for cell in FUNCTION_CELLS]
    results = run(python, *((function.source, function.entry, [2]) for function in functions))
    assert dict(zip(FUNCTION_CELLS, results, strict=True)) == {cell: ["ok", 2] for cell in FUNCTION_CELLS}


def test_the_text_needs_no_name_and_no_package(python: str) -> None:
    probe = "def probe():\n    a = AeroOutput('n', 'p')\n    return [repr(a), a == AeroOutput('n', 'p')]\n"
    assert run(python, (jobs.runtime_source() + probe, "probe", [])) == [
        ["ok", ["AeroOutput(name='n', path='p')", True]]
    ]


def test_every_name_of_the_text_is_made_once() -> None:

    tree = ast.parse(jobs.runtime_source())
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = [node.name for node in tree.body if isinstance(node, kinds)]
    names += [
        t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)
    ]
    assert sorted(names) == sorted(set(names))
