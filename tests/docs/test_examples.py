"""The README's example and those of the docstrings print what they show, in a local AERO that holds nothing else."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import aero_jupyter
from aero_jupyter.testing import local_aero

PACKAGE = Path(aero_jupyter.__file__).parent
README = Path(__file__).parents[2] / "README.md"
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def fenced(language: str) -> list[str]:
    """Return the blocks of a language in the README's example."""
    example = README.read_text("utf-8").partition("## Example")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", example, re.DOTALL)


def docstring_examples() -> list[doctest.DocTest]:
    files = [path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text("utf-8")]
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in files]
    modules = [importlib.import_module(name.removesuffix(".__init__")) for name in sorted(names)]
    return [test for module in modules for test in doctest.DocTestFinder().find(module) if test.examples]


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> Iterator[str]:
    """Run the README's example in a local AERO of its own; return what it prints."""
    folder = tmp_path_factory.mktemp("example")
    with pytest.MonkeyPatch.context() as patch, local_aero(folder / "aero"):
        patch.setenv("AERO_HOME", str(folder / "aero"))
        patch.setenv("IPYTHONDIR", str(folder))
        shell = InteractiveShell()
        shell.history_manager.enabled = False
        with contextlib.redirect_stdout(io.StringIO()) as out:
            done = [shell.run_cell(cell).success for cell in fenced("python")]
        assert all(done), out.getvalue()
        yield out.getvalue()
        shell.user_ns["plant"].close()
        shell.run_line_magic("unload_ext", "aero_jupyter")


def test_the_readme_shows_what_its_twelve_lines_print(printed):
    assert sum(len(cell.splitlines()) for cell in fenced("python")) == 12
    # Before it stands the card of the flow, which has an id of its own.
    assert printed.endswith("".join(fenced("text")))


@pytest.mark.parametrize("example", docstring_examples(), ids=lambda example: example.name)
def test_the_examples_of_the_docstrings(printed, example):
    # As the documentation of pandas takes np and pd for granted.
    example.globs |= {"aero": aero_jupyter, "client": aero_jupyter.current().client}
    report = io.StringIO()
    failures = doctest.DocTestRunner(optionflags=_OPTIONS).run(example, out=report.write).failed
    assert failures == 0, report.getvalue()
