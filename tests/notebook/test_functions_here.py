"""The functions of a kernel that the form offers, and the source code of each, for every kind of cell."""

from __future__ import annotations

from typing import Any

import pytest

from aero_jupyter.notebook.registration import kernel_functions

DEFINED = "def made_here(n=1):\n    return n\n"


def offered(shell: Any, *cells: str) -> dict[str, str]:
    for cell in cells:
        shell.run_cell(cell, store_history=True)
    return kernel_functions.functions_of(shell)


@pytest.mark.parametrize(
    "cell",
    [
        DEFINED,
        f"%%time\n{DEFINED}",
        f"\n%%capture\n{DEFINED}",
        f"%%capture\n%%time\n{DEFINED}",
        f"%%aero_register --kwarg n=2 --output made_here\n{DEFINED}",
        f"!true\n%pwd\nfiles = !ls\n{DEFINED}",
        f"%%time\n!true\n{DEFINED}",
    ],
    ids=["plain", "time", "capture", "both", "registered", "lines", "time and lines"],
)
def test_a_function_is_offered_whatever_cell_it_stands_in(shell: Any, cell: str) -> None:
    assert offered(shell, cell) == {"made_here": DEFINED}


def test_the_newest_function_comes_first_and_the_newest_text_counts(shell: Any) -> None:
    found = offered(shell, "def one(): return 1", f"%%time\n{DEFINED}", "%%time\ndef one():\n    return 2\n")
    assert list(found) == ["one", "made_here"]
    assert "return 2" in found["one"]


@pytest.mark.parametrize(
    "cell",
    ["%%writefile {file}\ndef made_here(n=1):\n    return -n\n", "1 / 0\ndef made_here(n=1):\n    return -n\n"],
    ids=["written", "raised before"],
)
def test_a_text_that_made_no_function_is_not_taken_for_it(shell: Any, cell: str, tmp_path: Any) -> None:
    assert offered(shell, f"%%time\n{DEFINED}", cell.format(file=tmp_path / "x.py")) == {"made_here": DEFINED}


def test_what_is_gone_is_not_offered_and_neither_is_another_under_its_name(shell: Any) -> None:
    assert offered(shell, DEFINED, "del made_here") == {}
    assert offered(shell, DEFINED, "def other(): return 2", "made_here = other") == {"other": "def other(): return 2\n"}


def test_a_cell_that_is_no_python_hides_no_other(shell: Any) -> None:
    cells = ("%%bash\ntrue (", "return 1", "def broken(:\n", "%%html\n<b>def made_here(</b>")
    assert offered(shell, DEFINED, *cells) == {"made_here": DEFINED}


def test_a_function_below_a_decorator_is_offered_with_it(shell: Any) -> None:
    text = "def twice(f):\n    return lambda n=1: 2 * f(n)\n\n\n@twice\ndef made_here(n=1):\n    return n\n"
    assert offered(shell, text)["made_here"] == text


def test_a_form_of_a_function_below_time_has_its_text(shell: Any) -> None:
    offered(shell, f"%%time\n{DEFINED}")
    assert kernel_functions.text_of(shell.user_ns["made_here"], shell) == ("made_here", DEFINED)
