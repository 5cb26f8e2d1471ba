"""Reader options that only this computer knows are warned of, where a flow's DataFrame parameter would miss them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aero_jupyter.client import AeroClient
from aero_jupyter.client.reader_options import OptionsFile
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.models import Data
from aero_jupyter.core.wire import FLASK, LOCAL
from aero_jupyter.notebook.registration.stored_options import check_stored_options

CASES = Data("d1", "cases")


def session(tmp_path: Path, dialect: Any, options: dict[str, Any]) -> Any:
    file = OptionsFile(tmp_path / "options.json")
    client = AeroClient("https://aero.example/", dialect=dialect, options_file=file)
    if options:
        file.set(client.base_url, CASES.id, options)
    return SimpleNamespace(client=client)


@pytest.mark.parametrize("annotation", ["pd.DataFrame", "'pd.DataFrame'", "DataFrame"])
def test_a_dataframe_parameter_that_would_miss_its_options_is_warned_of(tmp_path: Path, annotation: str) -> None:
    cell = f"import pandas as pd\nfrom pandas import DataFrame\ndef clean(x: {annotation}):\n    return x\n"
    (found,) = check_stored_options(session(tmp_path, FLASK, {"decimal": ","}), portable(cell), {"x": CASES})
    assert "cases (decimal=',') are stored here; a run reads it without them." in str(found)
    assert found.about == "parameter x"


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ("def clean(x):\n    return x\n", {"decimal": ","}),
        ("def clean(x: str):\n    return x\n", {"decimal": ","}),
        ("import pandas as pd\ndef clean(x: pd.DataFrame):\n    return x\n", {}),
    ],
)
def test_a_path_and_a_dataset_without_options_are_not(tmp_path: Path, cell: str, options: dict[str, Any]) -> None:
    assert check_stored_options(session(tmp_path, FLASK, options), portable(cell), {"x": CASES}) == []


def test_the_local_aero_keeps_them_itself(tmp_path: Path) -> None:
    cell = "import pandas as pd\ndef clean(x: pd.DataFrame):\n    return x\n"
    assert check_stored_options(session(tmp_path, LOCAL, {"decimal": ","}), portable(cell), {"x": CASES}) == []
