"""A module beside the notebook, in every magic that sends a function somewhere, and in the form."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.register_form import FilledForm

import aero_jupyter

CELL = "import pandas as pd\nimport near_helpers\n\ndef doubled(influent):\n"
BODY = "    return near_helpers.double(pd.read_csv(influent))\n"
HELPERS = "def double(table):\n    return table.assign(twice=table['sars_cov_2'] * {factor})\n"


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the notebook."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("near_helpers", None)


def test_a_flow_whose_function_imports_a_module_beside_the_notebook_runs(
    shell: Any, influent: Any, beside: Path, error_lines: Any, capsys: Any
) -> None:
    (beside / "near_helpers.py").write_text(HELPERS.format(factor=2))
    head = "%%aero_register --input influent=influent --output near_doubled"
    assert shell.run_cell(f"{head} --dry-run\n{CELL}{BODY}").success
    assert "doubled returned a DataFrame of shape" in capsys.readouterr().out
    assert shell.run_cell(f"{head}\n{CELL}{BODY}").success
    first = shell.run_cell("%aero_get near_doubled --wait 180").result
    assert (first["twice"] == first["sars_cov_2"] * 2).all()

    (beside / "near_helpers.py").write_text(HELPERS.format(factor=3))
    lines = error_lines(f"{head}\n{CELL}{BODY}")
    assert "its module near_helpers differs" in lines[0]
    assert "--replace" in lines[1]
    assert shell.run_cell(f"{head} --replace\n{CELL}{BODY}").success
    second = shell.run_cell("%aero_get near_doubled --version 2 --wait 180").result
    assert (second["twice"] == second["sars_cov_2"] * 3).all()


def test_a_single_run_has_the_module_too(shell: Any, beside: Path) -> None:
    (beside / "near_helpers.py").write_text("def up(x):\n    return x + 1\n")
    cell = "%%aero_run --kwarg x=4\ndef once(x):\n    from near_helpers import up\n    return up(x)\n"
    assert shell.run_cell(cell).result == 5


def test_a_module_that_cannot_travel_is_refused_before_anything_runs(
    shell: Any, beside: Path, error_lines: Any
) -> None:
    (beside / "near_helpers.py").write_text("HERE = __file__\n")
    for head in ("%%aero_run", "%%aero_register --output x", "%%aero_register --output x --dry-run"):
        lines = error_lines(f"{head}\ndef once():\n    import near_helpers\n    return near_helpers.HERE\n")
        assert lines[0].startswith("`near_helpers` uses __file__ (near_helpers.py, line 1)")
    assert "once" not in shell.user_ns


def test_a_module_that_is_missing_on_the_endpoint_is_named_with_a_cure(shell: Any, error_lines: Any) -> None:
    lines = error_lines("%%aero_run\ndef once():\n    import near_nowhere\n")
    assert lines[0].startswith("once() needs the module `near_nowhere`, which this endpoint does not have.")
    assert "Install the package that provides it" in " ".join(lines)


def test_the_form_offers_only_imports_that_can_be_used(shell: Any, influent: Any, beside: Path) -> None:
    (beside / "near_helpers.py").write_text(HELPERS.format(factor=2))
    shell.run_cell("import near_helpers", store_history=True)
    shell.run_cell(f"def doubled(influent):\n{BODY}".replace("pd.read_csv", "list"), store_history=True)
    filled = FilledForm(shell).set("function", "doubled")
    assert filled.is_enabled("Move import near_helpers into it")
    (beside / "near_helpers.py").write_text("HERE = __file__\n")
    filled.form._validator.lookups.clear()
    filled.set("outputs", "x")
    assert not filled.is_enabled("Move import near_helpers into it")
    assert any("`near_helpers` uses __file__" in note for note in filled.notes)
    assert aero_jupyter.current()
