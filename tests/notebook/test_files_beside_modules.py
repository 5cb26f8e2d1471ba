"""A file beside the notebook that travelling code opens is named before the flow is registered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.notebook.registration.local_files import check_local_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "rates.csv").write_text("a\n1\n")
    yield tmp_path
    sys.modules.pop("near_files", None)


@pytest.mark.parametrize(
    "text",
    [
        "import pandas as pd\ndef up(x):\n    return pd.read_csv('rates.csv')\n",
        "K = 1\nR = [\n    open('rates.csv').read()]\n",
        "import json, pathlib\nR = pathlib.Path(\n    './rates.csv').read_text()\n",
    ],
)
def test_a_helper_that_opens_a_file_beside_it_is_warned_of_by_name(folder: Path, text: str) -> None:
    (folder / "near_files.py").write_text(text)
    (remark,) = check_local_files(portable("import near_files\ndef f(x):\n    return near_files", "f"))
    assert "`near_files` opens" in remark.text
    assert "rates.csv" in remark.text
    assert "(near_files.py, line " in remark.text


def test_a_function_that_opens_a_file_beside_the_notebook_is_warned_of(folder: Path) -> None:
    (remark,) = check_local_files(portable("def f(x):\n    return open('rates.csv', mode='r').read()", "f"))
    assert "f() opens rates.csv (line 2)" in remark.text


@pytest.mark.parametrize(
    "line", ["open('rates.csv', 'w')", "open('made.csv').read()", "open('/rates.csv')", "open(x)", "print('rates.csv')"]
)
def test_files_that_the_function_makes_itself_are_not_warned_of(folder: Path, line: str) -> None:
    (folder / "near_files.py").write_text(f"def up(x):\n    return {line}\n")
    assert check_local_files(portable("import near_files\ndef f(x):\n    return near_files.up(x)", "f")) == []


@pytest.mark.parametrize(
    "body",
    [
        "from pathlib import Path\ndef f(x):\n    return (Path('data') / 'x.csv').read_text()\n",
        "import pandas as pd\nfolder = 'data'\ndef f(x):\n    return pd.read_csv(f'{folder}/x.csv')\n",
        "import os\ndef f(x):\n    return open(os.path.join('data', 'x.csv')).read()\n",
        "from pathlib import Path\nDATA = Path('data')\ndef f(x):\n    return (DATA / 'x.csv').read_text()\n",
        "def f(x):\n    name = 'data/' + 'x.csv'\n    return open(name).read()\n",
        "import pathlib\ndef f(x):\n    return pathlib.Path('data').joinpath('x.csv').open().read()\n",
    ],
)
def test_a_path_made_of_constant_parts_is_seen(folder: Path, body: str) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "x.csv").write_text("a\n1\n")
    (finding,) = check_local_files(portable(body, "f"))
    assert "f() opens data/x.csv" in finding.text


@pytest.mark.parametrize(
    "body",
    [
        "from pathlib import Path\ndef f(x):\n    return (Path(x) / 'rates.csv').read_text()\n",
        "def f(x, folder='.'):\n    return open(f'{folder}/rates.csv').read()\n",
        "def f(x):\n    name = name_of = 'rates.csv'\n    name = x\n    return open(name).read()\n",
        "from pathlib import Path\ndef f(x):\n    return (Path('.') / 'rates.csv').write_text('a')\n",
        "def f(x):\n    return 6 / 3\n",
    ],
)
def test_a_path_known_only_when_the_function_runs_is_not_guessed(folder: Path, body: str) -> None:
    assert check_local_files(portable(body, "f")) == []
